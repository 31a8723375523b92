"""The control slip (phiếu kiểm soát quá trình giải quyết hồ sơ): each step of a dossier, who had it how long, and how late it was.

Pure: a read of the dossier's acts with their instants. Time is working time; what an applicant was waited for is a pause, and
counts for nobody. An act that was reversed is as if it had not been: its step went on. A step that comes again is a row of
its own, with its limit anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Literal, NamedTuple

from services.processing.clock import working_hours
from services.processing.clock.working_days import ZONE, Calendar, local_day
from services.processing.desk.control_slip_terms import Terms
from services.processing.dossier.events import (
    DossierAccepted,
    DossierForwarded,
    DossierRejected,
    DossierResolved,
    DossierWithdrawn,
    Event,
    ProcessingStopped,
    ResultReturned,
    SupplementAccepted,
)
from services.processing.dossier.history import EFFECTS
from services.processing.dossier.reversal_events import DossierReversed, struck_out
from services.processing.dossier.state import (
    AwaitingPayment,
    AwaitingSupplement,
    Ended,
    Filing,
    State,
    Submitted,
    held_of,
    new,
)

INTAKE = "intake"
"""Before acceptance: no step of the catalogue's, and 8 working hours for every procedure (DOMAIN's intake limit)."""
RESULT = "tra_ket_qua"
NOTHING = timedelta(0)

PauseKind = Literal["supplement", "fee"]
Timeliness = Literal["early", "on_time", "late", "running", "paused"]


class Act(NamedTuple):
    """An act as the log has it: what, when in business time, and by whom (role/subject)."""

    event: Event
    at: datetime
    actor: str


class Spell(NamedTuple):
    """A stretch of a step in which one unit, and in it one officer or nobody yet, had it; `pause` is what the clock stood still for."""

    unit: str
    officer: str | None
    pause: PauseKind | None
    begins: datetime
    ends: datetime
    worked: timedelta


class Step(NamedTuple):
    """`worked` leaves the pauses out, which are `paused`. `due_at` is None without a limit and while the clock stands still;
    `timeliness` is None where there is nothing to be late for."""

    step: str
    unit: str
    begun_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    limit_hours: int | None
    due_at: datetime | None
    timeliness: Timeliness | None
    late_by: timedelta
    worked: timedelta
    paused: timedelta
    spells: tuple[Spell, ...]
    provisional: tuple[int, ...] = ()
    """The years that `due_at` reaches and that are not declared."""


class Person(NamedTuple):
    """An officer's working time in one unit; None for the time in which nobody of the unit had taken it."""

    unit: str
    officer: str | None
    worked: timedelta


class Slip(NamedTuple):
    """The steps as of an instant, and what follows from them."""

    as_of: datetime
    steps: tuple[Step, ...]

    @property
    def people(self) -> list[Person]:
        """Everybody's time, in the order in which they had it."""
        times: dict[tuple[str, str | None], timedelta] = {}
        for spell in self._spells():
            whose = spell.unit, spell.officer
            times[whose] = times.get(whose, NOTHING) + (NOTHING if spell.pause else spell.worked)
        return [Person(*whose, worked) for whose, worked in times.items()]

    @property
    def pauses(self) -> list[Spell]:
        """Each pause once, whoever had the dossier meanwhile."""
        found: list[Spell] = []
        for spell in self._spells():
            if not spell.pause:
                continue
            if found and (found[-1].pause, found[-1].ends) == (spell.pause, spell.begins):
                before = found.pop()
                spell = spell._replace(begins=before.begins, worked=before.worked + spell.worked)
            found.append(spell)
        return found

    @property
    def worked(self) -> timedelta:
        return sum((step.worked for step in self.steps), NOTHING)

    @property
    def paused(self) -> timedelta:
        return sum((step.paused for step in self.steps), NOTHING)

    def _spells(self) -> Iterable[Spell]:
        return (spell for step in self.steps for spell in step.spells)


@dataclass
class _Row:
    """A step while it is read."""

    step: str
    begun_at: datetime
    spells: list[Spell] = field(default_factory=list)
    ended_at: datetime | None = None
    by: Act | None = None


def slip_of(filing: Filing, acts: Sequence[Act], terms: Terms, calendar: Calendar, now: datetime) -> Slip:
    """The slip as of `now`.

    Guarantee: the times of the steps and their pauses are the whole time, and those of the people are the steps'.
    Test: test_times_add_up_to_the_whole.
    Guarantee: a day off that is added makes no step later. Test: test_a_day_off_more_makes_no_step_later.
    """
    rows = _rows(filing, acts, calendar, now)
    return Slip(now, tuple(_step(row, terms, calendar, now) for row in rows))


_ENDS = (DossierRejected, DossierWithdrawn, ProcessingStopped, ResultReturned)


