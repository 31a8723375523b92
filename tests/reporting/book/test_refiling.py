"""A submission that an import corrects, in the book: as if it had been filed so, whatever of the authority's acts was heard before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contracts import intake
from services.reporting.book.fold import enter
from services.reporting.book.rows import Dossier, Entry
from services.reporting.incoming import APPLIED, correction
from tests.reporting.book.test_reversals import ROW, accepted, new, resolved, undone
from tests.reporting.histories import START, Told, delivered

COUNTED_FROM = Entry._fields.index("on_date")

DUE = date(2023, 2, 20)
ELSEWHERE = "1.009974"


OTHER_OFFICE = "H29.016.00"


def refiled(days: int, procedure: str = ROW[0], channel: Any = "online", office: str | None = None) -> Any:
    return intake.SubmissionCorrected(
        submitted_at=START + timedelta(days=days),
        procedure=procedure,
        channel=channel,
        office=office,
        reason="wrong_data",
        document="12/QĐ-SXD",
    )


def told(*acts: tuple[int, Any]) -> list[Told]:
    """Two producers' events, each in its order, at so many days after the first submission."""
    life = new()
    for days, message in acts:
        life.hours = 24 * days
        life.say(message)
    return life.told


def interleaved(events: Sequence[Told]) -> Iterator[list[Told]]:
    """Every order in which the two may be heard behind the submission."""
    own = [event for event in events[1:] if event.source == "intake"]
    theirs = [event for event in events if event.source != "intake"]

    def merge(a: list[Told], b: list[Told]) -> Iterator[list[Told]]:
        if not a or not b:
            yield a + b
            return
        for rest in merge(a[1:], b):
            yield [a[0], *rest]
        for rest in merge(a, b[1:]):
            yield [b[0], *rest]

    for order in merge(own, theirs):
        yield [events[0], *order]


def book_of(events: Sequence[Told]) -> tuple[Dossier, list[Entry]]:
    state, book = None, list[Entry]()
    for event in events:
        data = APPLIED[event.message.type_name].model_validate(event.message.model_dump(mode="json"))
        state, made = enter(state, delivered(event, data)._replace(origin="import"), tuple(book))
        book += made
    assert state is not None
    assert [line.number for line in book] == list(range(1, state.entries + 1))
    return state, book


def counted(book: Sequence[Entry]) -> Counter[tuple[Any, ...]]:
    sums: Counter[tuple[Any, ...]] = Counter()
    for line in book:
        sums[line[COUNTED_FROM:]] += line.amount
    return Counter({key: amount for key, amount in sums.items() if amount})


def plainly(state: Dossier) -> Dossier:
    return state._replace(entries=0, recorded_at=datetime.min.replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("days", "procedure", "channel", "office"),
    [
        (10, ROW[0], "online", None),
        (-10, ROW[0], "online", None),
        (3, ELSEWHERE, "postal", OTHER_OFFICE),
        (-3, ROW[0], "postal", None),
        (0, ROW[0], "online", OTHER_OFFICE),
    ],
    ids=["later", "earlier", "all", "door", "office"],
)
@pytest.mark.parametrize("acts", [0, 1, 2, 3])
def test_a_corrected_submission_is_as_if_it_had_been_filed_so(
    days: int, procedure: str, channel: str, office: str | None, acts: int
) -> None:
    """Accepted and resolved as told before, struck out, and told anew as far as the log goes; in every order of the producers."""
    level = "partial" if procedure == ELSEWHERE else "full"
    elsewhere = {"office": office} if office else {}
    again = accepted(procedure, DUE).model_copy(update={"channel": channel, "level": level} | elsewhere)
    anew = [
        (days + 1, again),
        (days + 30, resolved(DUE)),
        (days + 30, undone(6, "DossierResolved", "accepted", DUE)),
    ]
    first = [
        (1, accepted(ROW[0], DUE)),
        (5, resolved(DUE)),
        (1, undone(2, "DossierResolved", "accepted", DUE)),
        (0, undone(1, "DossierAccepted", "submitted")),
    ]
    events = told(*first, (40, refiled(days, procedure, channel, office)), *anew[:acts])
    at_once = new()
    at_once.told[0] = Told(
        "intake",
        1,
        at_once.told[0].message.model_copy(update={"procedure": procedure, "channel": channel} | elsewhere),
        at_once.stream_id,
        START + timedelta(days=days),
    )
    for on, message in anew[:acts] if acts < 3 else anew[:1]:
        at_once.hours = 24 * on
        at_once.say(message)
    right, right_book = book_of(at_once.told)
    orders = 0
    for order in interleaved(events):
        state, book = book_of(order)
        assert (plainly(state), counted(book)) == (plainly(right), counted(right_book))
        orders += 1
    assert orders == 5 + acts


@pytest.mark.parametrize("procedure", [ROW[0], ELSEWHERE])
def test_an_acceptance_under_another_row_keeps_it(procedure: str) -> None:
    """Heard of out of order: what was accepted as ELSEWHERE stands there from the day on which it was filed as told now."""
    level = "partial" if procedure == ELSEWHERE else "full"
    acts = [(2, accepted(ELSEWHERE, DUE).model_copy(update={"level": "partial"}))]
    right, right_book = book_of(told(*acts, (9, refiled(1, procedure))))
    for order in interleaved(told(*acts, (9, refiled(1, procedure)))):
        assert counted(book_of(order)[1]) == counted(right_book)
    submitted = {key for key in counted(right_book) if "submitted" in key}
    assert {(key[0], key[3], key[7]) for key in submitted} == {(date(2023, 1, 2), ELSEWHERE, "partial")}
    assert right.procedure == ELSEWHERE
    struck = undone(1, "DossierAccepted", "submitted")
    for order in interleaved(told(*acts, (2, struck), (9, refiled(1, procedure)))):
        state, book = book_of(order)
        assert [(key[0], key[3], key[7]) for key in counted(book)] == [(date(2023, 1, 2), procedure, level)]
        assert (state.status, state.procedure, state.level) == ("submitted", procedure, level)


def test_a_submission_corrected_twice_stands_once() -> None:
    _, book = book_of(told((9, refiled(3)), (9, refiled(0)), (9, refiled(-2, ELSEWHERE, "postal"))))
    assert [(key[0].isoformat(), amount) for key, amount in counted(book).items()] == [("2022-12-30", 1)]
    assert [line.amount for line in book] == [1, -1, 1, -1, 1, -1, 1]


def test_a_corrected_submission_is_listed_under_a_number_of_its_own() -> None:
    """Intake's second event and processing's second are two corrections of one dossier, and its lines bear the correction's number."""
    events = told((1, accepted()), (1, undone(1, "DossierAccepted", "submitted")), (9, refiled(3)))
    before, book = book_of(events[:-1])
    data = APPLIED["SubmissionCorrected.v1"].model_validate(events[-1].message.model_dump(mode="json"))
    now = delivered(events[-1], data)._replace(origin="import")
    _, made = enter(before, now, tuple(book))
    listed = correction(before, now, made)
    assert (listed.sequence, listed.event, listed.document) == (-2, "SubmissionCorrected", "12/QĐ-SXD")
    assert listed.on_date == date(2023, 1, 1)
    assert {line.sequence for line in made} == {-2}
    assert {line.recorded_at for line in made} == {now.recorded_at}
