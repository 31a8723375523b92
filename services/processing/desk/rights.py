"""Who may see a dossier and who may act on it. Pure; the same words for one dossier and for a whole queue.

An officer serves at the desk of one office and belongs to one unit; either may be missing. The desk accepts, rejects, asks before
acceptance, and returns; the holder does the rest: the unit that has the dossier, and in it the officer who has it, if one has. A
desk may hold a dossier itself: its unit is then the office's own code. The unit's supervisor reverses, waives, assigns, transfers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from contracts.catalogue.offices import Offices
from services.chassis.http.tokens import Caller
from services.chassis.http.visibility import may_read, units_of
from services.chassis.log.decider import Rejected
from services.chassis.log.event_store import StoredEvent
from services.processing.dossier.act import Command
from services.processing.dossier.asked import IMPORTER, SUPERVISOR
from services.processing.dossier.decide import act_of
from services.processing.dossier.state import Dossier

SOURCE_UNKNOWN = ""
"""Of a dossier that was imported before submissions said from where."""
CASE_MISSING = Rejected("case-missing", "an import names the source and the case of what it tells")
NOT_IMPORTED = Rejected("not-imported", "this dossier was filed here; an import acts on what it brought")
IMPORTED_ELSEWHERE = Rejected("imported-elsewhere", "another source brought this dossier")


def imports(caller: Caller) -> bool:
    """Whether the caller records what others did elsewhere."""
    return caller.role == IMPORTER


def may_see(caller: Caller, office: str, unit: str | None) -> bool:
    """Dossiers of the own office, and those that the own unit holds; an unaccepted dossier has no unit."""
    return may_read(caller, office=office, filer=None, unit=unit)


def is_hidden(caller: Caller, office: str, unit: str | None, history: Sequence[StoredEvent]) -> bool:
    """Whether a command is answered as if the dossier were not there. Whoever acted on it before knows that it is there.

    Guarantee: a command tells nothing of a dossier that its caller may not read. Test: test_a_stranger_learns_nothing.
    """
    if imports(caller) or may_see(caller, office, unit):
        return False
    return all(stored.actor != caller.actor for stored in history)


def refusal(
    caller: Caller,
    command: Command,
    dossier: Dossier,
    stands_for: Collection[str] = (),
    offices: Offices | None = None,
) -> Rejected | None:
    """Why the caller may not give this command about this dossier, or None. Imports record what others did.

    `stands_for` are the absent officers whose substitute the caller is today; `offices` says where somebody can have it.
    Guarantee: a dossier at no unit of the day is brought back by its office's supervisor, and by nobody else.
    Test: test_the_offices_supervisor_brings_back_what_nobody_can_reach.
    Guarantee: no officer acts on another office's or unit's dossier. Test: test_rights_of_every_role_on_every_act.
    Guarantee: nobody acts on a dossier that a colleague holds. Test: test_only_the_holder_or_a_substitute_acts.
    """
    if imports(caller):
        return None
    act = act_of(command)
    held, office, by = dossier.held, dossier.filing.office, act.by
    if by == "desk" or (held is None and by == "desk-then-holder"):
        if caller.office != office:
            return Rejected("not-the-desk", "the desk of the dossier's office does this")
        return None
    if held and offices and (act.brings_back or act.beside_withdrawal):
        lost = not offices.is_unit(held.unit, command.on)
        if lost and caller.role == SUPERVISOR and caller.office == office:
            return None
    if (held.unit if held else office) not in units_of(caller):
        return Rejected("not-the-holder", "the unit that has the dossier does this")
    if by == "supervisor":
        if caller.role != SUPERVISOR:
            return Rejected("not-the-supervisor", "the supervisor of the unit does this")
        return None
    if held and held.officer and held.officer not in (caller.subject, *stands_for):
        return Rejected("not-the-holder", "another officer of the unit has the dossier")
    return None


def not_to_be_imported(source: str | None, case: str | None, import_source: str | None) -> Rejected | None:
    """Why an import of `source` may not act on a dossier that `import_source` brought; None when it may.

    Guarantee: an import acts on nothing that was filed here or that another source brought.
    Test: test_an_import_acts_on_what_its_own_source_brought.
    """
    if source is None or case is None:
        return CASE_MISSING
    if import_source is None:
        return NOT_IMPORTED
    return None if import_source in (source, SOURCE_UNKNOWN) else IMPORTED_ELSEWHERE
