"""Owns which days are working days: declared days off and worked Saturdays, each with the document that declares it.

The days are declared (declaration.py), those of calendar.json to begin with. Days that law fixes (by_law.py) are off without a
declaration; which days Tết takes is declared year by year, and until then the table's stand, and whatever is counted is provisional.
Nothing here reads the clock.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import MAXYEAR, date, datetime, time, timedelta, timezone
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from services.processing.clock import by_law
from services.processing.clock.by_law import Holiday

# Asia/Ho_Chi_Minh, which has had no other offset since 1975: a machine without a zone database gives the same days.
ZONE = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
SHIPPED = Path(__file__).parent / "calendar.json"
SATURDAY = 5
ONE_DAY = timedelta(days=1)

Kind = Literal["off", "worked"]
KindOfDay = Literal["ordinary", "weekend", "off", "worked"]
"""An ordinary weekday, an ordinary weekend, a day off by declaration or law, a Saturday worked in exchange."""


def local_day(at: datetime) -> date:
    """The day in Vietnam on which an instant falls."""
    return at.astimezone(ZONE).date()


@dataclass(frozen=True, slots=True)
class Declaration:
    """One day declared off, or one Saturday declared worked, by a document that was announced at an instant."""

    day: date
    kind: Kind
    document: str
    announced_at: datetime

    @property
    def announced_on(self) -> date:
        return local_day(self.announced_at)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Monday to Friday are worked, less the days declared off and those off by law, plus the Saturdays declared worked.

    `documents` names what declared each day; it explains, and never decides. Without `knows_law` it is the calendar by which dates
    were counted before days off by law were known: declarations and weekends alone.
    """

    off: frozenset[date]
    worked: frozenset[date]
    documents: Mapping[date, str] = field(default_factory=dict, compare=False)
    knows_law: bool = True
    # What was made of it once and is read again and again: it follows from the rest, and no two threads write it.
    made: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @staticmethod
    def of(declarations: Iterable[Declaration]) -> Calendar:
        """Of several declarations of a day the one announced last counts; two of the same instant of announcement that
        differ are refused: ValueError.

        Guarantee: the order in which declarations arrive does not matter. Test: test_the_order_of_declarations_does_not_matter.
        """
        latest: dict[date, Declaration] = {}
        for declared in sorted(declarations, key=lambda each: (each.announced_at, each.document)):
            before = latest.get(declared.day)
            if before and before.announced_at == declared.announced_at and before.kind != declared.kind:
                raise ValueError(f"{declared.day} is declared both off and worked at {declared.announced_at}")
            latest[declared.day] = declared
        return Calendar(
            off=frozenset(day for day, declared in latest.items() if declared.kind == "off"),
            worked=frozenset(day for day, declared in latest.items() if declared.kind == "worked"),
            documents={day: declared.document for day, declared in latest.items()},
        )

    def by_law(self, year: int) -> Mapping[date, Holiday]:
        """The days of a year that are off although no declaration names them.

        A yearly choice stands as the table has it until a declaration chooses otherwise.
        Guarantee: it follows from the year and the declarations alone. Test: test_a_declaration_replaces_what_was_provisional.
        """
        found: Mapping[date, Holiday] | None = self.made.get(year)
        if found is None:
            law = by_law.days_of(year) if self.knows_law else {}
            chosen = {by_law.choice_of(day) for day in law if day in self.off}
            if self.off.intersection(date(year, 9, day) for day in (1, 3, 4)):
                chosen.add("national_day")
            chosen.discard(None)
            found = self.made[year] = {
                day: name
                for day, name in law.items()
                if by_law.choice_of(day) not in chosen and day not in self.off and day not in self.worked
            }
        return found

    def is_provisional(self, year: int) -> bool:
        """Whether dates in it may still move, because its Tết or the neighbour of its 2 September is not declared yet.

        Of a year beyond the table: because nothing is declared of it.
        """
        found: bool | None = self.made.get(("provisional", year))
        if found is None:
            law = self.by_law(year)
            known = bool(by_law.days_of(year)) and self.knows_law
            found = self.made["provisional", year] = (
                any(map(by_law.choice_of, law)) if known else year not in {day.year for day in self.documents}
            )
        return found

    def provisional_years(self, since: date, to: date) -> tuple[int, ...]:
        """The years of [since, to] that are not declared yet."""
        return tuple(year for year in range(since.year, to.year + 1) if self.is_provisional(year))

    def kind(self, day: date) -> KindOfDay:
        if day in self.worked:
            return "worked"
        if day in self.off or day in self.by_law(day.year):
            return "off"
        return "weekend" if day.weekday() >= SATURDAY else "ordinary"

    def document(self, day: date) -> str | None:
        """What makes it a day off or a worked Saturday, None for an ordinary day or weekend."""
        declared = self.documents.get(day)
        return declared or (by_law.document_of(day) if day in self.by_law(day.year) else None)

    def differs_from(self, other: Calendar) -> frozenset[date]:
        """The days that are counted otherwise by the other."""
        days = set(self.off | self.worked | other.off | other.worked)
        years = {day.year for day in days} if self.knows_law == other.knows_law else by_law.years()
        days.update(day for year in years for day in by_law.days_of(year))
        return frozenset(day for day in days if self.is_working(day) != other.is_working(day))

    def is_working(self, day: date) -> bool:
        if day in self.worked:
            return True
        return day.weekday() < SATURDAY and day not in self.off and day not in self.by_law(day.year)

    def working_after(self, day: date, amount: int) -> date:
        """The last of so many worked days after a day: looked up within this year and the next, counted beyond them."""
        first, days, count = _worked_days(self.off, self.worked, self.knows_law, day.year)
        place = count[day.toordinal() - first] + amount
        if place <= len(days):
            return days[place - 1]
        while amount:
            day += ONE_DAY
            amount -= self.is_working(day)
        return day

    def next_working(self, day: date) -> date:
        """The day itself when it is worked, else the first worked day after it."""
        while not self.is_working(day):
            day += ONE_DAY
        return day

    def working_before(self, day: date) -> date:
        """The last worked day before it."""
        day -= ONE_DAY
        while not self.is_working(day):
            day -= ONE_DAY
        return day


