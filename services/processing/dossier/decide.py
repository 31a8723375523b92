"""Decides what the authority does with a dossier: each act in its family's file, and here what holds for all of them.

Pure: no clock and no ids; days, the version's terms and the calendar come in as arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from services.chassis.log.decider import Rejected
from services.processing.clock.working_days import Calendar
from services.processing.dossier import acts, reversal
from services.processing.dossier.act import Act, Command
from services.processing.dossier.asked import stopped_on
from services.processing.dossier.events import Event
from services.processing.dossier.state import Dossier, Ended

ACTS: tuple[Act, ...] = (*acts.ACTS, reversal.REVERSE)
BY_NAME: dict[str, Act] = {act.name: act for act in ACTS if act.name}
"""Every command of the desk by the last part of its address."""
FAULTS: dict[str, str] = {code: member for act in ACTS for code, member in act.faults.items()}
"""Refusals that are a body's fault, each with the member that is wrong."""
DATES = ("due_on", "deadline_on", "answer_by")
_BY_COMMAND: dict[type, Act] = {act.command: act for act in ACTS}


def act_of(command: Command) -> Act:
    """The row of what is to be decided."""
    return _BY_COMMAND[type(command)]


def decide(command: Command, dossier: Dossier, calendar: Calendar) -> Sequence[Event] | Rejected:
    """What follows from a command: its events, nothing when it is already so, or the refusal.

    A request to withdraw lets an officer do nothing but answer it. What becomes true by itself meanwhile is still recorded.
    Guarantee: a command repeated on the state that it led to changes nothing and is success. Test: test_a_repeat_is_quiet.
    """
    act, decision = act_of(command), None
    if dossier.withdrawal is None or act.beside_withdrawal:
        decision = act.decide(command, dossier, calendar)
    if decision is None:
        status = dossier.status.replace("_", "-")
        return Rejected(
            f"not-while-{status}", f"the dossier is {status}; allowed there: {dossier.allowed or 'nothing'}"
        )
    if not isinstance(decision, Rejected) and decision and decision[-1].on < dossier.since:
        # Days, not instants: real logs have an end earlier in the day than its start.
        return Rejected("earlier-than-last-act", f"the last act was on {dossier.since}")
    return decision if isinstance(decision, Rejected) else [_as_told(event, calendar) for event in decision]


def _as_told(event: Event, calendar: Calendar) -> Event:
    """Marks a date that reaches a year which is not declared; one that an import brought along is its source's to answer for.

    Guarantee: a provisional date is told as one. Test: test_a_provisional_date_is_told_as_one.
    """
    if not hasattr(event, "provisional") or getattr(event, "given", False):
        return event
    dates = [day for name in DATES if (day := getattr(event, name, None)) is not None]
    if not dates or not calendar.provisional_years(event.on, max(dates)):
        return event
    told: Any = event
    marked: Event = replace(told, provisional=True)
    return marked


def stopped_by_law(command: Command, dossier: Dossier) -> Rejected | None:
    """The refusal to act on what the law has stopped: it is stopped, rejected before its acceptance, given back to who takes it back.

    Asked beside decide(): a repeat gets its first answer before.
    Guarantee: of a dossier that the law has stopped nothing goes on. Test: test_what_the_law_stopped_is_stopped_and_nothing_else.
    """
    if act_of(command).after_stop or isinstance(dossier.now, Ended):
        return None
    since = stopped_on(dossier.filing, command.on)
    if since is None:
        return None
    return Rejected("stopped-by-law", f"the law stopped open dossiers of this procedure on {since}")
