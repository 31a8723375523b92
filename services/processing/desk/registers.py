"""Whether what a command names is there: units and agencies, by the register and the day of the act. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from contracts.catalogue.offices import Offices
from services.chassis.log.decider import Rejected
from services.processing.dossier.act import Act, Command
from services.processing.dossier.decide import BY_NAME


def unknown(act: Act, command: Command, offices: Offices) -> Rejected | None:
    """The refusal of a unit or an agency that nobody knows on the day of the act; None where all is known or nothing is named.

    Guarantee: no dossier goes to a unit, and no question to an agency, that is none. Test: test_what_is_in_no_register_is_refused.
    """
    code = getattr(command, act.names) if act.names else None
    if act.names == "unit" and not offices.is_unit(code or "", command.on):
        return Rejected("unit-unknown", f"the register has no unit {code} on {command.on}")
    if act.names == "agency" and not offices.is_agency(code or "", command.on):
        return Rejected("agency-unknown", f"the register has no agency {code} on {command.on}")
    return None


def unknown_in(
    names: Iterable[str], commands: Iterable[Command], offices: Offices
) -> Mapping[Command, Rejected]:
    """The same of many commands, each of the act of its name."""
    found = (
        (command, unknown(BY_NAME[name], command, offices))
        for name, command in zip(names, commands, strict=True)
    )
    return {command: refused for command, refused in found if refused is not None}