@lru_cache(maxsize=64)
def _worked_days(
    off: frozenset[date], worked: frozenset[date], knows_law: bool, year: int
) -> tuple[int, list[date], list[int]]:
    """Of two years: the ordinal of the first day, the worked days, and for each day how many there are up to and with it."""
    calendar = Calendar(off, worked, knows_law=knows_law)
    first = date(year, 1, 1).toordinal()
    days: list[date] = []
    count: list[int] = []
    for ordinal in range(first, date(min(year + 1, MAXYEAR), 12, 31).toordinal() + 1):
        day = date.fromordinal(ordinal)
        if calendar.is_working(day):
            days.append(day)
        count.append(len(days))
    return first, days, count


class CalendarUnknown(OSError):
    """What was declared has not been read yet: nothing may be counted, and the same may be asked again a little later."""


class _NotRead(Calendar):
    __slots__ = ()

    def is_working(self, day: date) -> bool:
        raise CalendarUnknown("the declared days have not been read yet")

    def working_after(self, day: date, amount: int) -> date:
        raise CalendarUnknown("the declared days have not been read yet")

    def is_provisional(self, year: int) -> bool:
        raise CalendarUnknown("the declared days have not been read yet")

    def provisional_years(self, since: date, to: date) -> tuple[int, ...]:
        """None: what is told without counting is told all the same."""
        return ()


NOT_READ: Calendar = _NotRead(frozenset(), frozenset())
"""Stands where the calendar will be, and counts nothing.

Guarantee: nothing is counted by another calendar than the declared one. Test: test_nothing_is_counted_before_the_calendar_is_read.
"""


def announced(on: date) -> datetime:
    """The instant of a document that tells only the day of its announcement: its beginning."""
    return datetime.combine(on, time(), ZONE)


def read_declarations(path: Path = SHIPPED) -> list[Declaration]:
    """The declarations of a file: documents, each with the days that it declares."""
    documents = json.loads(path.read_text(encoding="utf-8"))
    return [
        Declaration(
            date.fromisoformat(day),
            kind,
            document["document"],
            announced(date.fromisoformat(document["announced_on"])),
        )
        for document in documents
        for kind in ("off", "worked")
        for day in document.get(kind, ())
    ]


@cache
def shipped() -> Calendar:
    """The calendar of 2023 to 2026 as it ships, read once: what every log starts from."""
    return Calendar.of(read_declarations())
