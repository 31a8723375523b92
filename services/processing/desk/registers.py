"""Whether what a command names is there: units, agencies and officers, by the registers and the day of the act."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from contracts.catalogue.offices import Offices
from services.chassis.log.decider import Rejected
from services.processing.desk.officers import Officers
from services.processing.dossier.act import Act, Command
from services.processing.dossier.decide import BY_NAME


def unknown(
    act: Act, command: Command, offices: Offices, officers: Collection[str] | None = None
) -> Rejected | None:
    """The refusal of a unit, an agency or an officer that nobody knows on the day of the act; None where nothing of that is named.

    `officers` are those of the command's unit, None where an import tells what others did.

    Guarantee: no dossier goes to a unit, and no question to an agency, that is none. Test: test_what_is_in_no_register_is_refused.
    """
    code = getattr(command, act.names) if act.names else None
    if act.names == "unit" and not offices.is_unit(code or "", command.on):
        return Rejected("unit-unknown", f"the register has no unit {code} on {command.on}")
    if act.names == "agency" and not offices.is_agency(code or "", command.on):
        return Rejected("agency-unknown", f"the register has no agency {code} on {command.on}")
    held = bool(getattr(command, "unit", ""))  # where no unit has the dossier, its state refuses
    if act.names == "officer" and held and officers is not None and code not in officers:
        return Rejected("officer-unknown", "the register has no such officer in the unit on that day")
    return None


def unknown_in(
    names: Sequence[str],
    commands: Sequence[Command],
    offices: Offices,
    officers: Mapping[str, Collection[str]] | None = None,
) -> Mapping[Command, Rejected]:
    """The same of many commands, each of the act of its name; `officers` by their units."""
    refusals = {}
    for name, command in zip(names, commands, strict=True):
        of_unit = None if officers is None else officers.get(getattr(command, "unit", ""), ())
        if refused := unknown(BY_NAME[name], command, offices, of_unit):
            refusals[command] = refused
    return refusals


async def officers_named(
    officers: Officers, names: Sequence[str], commands: Sequence[Any], on: date
) -> Mapping[str, Collection[str]]:
    """Of each unit in which one of the commands names an officer, those who serve there that day."""
    units = {c.unit for name, c in zip(names, commands, strict=True) if BY_NAME[name].names == "officer"}
    return {unit: await officers.of(unit, on) for unit in units if unit}