def _rows(filing: Filing, acts: Sequence[Act], calendar: Calendar, now: datetime) -> list[_Row]:
    struck = struck_out(act.event for act in acts)
    state: State = new(filing).now
    at = filing.submitted_at
    rows = [_Row(INTAKE, at)]
    for sequence, act in enumerate(acts, 1):
        if isinstance(act.event, DossierReversed) or sequence in struck:
            continue
        after = EFFECTS[type(act.event)](state, act.event, sequence)
        if after is None or rows[-1].ended_at:
            continue
        # The law counts by the day: what is told of one day may be told in any order of its hours.
        until = max(act.at, at)
        _had(rows[-1], filing, state, at, until, calendar)
        state, at = after, until
        following = _begins(act.event, state)
        if following or isinstance(act.event, _ENDS):
            rows[-1].ended_at, rows[-1].by = at, act
        if following:
            rows.append(_Row(following, at))
    if not rows[-1].ended_at:
        _had(rows[-1], filing, state, at, max(now, at), calendar)
    return rows


def _begins(event: Event, after: State) -> str | None:
    """The step that an act begins."""
    if isinstance(event, DossierAccepted):
        return "tiep_nhan"
    if isinstance(event, DossierForwarded):
        return event.step
    if isinstance(event, DossierResolved):
        return RESULT
    # Papers that were asked for before acceptance: the intake clock begins anew.
    return INTAKE if isinstance(event, SupplementAccepted) and isinstance(after, Submitted) else None


def _had(
    row: _Row, filing: Filing, state: State, begins: datetime, ends: datetime, calendar: Calendar
) -> None:
    """Adds a stretch to the step; neighbours with the same holder are one."""
    held = None if isinstance(state, Ended) else held_of(state)  # a resolved one is with the desk again
    unit, officer = (held.unit, held.officer) if held else (filing.office, None)
    pause = _pause(state)
    last = row.spells[-1] if row.spells else None
    if last and (last.unit, last.officer, last.pause) == (unit, officer, pause):
        begins = row.spells.pop().begins
    elif last and last.officer is None and last.begins == last.ends:
        row.spells.pop()  # taken at once: nobody waited for anybody
    row.spells.append(Spell(unit, officer, pause, begins, ends, _time(begins, ends, calendar)))


def _pause(state: State) -> PauseKind | None:
    if isinstance(state, AwaitingSupplement):
        return "supplement" if state.request.clock == "paused" else None
    return "fee" if isinstance(state, AwaitingPayment) and state.request.clock == "paused" else None


def _time(begins: datetime, ends: datetime, calendar: Calendar) -> timedelta:
    """Working time in whole seconds, so that what is told adds up."""
    stretches = working_hours.worked(begins.replace(microsecond=0), ends.replace(microsecond=0), calendar)
    return sum((each.ends - each.begins for each in stretches), NOTHING)


def _step(row: _Row, terms: Terms, calendar: Calendar, now: datetime) -> Step:
    limit = working_hours.INTAKE_HOURS if row.step == INTAKE else terms.hours.get(row.step)
    due_at = None if limit is None else _due_at(row, limit, terms.cut_off, calendar)
    timeliness = _timeliness(row, due_at, now) if limit is not None else None
    late_by = NOTHING
    if timeliness == "late" and due_at is not None:
        running = (spell for spell in row.spells if not spell.pause)
        late_by = sum((_time(max(due_at, s.begins), s.ends, calendar) for s in running), NOTHING)
    return Step(
        row.step,
        row.spells[0].unit,
        row.begun_at,
        row.ended_at,
        _officer(row.by),
        limit,
        due_at,
        timeliness,
        late_by,
        sum((spell.worked for spell in row.spells if not spell.pause), NOTHING),
        sum((spell.worked for spell in row.spells if spell.pause), NOTHING),
        tuple(row.spells),
        calendar.provisional_years(local_day(row.begun_at), local_day(due_at))
        if due_at and not row.ended_at
        else (),
    )


def _due_at(row: _Row, limit: int, cut_off: time | None, calendar: Calendar) -> datetime | None:
    """When the limit had passed or will have, pauses left out; None while one lasts.

    What is forwarded after the cut-off is taken on the next working day.
    """
    since, left = row.begun_at, timedelta(hours=limit)
    if cut_off and row.step not in (INTAKE, RESULT) and since.astimezone(ZONE).time() > cut_off:
        since = working_hours.next_opening(since, calendar)
    for spell in row.spells:
        if spell.pause:
            continue
        for stretch in working_hours.worked(max(spell.begins, since), spell.ends, calendar):
            if stretch.ends - stretch.begins >= left:
                return stretch.begins + left
            left -= stretch.ends - stretch.begins
    last = row.spells[-1]
    if last.pause and not row.ended_at:
        return None
    return working_hours.passed_at(max(last.ends, since), left, calendar)


def _timeliness(row: _Row, due_at: datetime | None, now: datetime) -> Timeliness | None:
    returned = row.by.event if row.by else None
    if row.step == RESULT and not (isinstance(returned, ResultReturned) and returned.method != "in_person"):
        # Who fetches a result comes when they come: that is no officer's delay.
        return None
    if due_at is None:
        return "paused"
    if row.ended_at:
        return working_hours.timeliness(row.ended_at, due_at)
    if now > due_at:
        return "late"
    return "paused" if row.spells[-1].pause else "running"


def _officer(act: Act | None) -> str | None:
    """The subject of the officer or supervisor whose act it was; None for an import and for what became true by itself."""
    role, _, subject = act.actor.partition("/") if act else ("", "", "")
    return subject if role in ("officer", "supervisor") else None
