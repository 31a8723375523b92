"""What a log holds already of the acts that an item tells, what it lacks of them, and where an import tells otherwise than before.

Pure: walks the acts beside the recorded history. Never looks anything up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from services.chassis.log.decider import Rejected
from services.processing.dossier.acceptance import AcceptDossier
from services.processing.dossier.act import Command
from services.processing.dossier.decide import ACTS
from services.processing.dossier.events import DossierAccepted, Event
from services.processing.dossier.history import evolve, fold
from services.processing.dossier.reversal import ReverseAct
from services.processing.dossier.reversal_events import DossierReversed, ReversalProposed
from services.processing.dossier.saying import says
from services.processing.dossier.state import Dossier, Filing

Decide = Callable[[Command, Dossier], Sequence[Event] | Rejected]

# What became true without an act stands between the acts of an item, and is none of them.
BY_THEMSELVES = tuple(event for act in ACTS if not act.body for event in act.effects)


class Asked(NamedTuple):
    """An item's acts as commands, each with the instant at which it happened."""

    commands: list[tuple[Command, datetime]]
    dated: bool


class Missing(NamedTuple):
    """What the log still lacks of an item, with its instants, and the state after it."""

    events: list[tuple[Event, datetime]]
    dossier: Dossier


class Difference(NamedTuple):
    """An imported event that the import tells otherwise now, and by which of its acts; None where it tells it no longer."""

    event: Event
    at: datetime
    place: int | None
    version: int


def corrected_away(
    asked: Asked, recorded: Sequence[Event], imported: Sequence[datetime | None]
) -> frozenset[int]:
    """The places of the record that an import corrected: its reversals, what they struck out, and what fell with that. Nothing tells
    of them any more.

    A reversal that the acts themselves tell, as a log may, is none of them.
    """
    told = {(c.sequence, c.reason, c.document) for c, _ in asked.commands if isinstance(c, ReverseAct)}
    reversals = {
        place: event.sequence - 1
        for place, event in enumerate(recorded)
        if isinstance(event, DossierReversed)
        and imported[place] is not None
        and (event.sequence, event.reason, event.document) not in told
    }
    return frozenset(place for last, first in reversals.items() for place in range(first, last + 1))


def missing_of(
    asked: Asked,
    opened: Dossier,
    recorded: Sequence[Event],
    decide: Decide,
    corrected: frozenset[int] = frozenset(),
) -> Missing | Rejected:
    """The events that the acts lead to and the log lacks. Pure.

    The acts are walked beside the recorded history: as long as they tell the same, they are done. Where they part, the acts
    that remain are decided on the dossier as it stands; those of an import on what the applicant had done by then. The places in
    `corrected` are told by nobody.
    Guarantee: acts sent again are recognised, and further acts go on from there. Test: test_acts_sent_again_with_more_go_on.
    """
    dossier = opened
    done = 0
    together = True
    missing: list[tuple[Event, datetime]] = []
    for command, at in asked.commands:
        while (
            together
            and done < len(recorded)
            and (done in corrected or isinstance(recorded[done], BY_THEMSELVES))
        ):
            dossier = evolve(dossier, recorded[done])
            done += 1
        if together and done < len(recorded):
            if _tells(recorded[done], command, asked.dated):
                dossier = evolve(dossier, recorded[done])
                done += 1
                continue
            if decide(command, _by_then(dossier, at, asked)) == []:
                continue
            together = False
        if done < len(recorded):
            dossier = fold(opened.filing, recorded, opened.heard)
            done = len(recorded)
        decision = decide(command, _by_then(dossier, at, asked))
        if isinstance(decision, Rejected):
            return decision
        for event in decision:
            dossier = evolve(dossier, event)
            missing.append((event, at))
    return Missing(missing, dossier)


def _by_then(dossier: Dossier, at: datetime, asked: Asked) -> Dossier:
    """An import tells of years ago: what the applicant did later, heard of already or not, was no reason then.

    Guarantee: an import's acts lead to the same whichever of its two doors is heard first.
    Test: test_an_import_decides_on_what_the_applicant_had_done_by_then.
    """
    if not asked.dated or not dossier.heard:
        return dossier
    return dossier._replace(heard=tuple(heard for heard in dossier.heard if heard.at <= at))


def _tells(event: Event, command: Command, dated: bool) -> bool:
    # A reversal that one supervisor asked for is not one that was carried out.
    if isinstance(event, ReversalProposed):
        return False
    return says(command, event) and (not dated or event.on == command.on)


def difference_of(
    asked: Asked,
    opened: Dossier,
    recorded: Sequence[Event],
    imported: Sequence[datetime | None],
    decide: Decide,
) -> Difference | None:
    """The first imported event that the acts do not tell as it stands; None when they tell all of them, and perhaps more.

    `imported` says of each recorded event when it happened, None where no import made it. What was reversed here is not looked
    for, and behind an act of an officer here nothing is compared: from there on the two went different ways.
    """
    struck = {event.sequence - 1 for event in recorded if isinstance(event, DossierReversed)}
    told_by_nobody = struck | corrected_away(asked, recorded, imported)
    dossier, done = opened, 0

    def passed_over(dossier: Dossier, done: int) -> tuple[Dossier, int]:
        while done < len(recorded) and (isinstance(recorded[done], BY_THEMSELVES) or done in told_by_nobody):
            dossier, done = evolve(dossier, recorded[done]), done + 1
        return dossier, done

    for place, (command, at) in enumerate(asked.commands):
        dossier, done = passed_over(dossier, done)
        if done == len(recorded) or (happened_at := imported[done]) is None:
            return None
        if happened_at == at and _same(recorded[done], command, opened.filing):
            dossier, done = evolve(dossier, recorded[done]), done + 1
        elif decide(command, _by_then(dossier, at, asked)) != []:
            return Difference(recorded[done], happened_at, place, done + 1)
    dossier, done = passed_over(dossier, done)
    if done == len(recorded) or (happened_at := imported[done]) is None:
        return None
    return Difference(recorded[done], happened_at, None, done + 1)


def _same(event: Event, command: Command, filing: Filing) -> bool:
    """An acceptance bears what was submitted: under a submission that was corrected meanwhile it is another one. A due date that is
    told and equals the counted one is a counted one."""
    if isinstance(event, DossierAccepted) and isinstance(command, AcceptDossier):
        given = event.due_on if event.given or command.due_on is not None else None
        told = (*filing[:3], command.unit, command.due_on, command.project_class)
        had = (event.procedure, event.office, event.channel, event.unit, given, event.project_class)
        return had == told
    return says(command, event)
