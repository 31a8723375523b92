"""What can be applied for on a day: each procedure by its version in force, with what to bring, to pay and to expect.

The answer changes only on the days on which a version or an abolition begins, so one is made for each stretch between them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any

import orjson
from fastapi import Query
from pydantic import BaseModel, BeforeValidator, Field

from contracts.catalogue.procedure import Name, Procedure, Version
from services.intake.usual import Times, UsualTime

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _written_date(value: object) -> object:
    # pydantic alone would take a number for a day, too.
    if isinstance(value, str) and not _DATE.fullmatch(value):
        raise ValueError("a date is written 2026-07-01")
    return value


Day = Annotated[date, BeforeValidator(_written_date), Field(ge=date(1900, 1, 1), le=date(2999, 12, 31))]
Asked = Annotated[Day | None, Query(description="Local day; without it, today in Vietnam.")]


class Offer(Version, Name):
    """A procedure by the version in force."""

    usual_time: UsualTime | None = Field(
        description="What it usually takes; None while few were resolved lately."
    )


class Catalogue(BaseModel):
    """What can be applied for on a day."""

    items: list[Offer]


class Offers:
    """The answers by day, each as JSON; one is made anew when the usual times are others."""

    def __init__(self, procedures: Iterable[Procedure]) -> None:
        listed = list(procedures)
        begun = {version.effective_from for each in listed for version in each.versions}
        begun |= {each.abolition.effective_from for each in listed if each.abolition is not None}
        self._days = sorted(day for day in begun if day is not None)
        self._items = [_items(listed, day) for day in (date.min, *self._days)]
        self._bodies: dict[int, tuple[Times, bytes]] = {}

    def on(self, day: date, times: Times) -> bytes:
        place = bisect_right(self._days, day)
        made_of, body = self._bodies.get(place, (None, b""))
        if made_of is not times:
            body = _body(self._items[place], times)
            self._bodies[place] = times, body
        return body


def _items(procedures: Iterable[Procedure], day: date) -> list[dict[str, Any]]:
    return [
        {name: getattr(procedure, name) for name in Name.model_fields} | version.model_dump(mode="json")
        for procedure in procedures
        if isinstance(version := procedure.version_on(day), Version)
    ]


def _body(items: Iterable[dict[str, Any]], times: Times) -> bytes:
    usual = {code: time.model_dump() for code, time in times.items()}
    return orjson.dumps({"items": [item | {"usual_time": usual.get(item["code"])} for item in items]})
