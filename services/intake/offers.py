"""What can be applied for on a day: each procedure by its version in force, with what to bring, to pay and to expect.

The answer changes only on the days on which a version or an abolition begins, so one is made for each stretch between them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from typing import Annotated

import orjson
from fastapi import Query
from pydantic import BaseModel, BeforeValidator, Field

from contracts.procedure import Name, Procedure, Version

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


class Catalogue(BaseModel):
    """What can be applied for on a day."""

    items: list[Offer]


class Offers:
    """The answers by day, each as JSON."""

    def __init__(self, procedures: Iterable[Procedure]) -> None:
        listed = list(procedures)
        begun = {version.effective_from for each in listed for version in each.versions}
        begun |= {each.abolition.effective_from for each in listed if each.abolition is not None}
        self._days = sorted(day for day in begun if day is not None)
        self._bodies = [_body(listed, day) for day in (date.min, *self._days)]

    def on(self, day: date) -> bytes:
        return self._bodies[bisect_right(self._days, day)]


def _body(procedures: Iterable[Procedure], day: date) -> bytes:
    items = [
        {name: getattr(procedure, name) for name in Name.model_fields} | version.model_dump(mode="json")
        for procedure in procedures
        if isinstance(version := procedure.version_on(day), Version)
    ]
    return orjson.dumps({"items": items})
