"""Asks reporting for its counts once they are complete, and lays them beside what was taken in.

Promises to wait only so long, and to say which figure differs. Never counts by itself.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import httpx

from deploy.importing.case import Case

SETTLE_SECONDS = 60.0
ASK_AGAIN_SECONDS = 0.1
FLOWS = ("submitted", "not_accepted", "received_new", "resolved")
FIGURES = ("received", "resolved", "pending", "waiting", "not_accepted")
TITLES = {
    "received": ("Tiếp nhận", "received"),
    "resolved": ("Đã giải quyết", "resolved"),
    "pending": ("Đang giải quyết", "pending"),
    "waiting": ("Chờ tiếp nhận", "waiting"),
    "not_accepted": ("Không tiếp nhận", "not accepted"),
}


class CountsDiffer(Exception):
    """The reports do not say what was taken in; one line for each figure."""


class CountsSilent(Exception):
    """Reporting does not answer, or was not complete up to the end of the load in time."""


@dataclass(slots=True)
class Expected:
    """What a source's cases must come to in the reports, and the days they span."""

    flows: Counter[str] = field(default_factory=Counter)
    first: date = date.max
    last: date = date.min

    @classmethod
    def of(cls, cases: Iterable[Case]) -> "Expected":
        expected = cls()
        for case in cases:
            expected.add(case)
        return expected

    def add(self, case: Case) -> None:
        acts = {act.act for act in case.acts}
        self.flows["submitted"] += 1
        self.flows["received_new"] += "accept" in acts
        # Handed back or taken back counts as resolved after acceptance, and as not accepted before it.
        accepted, ended = "accept" in acts, acts & {"resolve", "stop", "withdraw"}
        self.flows["not_accepted"] += "reject" in acts or (not accepted and bool(ended))
        self.flows["resolved"] += accepted and bool(ended)
        days = (case.submitted_at.date(), *(act.at.date() for act in case.acts))
        self.first, self.last = min(self.first, *days), max(self.last, *days)

    def without(self, cases: Iterable[Case], refused: Mapping[str, str]) -> "Expected":
        """Of the same days, what is left when doors refused some of the cases: by case, which door did."""
        taken = Expected()
        for case in cases:
            door = refused.get(case.case)
            if door != "intake":
                # Refused by processing, it stands as filed.
                taken.add(case if door is None else replace(case, acts=()))
        taken.first, taken.last = self.first, self.last
        return taken

    def figures(self) -> dict[str, int]:
        """The same as the report names them, for a period before which nothing was."""
        flows = self.flows
        pending = flows["received_new"] - flows["resolved"]
        waiting = flows["submitted"] - flows["received_new"] - flows["not_accepted"]
        return {
            "received": flows["received_new"],
            "resolved": flows["resolved"],
            "pending": pending,
            "waiting": waiting,
            "not_accepted": flows["not_accepted"],
        }


Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Reports:
    """reporting's public counts."""

    url: str
    clock: Clock = utc_now
    transport: httpx.AsyncBaseTransport | None = None
    """Another way to reporting than the network."""

    async def settled(self, first: date, last: date, by: str | None = None) -> dict[str, Any]:
        """The counts of [first, last] once they are complete up to now; CountsSilent after SETTLE_SECONDS.

        Guarantee: a question that is refused is not asked again. Test: test_a_refused_question_is_not_asked_again.
        """
        began_at = self.clock()
        told = "no answer"
        async with httpx.AsyncClient(timeout=10, trust_env=False, transport=self.transport) as http:
            while (self.clock() - began_at).total_seconds() < SETTLE_SECONDS:
                try:
                    counts = await self._counts(http, first, last, by)
                except httpx.HTTPStatusError as fault:
                    told = f"{fault.response.status_code} {fault.response.text[:500]}"
                    if fault.response.status_code != 429 and fault.response.status_code < 500:
                        raise CountsSilent(f"{self.url}/v1/counts refused the question: {told}") from None
                except (httpx.HTTPError, ValueError) as fault:
                    told = f"{type(fault).__name__} {fault}".strip()
                else:
                    complete_up_to = counts["complete_up_to"]
                    told = f"complete up to {complete_up_to}"
                    if complete_up_to and datetime.fromisoformat(complete_up_to) >= began_at:
                        return counts
                await asyncio.sleep(ASK_AGAIN_SECONDS)
        raise CountsSilent(f"{self.url}/v1/counts was not complete within {SETTLE_SECONDS:.0f} s: {told}")

    async def rows(self, first: date, last: date, by: str) -> list[dict[str, Any]]:
        async with httpx.AsyncClient(timeout=30, trust_env=False, transport=self.transport) as http:
            rows: list[dict[str, Any]] = (await self._counts(http, first, last, by))["rows"]
        return rows

    async def _counts(
        self, http: httpx.AsyncClient, first: date, last: date, by: str | None
    ) -> dict[str, Any]:
        asked = {"from": first.isoformat(), "to": last.isoformat()} | ({"by": by} if by else {})
        response = await http.get(f"{self.url}/v1/counts", params=asked)
        response.raise_for_status()
        counts: dict[str, Any] = response.json()
        return counts


def compare(expected: Expected, before: dict[str, Any], after: dict[str, Any]) -> str | None:
    """None when the reports say exactly what was taken in; a remark when other dossiers of the same days stand beside it.

    CountsDiffer when the reports have less than was taken in, or more in a home that had been empty: something was lost
    or counted twice.
    """
    home_was_empty = not any(before[name] for name in FLOWS)
    wrong, more = [], []
    for name in FLOWS:
        told = f"{name}: {expected.flows[name]:,} taken in, {after[name]:,} in the reports"
        if after[name] < expected.flows[name] or (home_was_empty and after[name] > expected.flows[name]):
            wrong.append(told)
        elif after[name] > expected.flows[name]:
            more.append(told)
    if wrong:
        raise CountsDiffer("\n".join(wrong))
    return f"other dossiers of these days are counted too ({'; '.join(more)})" if more else None


def total_table(counts: dict[str, Any]) -> list[str]:
    """The figures with their names in Vietnamese and English, one a line."""
    return [
        f"  {vietnamese:<16} {english:<13} {counts[name]:>9,}"
        for name, (vietnamese, english) in TITLES.items()
    ]


def rows_table(title: str, rows: Sequence[dict[str, Any]]) -> list[str]:
    """Rows of a `by` beside each other."""
    names = [TITLES[name][1] for name in FIGURES]
    width = max((len(str(row["key"])) for row in rows), default=0)
    width = max(width, len(title))
    head = f"  {title:<{width}} " + " ".join(f"{name:>12}" for name in names)
    body = [f"  {row['key']!s:<{width}} " + " ".join(_number(row[name]) for name in FIGURES) for row in rows]
    return [head, *body]


def _number(value: int | None) -> str:
    """What the public is not shown is no number."""
    return f"{'…' if value is None else format(value, ','):>12}"
