"""Which dates a change of the calendar can move: told from a row alone, and never one too few."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.processing.calendar.change import Change, Open, moved, moved_by_clock
from services.processing.clock.due_date import LIMIT_UNITS, Limit, Pause
from services.processing.clock.statutory import Clock, clock_of, text_of
from services.processing.clock.working_days import ZONE, Calendar, shipped
from services.processing.clock.working_hours import intake_due_at
from services.processing.dossier.deadlines import working_days_after
from services.processing.dossier.history import fold
from services.processing.dossier.state import running_clock
from tests.processing.dossier.test_histories import a_life
from tests.processing.examples import FILING

NOON = time(12)
BEGIN, END = date(2026, 4, 20), date(2026, 5, 31)
days = st.dates(BEGIN, END)
calendars = st.builds(
    lambda off, worked: Calendar(
        off=(shipped().off | off) - worked, worked=(shipped().worked | worked) - off
    ),
    st.frozensets(days, max_size=3),
    st.frozensets(days, max_size=3),
)


@st.composite
def clocks(draw: st.DrawFn) -> Clock:
    """As decisions make them: pauses come after the acceptance, and begin on or before the due date."""
    accepted_on = began = draw(st.dates(BEGIN, date(2026, 5, 10)))
    pauses: list[Pause] = []
    for _ in range(draw(st.integers(0, 2))):
        began += timedelta(days=draw(st.integers(0, 5)))
        ended = began + timedelta(days=draw(st.integers(0, 5)))
        pauses.append(Pause(began, ended, draw(st.sampled_from(["subtract", "restart", "short_fix"]))))
        began = ended
    given = began + timedelta(days=draw(st.integers(0, 10))) if draw(st.booleans()) else None
    limit = draw(st.none() | st.builds(Limit, st.integers(1, 15), st.sampled_from(LIMIT_UNITS)))
    return Clock(accepted_on, limit, given, draw(st.integers(0, 3)), tuple(pauses))


def row(
    accepted_on: date | None = None,
    due_on: date | None = None,
    unit: str | None = None,
    submitted_at: datetime = datetime(2026, 4, 20, 9, tzinfo=ZONE),
    intake_due: datetime | None = None,
) -> Open:
    accepted_at = accepted_on and datetime.combine(accepted_on, NOON, ZONE)
    status = "accepted" if accepted_on else "submitted"
    return Open(
        UUID(int=1), "1", "H", "online", submitted_at, status, accepted_at, due_on, intake_due, 1, unit
    )


@pytest.mark.long
@settings(max_examples=1_000)
@given(clocks(), calendars, calendars)
def test_every_date_that_moves_is_looked_at(clock: Clock, before: Calendar, after: Calendar) -> None:
    old, new = clock.due_on(before), clock.due_on(after)
    unit = clock.limit and clock.limit.unit
    if old != new:
        assert Change.of(before, after).can_move(row(clock.accepted_on, old, unit))


@pytest.mark.long
@settings(max_examples=500)
@given(st.dates(BEGIN, date(2026, 5, 10)), st.integers(1, 12), st.booleans(), calendars, calendars)
def test_every_deadline_that_moves_is_looked_at(
    asked_on: date, amount: int, of_an_agency: bool, before: Calendar, after: Calendar
) -> None:
    old, new = (working_days_after(asked_on, amount, calendar) for calendar in (before, after))
    if old != new:
        waits = row(BEGIN)._replace(**{"answer_by" if of_an_agency else "deadline_on": old})
        assert Change.of(before, after).can_move(waits)
        not_accepted = row()._replace(own_status="supplement_requested", deadline_on=old)
        assert Change.of(before, after).can_move(not_accepted)


def test_a_dossier_whose_deadlines_end_before_the_change_is_not_looked_at() -> None:
    day = date(2026, 5, 13)
    change = Change.of(shipped(), Calendar(off=shipped().off | {day}, worked=shipped().worked))
    assert change.can_move(row()._replace(deadline_on=day))
    assert not change.can_move(row()._replace(deadline_on=date(2026, 5, 12)))
    assert not change.can_move(row())


@given(st.datetimes(datetime(2026, 4, 20), datetime(2026, 5, 31)), calendars, calendars)  # noqa: DTZ001
def test_every_intake_limit_that_moves_is_looked_at(
    submitted: datetime, before: Calendar, after: Calendar
) -> None:
    submitted_at = submitted.replace(tzinfo=ZONE)
    old, new = intake_due_at(submitted_at, before), intake_due_at(submitted_at, after)
    if old != new:
        assert Change.of(before, after).can_move_intake(row(submitted_at=submitted_at, intake_due=old))


def test_a_change_that_changes_no_day_touches_nothing() -> None:
    change = Change.of(shipped(), shipped())
    assert not change.can_move(row(date(2026, 4, 20), date(2026, 5, 20), "working_days"))


def test_of_limits_in_calendar_days_only_those_that_end_there_are_looked_at() -> None:
    """Most procedures have such limits, and most of their dates do not end on the day that was declared."""
    day = date(2026, 5, 13)
    change = Change.of(shipped(), Calendar(off=shipped().off | {day}, worked=shipped().worked))
    assert change.can_move(row(date(2026, 5, 4), day, "calendar_days"))
    assert not change.can_move(row(date(2026, 5, 4), date(2026, 5, 20), "calendar_days"))
    assert change.can_move(row(date(2026, 5, 4), date(2026, 5, 20), "working_days"))
    assert not change.can_move(row(day, date(2026, 5, 20), "working_days")), (
        "the day of acceptance does not count"
    )


@pytest.mark.long
def test_a_running_clock_decides_as_the_history_does() -> None:
    """Wherever a life stands: read from the row's text, the clock alone moves the due date as the whole history does."""
    other = Calendar(
        shipped().off | {FILING.submitted_on + timedelta(2 * n) for n in range(100)}, shipped().worked
    )
    changes = Change.of(shipped(), other), Change.of(other, shipped())
    seen: Counter[tuple[bool, bool]] = Counter()
    for seed in range(1_500):
        life = a_life(seed)
        for last in range(1, len(life.acts) + 1):
            dossier = fold(FILING, life.acts[:last], life.heard)
            clock, due_on = running_clock(dossier), dossier.due_on
            if clock is None or due_on is None:
                continue
            read = clock_of(text_of(clock))
            for change in changes:
                move = moved_by_clock(change, read, due_on, dossier.since)
                assert list(moved(change, dossier, dossier.since)) == ([] if move is None else [move])
                seen[bool(clock.pauses), move is not None] += 1
    assert len(seen) == 4 and min(seen.values()) > 10, seen
