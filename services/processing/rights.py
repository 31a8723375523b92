"""Who may see a dossier and who may act on it. Pure; the same words for one dossier and for a whole queue.

An officer serves at the desk of one office and belongs to one unit; either may be missing. The desk accepts, rejects and
returns; the holder, the unit that has the dossier, forwards and resolves. A desk may hold a dossier itself: its unit is then
the office's own code.
"""

from __future__ import annotations

from services.chassis.decider import Rejected
from services.chassis.tokens import Caller
from services.processing.life import (
    AcceptDossier,
    Command,
    Dossier,
    NotAccepted,
    RejectDossier,
    ReturnResult,
    Submitted,
)

IMPORTER = "importer"


def units_of(caller: Caller) -> list[str]:
    """The units for which a caller acts; an unaccepted dossier has none."""
    return [unit for unit in (caller.unit, caller.office) if unit]


def may_see(caller: Caller, office: str, unit: str | None) -> bool:
    """Dossiers of the own office, and those that the own unit holds."""
    if caller.office and caller.office == office:
        return True
    return unit in units_of(caller)


def refusal(caller: Caller, command: Command, dossier: Dossier) -> Rejected | None:
    """Why the caller may not give this command about this dossier, or None. Imports record what others did.

    Guarantee: no officer acts on another office's or unit's dossier. Test: test_rights_of_every_role_on_every_act.
    """
    if caller.role == IMPORTER:
        return None
    office = dossier.filing.office
    if isinstance(command, AcceptDossier | RejectDossier | ReturnResult):
        if caller.office != office:
            return Rejected("not-the-desk", "the desk of the dossier's office does this")
        return None
    holder = office if isinstance(dossier, Submitted | NotAccepted) else dossier.unit
    if holder not in units_of(caller):
        return Rejected("not-the-holder", "the unit that has the dossier does this")
    return None
