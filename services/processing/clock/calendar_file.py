"""Reads a file of declarations and tells every fault with its place: documents, each with the days that it declares.

It is what `motcua calendar check` reads; the shipped file is such a one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from contracts.calendar import CalendarDocument
from services.processing.clock.working_days import SATURDAY, Calendar, Declaration, announced

KINDS = ("off", "worked")
MEMBERS = {"document", "announced_on", "about", *KINDS}
_DOCUMENT: TypeAdapter[str] = TypeAdapter(CalendarDocument)


class Fault(NamedTuple):
    place: str
    said: str

    def __str__(self) -> str:
        return f"{self.place}: {self.said}"


class Read(NamedTuple):
    """What a file declares, as far as it could be read, and what is wrong with it."""

    declarations: list[Declaration]
    faults: list[Fault]


def read(content: bytes) -> Read:
    try:
        documents = json.loads(content)
    except (ValueError, RecursionError) as fault:
        return Read([], [Fault("file", f"no JSON: {fault}")])
    if not isinstance(documents, list):
        return Read([], [Fault("file", "a list of documents")])
    found = Read([], [])
    places: dict[tuple[date, date], str] = {}
    for number, document in enumerate(documents, 1):
        place = f"document {number}"
        if not isinstance(document, dict):
            found.faults.append(Fault(place, "an object with document, announced_on and the days"))
            continue
        found.faults.extend(_members(place, document))
        _days(place, document, found, places)
    found.faults.extend(_as_a_whole(found.declarations))
    return found


def _members(place: str, document: dict[str, Any]) -> Iterator[Fault]:
    for name in sorted(set(document) - MEMBERS):
        yield Fault(f"{place}: {name}", "is not known here")
    try:
        _DOCUMENT.validate_python(document.get("document"), strict=True)
    except ValidationError:
        yield Fault(f"{place}: document", "an official number, such as Công văn 12729/VPCP-KGVX")
    if _date(document.get("announced_on")) is None:
        yield Fault(f"{place}: announced_on", "a date as 2026-12-25")
    if not isinstance(document.get("about", ""), str):
        yield Fault(f"{place}: about", "a text")
    if not any(document.get(kind) for kind in KINDS):
        yield Fault(place, "declares no day")


def _days(place: str, document: dict[str, Any], found: Read, places: dict[tuple[date, date], str]) -> None:
    announced_on, number = _date(document.get("announced_on")), document.get("document")
    for kind in KINDS:
        days = document.get(kind, [])
        if not isinstance(days, list):
            found.faults.append(Fault(f"{place}: {kind}", "a list of days"))
            continue
        for at, text in enumerate(days, 1):
            here, day = f"{place}: {kind} {at}", _date(text)
            if day is None:
                found.faults.append(Fault(here, "a date as 2027-02-05"))
            elif announced_on is not None and isinstance(number, str):
                before = places.setdefault((day, announced_on), here)
                if before != here:
                    found.faults.append(Fault(here, f"{day} stands in {before}, announced on the same day"))
                elif kind == "worked" and announced_on >= day:
                    found.faults.append(Fault(here, f"{day} is declared worked when it has begun"))
                else:
                    declared = Declaration(
                        day, "off" if kind == "off" else "worked", number, announced(announced_on)
                    )
                    found.declarations.append(declared)


def _as_a_whole(declarations: list[Declaration]) -> Iterator[Fault]:
    """A worked day is a day that is off otherwise."""
    off = Calendar.of(each for each in declarations if each.kind == "off").off
    for each in declarations:
        if each.kind == "worked" and each.day.weekday() < SATURDAY and each.day not in off:
            yield Fault(f"{each.document}: {each.day}", "is declared worked and was no day off")


def _date(text: Any) -> date | None:
    try:
        found = date.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.isoformat() == text else None
