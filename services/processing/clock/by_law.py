"""Owns which days law fixes as days off in each year, by name: Labour Code, articles 111 and 112, and what was resolved since.

They stand in days_by_law.json, which `make generate` writes from the `holidays` library, lunar years and substitutes included. It is
data and not a call of the library, so that another release of a library moves no date that was told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

TABLE = Path(__file__).parent / "days_by_law.json"
LABOUR_CODES = (
    (2021, "Bộ luật Lao động 45/2019/QH14, điều 112"),
    (2013, "Bộ luật Lao động 10/2012/QH13, điều 115"),
    (0, "Bộ luật Lao động năm 1994, điều 73"),
)
"""By the first year in which each held."""
CULTURE_DAY = "Nghị quyết 28/2026/QH16, điều 2"
NOVEMBER = 11


class Holiday(NamedTuple):
    """What a day off is called."""

    vi: str
    en: str


Choice = Literal["tet", "national_day"]
"""What is decided anew for each year: which days Tết takes, and whether 2 September goes with the day before or the day after."""


@cache
def years() -> Mapping[int, Mapping[date, Holiday]]:
    """Every year of the table."""
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    return MappingProxyType(
        {
            int(year): MappingProxyType(
                {date.fromisoformat(day): Holiday(*names) for day, names in of.items()}
            )
            for year, of in table.items()
        }
    )


def days_of(year: int) -> Mapping[date, Holiday]:
    """The days of a year, none for one beyond the table."""
    return years().get(year, {})


def holiday(day: date) -> Holiday | None:
    """What law calls the day; a neighbour of 2 September that was chosen instead of the table's bears its name, too."""
    named = days_of(day.year)
    if day not in named and (day.month, day.day) in ((9, 1), (9, 3)):
        return named.get(date(day.year, 9, 2))
    return named.get(day)


def choice_of(day: date) -> Choice | None:
    """To which yearly choice a day of the table belongs, None for one that is the same every year."""
    if day.month in (1, 2) and (day.month, day.day) > (1, 10):
        return "tet"
    return "national_day" if day.month == 9 and day.day != 2 else None


def document_of(day: date) -> str:
    """The law that makes a day of the table a day off."""
    return (
        CULTURE_DAY
        if day.month == NOVEMBER
        else next(code for since, code in LABOUR_CODES if day.year >= since)
    )
