"""The fold of a whole life: withdrawals, pauses, apologies, due dates that move, and what a reversal strikes out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from contracts import intake, processing
from services.reporting.book.fold import enter
from services.reporting.book.lines import ImpossibleStep
from services.reporting.book.rows import NO_DUE_DATE, Dossier, Entry
from services.reporting.incoming import COUNTED
from tests.reporting.histories import OFFICES, delivered
from tests.reporting.marks import Mark, columns
from tests.reporting.whole_lives import Whole

DUE = date(2023, 1, 20)
ROW = ("1.009982", OFFICES[0], "full")


def new() -> Whole:
    """A dossier submitted on the first of January."""
    life = Whole(1, "online")
    submitted = intake.DossierSubmitted(
        procedure=ROW[0],
        office=ROW[1],
        channel="online",
        applicant_id=life.stream_id,
        contact_change=1,
        content_commitment="0" * 64,
    )
    life.say(submitted)
    life.marks.append(Mark(0, life.day, "waiting", row=ROW))
    return life


def accepted(procedure: str = ROW[0], due_on: date | None = DUE, late: bool = False) -> Any:
    return processing.DossierAccepted(
        sealed_code="sealed",
        procedure=procedure,
        level="full",
        office=ROW[1],
        unit="QLXD",
        channel="online",
        due_on=due_on,
        late=late,
    )


def withdrawn(due_on: date | None) -> Any:
    return processing.DossierWithdrawn(request=None, due_on=due_on)


def resolved(due_on: date | None) -> Any:
    return processing.DossierResolved(outcome="granted", due_on=due_on, late_reason=None)


def paused() -> Any:
    return processing.SupplementRequested(
        number=1, papers=(), deadline_on=DUE, clock="paused", late=False, due_on=None
    )


def undone(sequence: int, event: str, status: Any, due_on: date | None = None) -> Any:
    return processing.DossierReversed(
        sequence=sequence,
        event=event,
        reason="wrong_decision",
        document="1/QĐ-SXD",
        status=status,
        due_on=due_on,
    )


def after(*acts: tuple[int, Any]) -> tuple[Dossier, list[Entry]]:
    """A dossier after acts, each so many days after its submission."""
    life = new()
    for days, message in acts:
        life.hours = 24 * days
        life.say(message)
    state, book = None, list[Entry]()
    for event in (event for event in life.told if event.message.type_name in COUNTED):
        data = COUNTED[event.message.type_name].model_validate(event.message.model_dump(mode="json"))
        state, made = enter(state, delivered(event, data), tuple(book))
        book += made
    assert state is not None
    return state, book


def flows(book: list[Entry]) -> list[tuple[str, str, int, int]]:
    return [
        (e.flow, e.manner, (e.on_date - date(2023, 1, 1)).days, e.amount) for e in book if e.flow != "due"
    ]


def standing(book: list[Entry], on: date) -> dict[tuple[date, bool], int]:
    """Under which due date, and with an apology or without, the book has pending dossiers at the end of a day."""
    sums: dict[tuple[date, bool], int] = {}
    for e in book:
        if e.on_date <= on and e.flow in ("received_new", "due", "resolved"):
            key = (e.due_on, e.apologised)
            sums[key] = sums.get(key, 0) + (-e.amount if e.flow == "resolved" else e.amount)
    return {key: amount for key, amount in sums.items() if amount}


@pytest.mark.parametrize(
    ("days", "due_on", "how"),
    [(10, DUE, "on_time"), (19, DUE, "on_time"), (20, DUE, "late"), (30, None, "on_time")],
)
def test_a_withdrawal_counts_by_where_it_stood(days: int, due_on: date | None, how: str) -> None:
    state, book = after((days, withdrawn(None)))
    assert (state.status, flows(book)[1:]) == ("withdrawn", [("not_accepted", "withdrawn", days, 1)])
    state, book = after((1, accepted()), (days, withdrawn(due_on)))
    assert (state.status, state.timeliness) == ("withdrawn", how)
    assert flows(book)[2:] == [("resolved", "withdrawn", days, 1)]


def test_pending_and_paused_is_in_due() -> None:
    _, book = after((1, accepted()), (5, paused()))
    assert standing(book, date(2023, 1, 5)) == {(DUE, False): 1}
    assert standing(book, date(2023, 3, 1)) == {(NO_DUE_DATE, False): 1}


def test_an_apology_and_an_extension_move_where_a_dossier_stands_from_their_day_on() -> None:
    later = DUE + timedelta(days=20)
    sorry = processing.ApologyIssued(reason="workload", appointment_on=later, in_time=True)
    extended = processing.DueDateExtended(reason="complex_case", amount=20, due_on=later)
    _, book = after((1, accepted()), (5, extended), (9, sorry), (9, sorry))
    assert standing(book, date(2023, 1, 9)) == {(later, False): 1}
    assert standing(book, date(2023, 1, 10)) == {(later, True): 1}
    assert len(book) == 6, "said twice, it is entered once"


def test_what_was_reversed_is_as_if_it_had_not_been() -> None:
    state, book = after(
        (1, accepted()),
        (9, resolved(DUE)),
        (12, undone(2, "DossierResolved", "accepted", DUE)),
        (25, resolved(DUE)),
    )
    assert [(e.flow, e.timeliness, e.amount, e.on_date.day, e.struck) for e in book[2:]] == [
        ("resolved", "early", 1, 10, 0),
        ("resolved", "early", -1, 10, 2),
        ("resolved", "late", 1, 26, 0),
    ]
    assert book[3].recorded_at.day == 13, "known from the day of the reversal on, and not before"
    assert (state.status, state.timeliness, state.entries) == ("resolved", "late", 5)


def test_a_reversed_rejection_is_accepted_after_all() -> None:
    rejected = processing.DossierRejected(reason="incomplete")
    state, book = after((1, rejected), (2, undone(1, "DossierRejected", "submitted")), (3, accepted()))
    assert flows(book)[1:] == [
        ("not_accepted", "rejected", 1, 1),
        ("not_accepted", "rejected", 1, -1),
        ("received_new", "", 3, 1),
    ]
    assert (state.status, state.ended_on, state.accepted_on) == ("accepted", None, date(2023, 1, 4))


def test_a_reversed_acceptance_gives_the_row_back_and_another_takes_it() -> None:
    state, _ = after((1, accepted("1.006871")), (2, undone(1, "DossierAccepted", "submitted")))
    filed, _ = after()
    assert state._replace(entries=1, recorded_at=filed.recorded_at) == filed
    state, book = after(
        (1, accepted("1.006871")), (2, undone(1, "DossierAccepted", "submitted")), (3, accepted(late=True))
    )
    assert state.procedure == ROW[0]
    sums: dict[tuple[str, str, str], int] = {}
    for e in book:
        key = (e.flow, e.procedure, e.manner)
        sums[key] = sums.get(key, 0) + e.amount
    assert {key: amount for key, amount in sums.items() if amount} == {
        ("submitted", ROW[0], ""): 1,
        ("received_new", ROW[0], "late"): 1,
    }


def test_a_due_date_that_moved_while_it_was_ended_is_told_by_the_reversal() -> None:
    moved = DUE + timedelta(days=3)
    state, book = after(
        (1, accepted()), (9, resolved(DUE)), (12, undone(2, "DossierResolved", "accepted", moved))
    )
    assert state.due_on == moved
    assert standing(book, date(2023, 1, 12)) == {(DUE, False): 1}
    assert standing(book, date(2023, 1, 13)) == {(moved, False): 1}


def test_a_reversal_takes_a_later_change_of_the_due_date_with_it() -> None:
    """A day off was declared after the supplement was accepted, which was then reversed: neither date stands, the pause does."""
    anew, moved = DUE + timedelta(days=5), DUE + timedelta(days=6)
    supplied = processing.SupplementAccepted(status="accepted", due_on=anew, late=False)
    declared = processing.DueDateChanged(old_due_on=anew, due_on=moved, days=(anew,))
    undo = undone(3, "SupplementAccepted", "supplement_requested")
    state, book = after((1, accepted()), (2, paused()), (3, supplied), (4, declared), (6, undo))
    assert state.due_on == NO_DUE_DATE
    assert {entry.struck for entry in book if entry.struck} == {3, 4}
    assert standing(book, date(2023, 1, 7)) == {(NO_DUE_DATE, False): 1}


def test_an_apology_stays_said_when_what_it_followed_is_reversed() -> None:
    supplied = processing.SupplementAccepted(status="accepted", due_on=DUE, late=False)
    sorry = processing.ApologyIssued(reason="workload", appointment_on=DUE, in_time=True)
    asked_supplied_sorry = ((1, accepted()), (2, paused()), (3, supplied), (4, sorry))
    undo = (5, undone(3, "SupplementAccepted", "supplement_requested"))
    state, book = after(*asked_supplied_sorry, undo)
    assert (state.due_on, state.apologised) == (NO_DUE_DATE, True)
    assert standing(book, date(2023, 1, 4)) == {(NO_DUE_DATE, False): 1}
    assert standing(book, date(2023, 1, 6)) == {(NO_DUE_DATE, True): 1}
    state, book = after(*asked_supplied_sorry, undo, (6, undone(1, "DossierAccepted", "submitted")))
    assert not state.apologised, "an apology for a dossier that is not accepted any more is said of nothing"
    assert standing(book, date(2023, 2, 1)) == {}


def test_a_reversal_said_twice_strikes_once() -> None:
    twice = (12, undone(2, "DossierResolved", "accepted", DUE))
    assert after((1, accepted()), (9, resolved(DUE)), twice, twice) == after(
        (1, accepted()), (9, resolved(DUE)), twice
    )


def test_a_reversal_of_a_step_that_no_count_knows_changes_nothing() -> None:
    returned = (10, processing.ResultReturned(method="online"))
    undo = (12, undone(3, "ResultReturned", "resolved", DUE))
    assert after((1, accepted()), (9, resolved(DUE)), returned, undo) == after(
        (1, accepted()), (9, resolved(DUE))
    )


@pytest.mark.parametrize(
    "undo",
    [
        undone(1, "DossierAccepted", "submitted"),
        undone(7, "DossierResolved", "accepted"),
        undone(2, "FeeWaived", "accepted"),
    ],
)
def test_a_reversal_of_what_is_not_the_latest_is_refused(undo: Any) -> None:
    with pytest.raises(ImpossibleStep):
        after((1, accepted()), (9, resolved(DUE)), (12, undo))


def test_marks_count_a_life_by_hand() -> None:
    life = new()
    life.hours = 24
    life.act(accepted(), "accepted", DUE, phase="pending", late=False, sorry=False, row=ROW)
    told = columns([life], date(2023, 1, 1), date(2023, 2, 1), date(2023, 2, 1))
    assert (told.received, told.overdue, told.overdue_without_apology, told.online_full) == (1, 1, 1, 1)
