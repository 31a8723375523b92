"""What the service-quality index needs of one dossier in one window: pure, from the acts that stand. It shares no code with reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from deploy.export.lives import Life
from deploy.export.spool import Row
from services.reporting.book.lines import local_date

ENDS = {
    "DossierRejected.v1": "rejected",
    "DossierWithdrawn.v1": "withdrawn",
    "ProcessingStopped.v1": "stopped",
    "DossierResolved.v1": "resolved",
}
BEGINS = {
    "DossierSubmitted.v1": "cho_tiep_nhan",
    "DossierAccepted.v1": "tiep_nhan",
    "DossierResolved.v1": "tra_ket_qua",
}
"""Acts that begin a step, beside DossierForwarded, which names its own."""
STEP_ENDS = frozenset({*BEGINS, *ENDS, "DossierForwarded.v1", "ResultReturned.v1"})


class Window(NamedTuple):
    """Local dates, both included; `tells_on` is the day that tells in due from overdue."""

    first: date | None
    last: date
    tells_on: date

    def holds(self, day: date | None) -> bool:
        return day is not None and (self.first is None or self.first <= day) and day <= self.last


class Step(NamedTuple):
    """A step that ended: `days` in calendar days, nights and days off among them."""

    name: str
    unit: str
    ended_on: date
    days: float


class Sign(NamedTuple):
    """What may hide lateness: which pattern, in which dossier, when, and what was seen."""

    pattern: str
    dossier_id: str
    on: date
    unit: str
    procedure: str
    seen: str


class Facts(NamedTuple):
    """A dossier up to the last day of a window, with row attributes as reports have them."""

    dossier_id: str
    procedure: str
    channel: str
    lead_unit: str
    unit: str
    accepted_on: date | None
    ended_on: date | None
    end: str
    timeliness: str
    overdue: bool
    paused_days: int
    requests: int
    fee: bool
    paid_online: bool
    steps: Sequence[Step]
    signs: Sequence[Sign]


def facts_of(life: Life, window: Window) -> Facts:
    """Guarantee: in time, late and overdue are what the report says of the same window. Test: test_the_index_stands_on_the_report."""
    acts = [(day_of(act), act) for act in life.acts]
    acts = [(day, act) for day, act in acts if day <= window.last]
    accepted = next((day for day, act in acts if act["type"] == "DossierAccepted.v1"), None)
    ended = next(((day, act) for day, act in acts if act["type"] in ENDS), None)
    end = ENDS[ended[1]["type"]] if ended else ""
    dated = list(_due_dates(life, window.last))
    due_on = dated[-1][1] if dated else None
    requests = [act for _, act in acts if act["type"] == "SupplementRequested.v1"]
    units = [act["unit"] for _, act in acts if act.get("unit")]
    return Facts(
        life.dossier_id,
        life.said("procedure"),
        life.filed["channel"],
        life.said("unit") or "",
        units[-1] if units else "",
        accepted,
        ended[0] if ended else None,
        end,
        timeliness(ended[0], end, _day(ended[1].get("due_on"))) if ended and accepted else "",
        accepted is not None and ended is None and due_on is not None and due_on < window.tells_on,
        _paused(dated, ended[0] if ended else None),
        len(requests),
        any(act["type"] in ("FeeRequested.v1", "FeePaid.v1") for _, act in acts),
        any(act["type"] == "FeePaid.v1" and act["method"] == "online" for _, act in acts),
        list(_steps(acts)),
        list(_signs(life, acts, dated, accepted, ended)),
    )


def timeliness(ended_on: date, end: str, due_on: date | None) -> str:
    """Only a result can be early; what had no due date ended on time."""
    if due_on is None or ended_on == due_on:
        return "on_time"
    if ended_on > due_on:
        return "late"
    return "early" if end == "resolved" else "on_time"


def day_of(act: Row) -> date:
    return local_date(datetime.fromisoformat(act["time"]))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _due_dates(life: Life, last: date) -> Iterator[tuple[date, date | None]]:
    """The due date from acceptance on, as each act or reversal told it; None while the clock stands still."""
    accepted = False
    for act in life.dated:
        day = day_of(act)
        accepted = accepted or act["type"] == "DossierAccepted.v1"
        if accepted and day <= last and "due_on" in act and act["type"] not in ENDS:
            yield day, _day(act["due_on"])


def _paused(dated: Sequence[tuple[date, date | None]], ended_on: date | None) -> int:
    days, since = 0, None
    for (_, before), (day, due_on) in pairwise(dated):
        if due_on is None and before is not None:
            since = day
        elif due_on is not None and since is not None:
            days, since = days + (day - since).days, None
    return days + ((ended_on - since).days if since and ended_on else 0)


def _steps(acts: Sequence[tuple[date, Row]]) -> Iterator[Step]:
    begun: tuple[str, str, datetime] | None = None
    unit = ""
    for day, act in acts:
        if act["type"] not in STEP_ENDS:
            unit = act.get("unit") or unit
            continue
        at = datetime.fromisoformat(act["time"])
        if begun and at >= begun[2]:
            yield Step(begun[0], begun[1], day, (at - begun[2]) / timedelta(days=1))
        unit = act.get("unit") or unit
        name = act["step"] if act["type"] == "DossierForwarded.v1" else BEGINS.get(act["type"])
        begun = (name, unit, at) if name else None


def _signs(
    life: Life,
    acts: Sequence[tuple[date, Row]],
    dated: Sequence[tuple[date, date | None]],
    accepted: date | None,
    ended: tuple[date, Row] | None,
) -> Iterator[Sign]:
    unit, asked = life.said("unit") or "", 0
    procedure = life.said("procedure")

    def sign(pattern: str, on: date, seen: str) -> Sign:
        return Sign(pattern, life.dossier_id, on, unit, procedure, seen)

    for place, (day, act) in enumerate(acts):
        kind = act["type"]
        unit = act.get("unit") or unit
        before = accepted is not None and any(a["type"] == "DossierAccepted.v1" for _, a in acts[:place])
        due_on = next((due for on, due in reversed(dated) if due is not None and on <= day), None)
        if kind == "SupplementRequested.v1":
            asked += 1
            if before and due_on is not None and day == due_on:
                yield sign("asked_on_the_due_date", day, f"due on {due_on}")
            if asked > 1:
                yield sign("asked_again", day, f"request {asked}")
            if not before:
                yield sign("acceptance_put_off", day, "a supplement asked for before acceptance")
        elif kind == "DossierAccepted.v1" and act.get("late"):
            yield sign("acceptance_put_off", day, "accepted beyond the intake limit")
        elif kind == "ApologyIssued.v1" and due_on is not None and day > due_on:
            yield sign("apology_after_expiry", day, f"due on {due_on}")
    if accepted is not None and ended and ENDS[ended[1]["type"]] in ("stopped", "withdrawn"):
        kind = ENDS[ended[1]["type"]]
        reason = ended[1].get("reason")
        yield sign("ended_without_result", ended[0], f"{kind}: {reason}" if reason else kind)
