"""From the acts of a dossier to the lines that the service-quality index adds up. Pure, and without the book's code.

Only acts that stand give lines: what was reversed is as if it had not been, and a submission is as it was told last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

from services.reporting.book.lines import local_date
from services.reporting.quality.signs import signs

T = TypeVar("T")
DAY = timedelta(days=1)
SUBMITTED, ACCEPTED, ASKED = "DossierSubmitted.v1", "DossierAccepted.v1", "SupplementRequested.v1"
CORRECTED, REVERSED, SORRY, PAID = (
    *("SubmissionCorrected.v1", "DossierReversed.v1"),
    *("ApologyIssued.v1", "FeePaid.v1"),
)
STRIKES = {REVERSED: "processing", "ApplicantActReversed.v1": "intake"}
ENDS = {
    "DossierRejected.v1": "rejected",
    "DossierWithdrawn.v1": "withdrawn",
    "ProcessingStopped.v1": "stopped",
    "DossierResolved.v1": "resolved",
}
TELLS_DUE = frozenset(
    {
        *(ACCEPTED, ASKED, REVERSED, "SupplementAccepted.v1", "FeeRequested.v1"),
        *("FeeConfirmed.v1", "FeeWaived.v1", "DueDateChanged.v1", "DueDateExtended.v1"),
    }
)
BEGINS = {
    SUBMITTED: "cho_tiep_nhan",
    ACCEPTED: "tiep_nhan",
    "DossierResolved.v1": "tra_ket_qua",
}
"""Acts that begin a step, beside DossierForwarded, which names its own."""
STEP_ENDS = frozenset({*BEGINS, *ENDS, "DossierForwarded.v1", "ResultReturned.v1"})


class Act(NamedTuple):
    """An act as it was heard; `on` is its day in Việt Nam, `said` has days as text."""

    source: str
    version: int
    type: str
    at: datetime
    on: date
    recorded_at: datetime
    said: Mapping[str, Any]


class Due(NamedTuple):
    """A due date as the act of this version told it: none while the clock stands still."""

    on: date
    due_on: date | None
    sorry: bool
    version: int


class Line(NamedTuple):
    """Something that happened on a day, or began to be so (`amount` 1) and ceased (-1).

    `kind` and what `what` and `value` say of it: accepted (level/late), ended (how/timeliness/apology/supplements; days without pauses),
    overdue (apology), again (in due, with a second supplement), in_hand (of `unit`), fee, paid_online, step (its name; days), or a sign
    (what was seen). `since`: the day of acceptance, of what is counted of those that were accepted in a window.
    """

    kind: str
    on: date
    since: date
    unit: str
    office: str
    procedure: str
    channel: str
    what: str
    amount: int
    value: float


def lines(heard: Iterable[Act]) -> list[Line]:
    """Guarantee: added up they are what the report says of the same window. Test: test_the_index_is_the_reports_own_numbers."""
    told = list(heard)
    acts = standing(told)
    if not acts or acts[0].type != SUBMITTED:
        return []
    accepted = next((act for act in acts if act.type == ACCEPTED), None)
    fixed = {**acts[0].said, **(accepted.said if accepted else {})}
    unit = accepted.said["unit"] if accepted else ""

    def line(
        kind: str, on: date, what: str = "", value: float = 0.0, **more: Any
    ) -> Line:  # attributes are fixed at acceptance, the door at submission
        place = (fixed["office"], fixed["procedure"], acts[0].said["channel"])
        return Line(
            kind,
            on,
            more.get("since", on),
            more.get("unit", unit),
            *place,
            what,
            more.get("amount", 1),
            value,
        )

    ended = next((act for act in acts if act.type in ENDS), None)
    dues = due_dates(told)
    found = [line("step", on, name, days, unit=of) for name, of, on, days in steps(acts)]
    found += [
        line(pattern, on, seen, unit=of) for pattern, on, of, seen in signs(acts, dues, accepted, ended)
    ]
    if accepted is None:
        return found
    begin, end = accepted.on, max(ended.on, accepted.on) if ended else None
    level, late = accepted.said.get("level", ""), "late" if accepted.said.get("late") else "in_time"
    found.append(line("accepted", begin, f"{level}/{late}"))
    asked = sorted(act.on for act in acts if act.type == ASKED)
    if ended and end:
        how, sorry = ENDS[ended.type], "sorry" if dues and dues[-1].sorry else ""
        in_time = timeliness(ended.on, how, _day(ended.said.get("due_on")))
        took = (ended.on - begin).days - paused(dues, ended.on) if how == "resolved" else 0
        what = f"{how}/{in_time}/{sorry}/{min(len(asked), 2)}"
        found.append(line("ended", end, what, float(took), since=begin))
    late_from = list(_overdue(dues, end))
    found += [line("overdue", on, sorry, amount=amount) for on, sorry, amount in late_from]
    if len(asked) > 1:
        since = max(begin, asked[1])
        found += _span(line, "again", since, end)
        found += [line("again", max(on, since), amount=-amount) for on, _, amount in late_from]
    moved = [(act.on, act.said["unit"]) for act in acts if act.said.get("unit")]
    for of, first, until in _stretches(moved, end):
        found += _span(line, "in_hand", first, until, unit=of)
    fees = [act for act in acts if act.type in ("FeeRequested.v1", PAID)]
    if fees:
        found.append(line("fee", max(begin, fees[0].on), since=begin))
    if online := [act.on for act in fees if act.said.get("method") == "online"]:
        found.append(line("paid_online", max(begin, online[0]), since=begin))
    return found


def standing(heard: Sequence[Act]) -> list[Act]:
    """The acts that stand, in the order of their time: none that was reversed, and the submission as it was told last."""
    struck = {(STRIKES[act.type], act.said["sequence"]) for act in heard if act.type in STRIKES}
    corrections = [act.said for act in heard if act.type == CORRECTED]
    found = []
    for act in heard:
        if act.type in STRIKES or act.type == CORRECTED or (act.source, act.version) in struck:
            continue
        if act.type == SUBMITTED and corrections:
            for said in corrections:
                told = {name: said[name] for name in ("procedure", "channel", "office") if said.get(name)}
                at = datetime.fromisoformat(said["submitted_at"])
                act = act._replace(at=at, on=local_date(at), said={**act.said, **told})
        found.append(act)
    return sorted(found, key=_order)


def timeliness(ended_on: date, end: str, due_on: date | None) -> str:
    """Only a result can be early; what had no due date ended on time."""
    if due_on is None or ended_on == due_on:
        return "on_time"
    if ended_on > due_on:
        return "late"
    return "early" if end == "resolved" else "on_time"


def due_dates(heard: Iterable[Act]) -> list[Due]:
    """The due date from acceptance on, and whether its delay was apologised for, as each act told it that stands.

    What moved it since a reversed act stood on that act; the date that the reversal tells holds from its own day.
    """
    dues: list[Due] = []
    for act in sorted((act for act in heard if act.source == "processing"), key=lambda act: act.version):
        due_on = _day(act.said.get("due_on"))
        sorry = bool(dues) and dues[-1].sorry
        if act.type == REVERSED:
            reversed_act = act.said["sequence"]
            if any(due.version == reversed_act for due in dues):
                dues = [due for due in dues if due.version < reversed_act]
        elif act.type == SORRY:
            due_on, sorry = (dues[-1].due_on if dues else None), True
        elif act.type not in TELLS_DUE:
            continue
        if act.type == ACCEPTED or (dues and (due_on, sorry) != (dues[-1].due_on, dues[-1].sorry)):
            dues.append(Due(act.on, due_on, sorry, act.version))
    return dues


def paused(dues: Sequence[Due], ended_on: date) -> int:
    """Days on which the clock stood still."""
    days, since = 0, None
    for before, now in pairwise(dues):
        if now.due_on is None and before.due_on is not None:
            since = now.on
        elif now.due_on is not None and since is not None:
            days, since = days + (now.on - since).days, None
    return days + ((ended_on - since).days if since else 0)


def steps(acts: Sequence[Act]) -> Iterator[tuple[str, str, date, float]]:
    """Each step that ended: its name, its unit, the day of its end, and how many days it took, nights and days off among them."""
    begun: tuple[str, str, datetime] | None = None
    unit = ""
    for act in acts:
        if act.type not in STEP_ENDS:
            unit = act.said.get("unit") or unit
            continue
        if begun and act.at >= begun[2]:
            yield begun[0], begun[1], act.on, (act.at - begun[2]) / DAY
        unit = act.said.get("unit") or unit
        name = act.said["step"] if act.type == "DossierForwarded.v1" else BEGINS.get(act.type)
        begun = (name, unit, act.at) if name else None


def _overdue(dues: Sequence[Due], end: date | None) -> Iterator[tuple[date, str, int]]:
    """From which days on it was overdue, and from which days it was not: each due date in its turn, and the end behind the last."""
    for place, due in enumerate(dues):
        until = dues[place + 1].on if place + 1 < len(dues) else end
        if due.due_on is None:
            continue
        first, what = max(due.on, due.due_on + DAY), "sorry" if due.sorry else ""
        last = max(until, due.due_on + DAY) if until else None
        if first != last:
            yield first, what, 1
            if last:
                yield last, what, -1


def _stretches(changes: Sequence[tuple[date, T]], end: date | None) -> Iterator[tuple[T, date, date | None]]:
    """From which day to which something was so: of one day the last word counts."""
    for place, (first, value) in enumerate(changes):
        until = changes[place + 1][0] if place + 1 < len(changes) else end
        if until is not None and end is not None:
            until = min(until, end)
        if until is None or first < until:
            yield value, first, until


def _span(line: Any, kind: str, first: date, until: date | None, what: str = "", **more: Any) -> list[Line]:
    """A line for the day from which it was so, and one for the day from which it was not."""
    last = until or date.max
    if first >= last:
        return []
    ceased = [line(kind, last, what, amount=-1, **more)] if last < date.max else []
    return [line(kind, first, what, **more), *ceased]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _order(act: Act) -> tuple[bool, datetime, datetime, int]:
    """The submission first; else by time, then by when it was recorded."""
    return act.type != SUBMITTED, act.at, act.recorded_at, act.version
