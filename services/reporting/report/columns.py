"""The columns of the official report (Biểu II.06a/VPCP/KSTT) and those that an office wants beside them: sums in, columns out.

Pure. A report that does not add up is never told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Literal, NamedTuple, get_args

ReportBy = Literal["procedure", "field", "office", "channel"]
REPORT_BYS: tuple[ReportBy, ...] = get_args(ReportBy)

IDENTITIES = (
    *("3=4+5+6", "7=8+9+10", "11=12+13", "3=7+11", "waiting", "not accepted", "apologies"),
    "no column is less than 0",
)


class Sum(NamedTuple):
    """Lines of the book that have all of this in common, added up.

    `stretch`: None before the window, inside it the first day of the month or day, or one day for all where time is not asked for.
    Of what is overdue: how many more became overdue in that stretch than were settled.
    """

    key: str
    stretch: date | None
    flow: str
    timeliness: str
    channel: str
    level: str
    manner: str
    apologised: bool
    amount: int


@dataclass(slots=True)
class Columns:
    """One row. The numbered columns are the official report's; `_with_apology`: any apology before the end of the window."""

    submitted: int = 0
    waiting_before: int = 0
    waiting: int = 0
    not_accepted: int = 0
    rejected: int = 0
    withdrawn_before_acceptance: int = 0
    received: int = 0
    """3"""
    received_online: int = 0
    """4, in the period"""
    received_otherwise: int = 0
    """5, in person and by post, in the period"""
    carried_over: int = 0
    """6"""
    resolved: int = 0
    """7"""
    early: int = 0
    """8"""
    on_time: int = 0
    """9"""
    late: int = 0
    """10"""
    pending: int = 0
    """11"""
    in_due: int = 0
    """12"""
    overdue: int = 0
    """13"""
    accepted_late: int = 0
    online_full: int = 0
    online_partial: int = 0
    stopped: int = 0
    withdrawn: int = 0
    """After acceptance."""
    late_with_apology: int = 0
    late_without_apology: int = 0
    overdue_with_apology: int = 0
    overdue_without_apology: int = 0

    def broken(self) -> list[str]:
        """The identities that do not hold.

        Guarantee: a report whose identities do not hold is refused, not told. Test: test_a_report_that_does_not_add_up_is_refused.
        """
        sides = (
            (self.received, self.received_online + self.received_otherwise + self.carried_over),
            (self.resolved, self.early + self.on_time + self.late),
            (self.pending, self.in_due + self.overdue),
            (self.received, self.resolved + self.pending),
            (
                self.waiting_before + self.submitted,
                self.waiting + self.not_accepted + self.received_online + self.received_otherwise,
            ),
            (self.not_accepted, self.rejected + self.withdrawn_before_acceptance),
            (
                self.late + self.overdue,
                self.late_with_apology
                + self.late_without_apology
                + self.overdue_with_apology
                + self.overdue_without_apology,
            ),
            (0, min(0, *asdict(self).values())),
        )
        return [name for name, (one, other) in zip(IDENTITIES, sides, strict=True) if one != other]


class OfficialReport(NamedTuple):
    total: Columns
    rows: dict[str, Columns]

    def broken(self) -> list[str]:
        """The identities that fail in the total, in any row, or in the rows' sum beside the total."""
        found = {name for columns in (self.total, *self.rows.values()) for name in columns.broken()}
        if self.rows:
            for name, value in asdict(self.total).items():
                if value != sum(getattr(row, name) for row in self.rows.values()):
                    found.add(f"rows of {name}")
        return sorted(found)


def tells(last: date | None, today: date) -> date:
    """The day that tells in due from overdue: the last of the window, or the as-of day while the window is not over."""
    return min(last, today) if last else today


def official(sums: Iterable[Sum], by: ReportBy | None) -> OfficialReport:
    """The columns of a window, in all and by key; what took back all that it gave is no row."""
    total, rows = Columns(), dict[str, Columns]()
    for part in sums:
        _add(total, part)
        if by:
            _add(rows.setdefault(part.key, Columns()), part)
    nothing = Columns()
    return OfficialReport(total, {key: row for key, row in sorted(rows.items()) if row != nothing})


def differences(now: Columns, then: Columns) -> dict[str, int]:
    """What each column gained, where it is another."""
    gained = {f.name: getattr(now, f.name) - getattr(then, f.name) for f in fields(Columns)}
    return {name: value for name, value in gained.items() if value}


def _add(to: Columns, part: Sum) -> None:
    """One sum into the columns that it belongs to."""
    amount, within = part.amount, part.stretch is not None
    if part.flow == "submitted":
        to.waiting += amount
        _count(to, "submitted" if within else "waiting_before", amount)
    elif part.flow == "not_accepted":
        to.waiting -= amount
        if within:
            to.not_accepted += amount
            _count(to, "rejected" if part.manner == "rejected" else "withdrawn_before_acceptance", amount)
        else:
            to.waiting_before -= amount
    elif part.flow == "received_new":
        to.waiting -= amount
        to.received += amount
        to.pending += amount
        to.in_due += amount
        if within:
            _accepted(to, part)
        else:
            to.waiting_before -= amount
            to.carried_over += amount
    elif part.flow == "resolved":
        to.pending -= amount
        to.in_due -= amount
        if within:
            _resolved(to, part)
        else:
            to.carried_over -= amount
            to.received -= amount
    else:
        to.in_due -= amount
        to.overdue += amount
        _count(to, "overdue_with_apology" if part.apologised else "overdue_without_apology", amount)


def _count(to: Columns, name: str, amount: int) -> None:
    setattr(to, name, getattr(to, name) + amount)


def _accepted(to: Columns, part: Sum) -> None:
    if part.channel == "online":
        to.received_online += part.amount
        _count(to, "online_full" if part.level == "full" else "online_partial", part.amount)
    else:
        to.received_otherwise += part.amount
    if part.manner == "late":
        to.accepted_late += part.amount


def _resolved(to: Columns, part: Sum) -> None:
    to.resolved += part.amount
    _count(to, part.timeliness, part.amount)
    if part.timeliness == "late":
        _count(to, "late_with_apology" if part.apologised else "late_without_apology", part.amount)
    if part.manner in ("stopped", "withdrawn"):
        _count(to, part.manner, part.amount)
