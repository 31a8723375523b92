"""The official report of one unit, which the book's sums do not know: from what its lines add up to. Pure.

A unit has what was accepted for it: nothing is a unit's that waits or was not accepted, and what it was submitted counts as accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from contracts.catalogue import shipped as catalogue
from services.reporting.book.refiling import door_of
from services.reporting.quality.index import Part
from services.reporting.report.columns import OfficialReport, ReportBy, Sum, official
from services.reporting.report.flows import EARLIEST


def report_of_unit(parts: Iterable[Part], by: ReportBy | None) -> OfficialReport:
    """Guarantee: the units' reports add up to the office's. Test: test_what_is_ones_own_is_told_in_full."""
    return official((each for part in parts for each in _sums(part, _key(part, by))), by)


def _sums(part: Part, key: str) -> Iterator[Sum]:
    stretch = EARLIEST if part.within else None
    channel = door_of(part.channel)
    if part.kind == "accepted":
        level, late = part.what.split("/")
        yield Sum(key, stretch, "submitted", "", channel, level, "", False, part.amount)
        manner = "late" if late == "late" else ""
        yield Sum(key, stretch, "received_new", "", channel, level, manner, False, part.amount)
    elif part.kind == "ended":
        manner, timeliness, sorry, _ = part.what.split("/")
        is_sorry = sorry == "sorry" and timeliness == "late"
        yield Sum(key, stretch, "resolved", timeliness, channel, "", manner, is_sorry, part.amount)
    elif part.kind == "overdue":
        yield Sum(key, stretch, "overdue", "", channel, "", "", part.what == "sorry", part.amount)


def _key(part: Part, by: ReportBy | None) -> str:
    if by == "field":
        found = catalogue.find(part.procedure)
        return found.field if found else ""
    if by == "channel":
        return door_of(part.channel)
    return getattr(part, by) if by else ""
