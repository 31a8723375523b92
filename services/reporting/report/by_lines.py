"""What single lines of the book flow into a report: for comparisons and proofs, which share no sums with it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from services.reporting.book.rows import NO_DUE_DATE, Entry
from services.reporting.report.columns import OfficialReport, ReportBy, Sum, official
from services.reporting.report.counts import Window


def sums_of(line: Entry, window: Window, by: ReportBy | None) -> Iterator[Sum]:
    """The flows of one line in a window up to its last day. "Overdue" is a flow of its own, dated by the day it becomes true."""
    if line.flow != "due":
        sorry = line.timeliness == "late" and line.apologised
        yield from _within(
            line, window, by, line.on_date, (line.flow, line.timeliness, line.manner), sorry, line.amount
        )
    if line.flow in ("received_new", "resolved", "due") and line.due_on != NO_DUE_DATE:
        day = max(line.on_date, line.due_on + timedelta(days=1))
        amount = -line.amount if line.flow == "resolved" else line.amount
        yield from _within(line, window, by, day, ("overdue", "", ""), line.apologised, amount)


def report_of(lines: Iterable[Entry], window: Window, by: ReportBy | None) -> OfficialReport:
    """The report of a window that is over, from its lines one after the other.

    Guarantee: a report is what its lines say, however it was added up. Test: test_the_lines_alone_give_the_report.
    """
    return official((part for line in lines for part in sums_of(line, window, by)), by)


def _within(
    line: Entry,
    window: Window,
    by: ReportBy | None,
    day: date,
    flow: tuple[str, str, str],
    sorry: bool,
    amount: int,
) -> Iterator[Sum]:
    if window.last is None or day <= window.last:
        stretch = None if window.first and day < window.first else day
        key = getattr(line, by) if by else ""
        what, timeliness, manner = flow
        yield Sum(key, stretch, what, timeliness, line.channel, line.level, manner, sorry, amount)
