"""What every question for numbers has in common: how days and instants are written, a window, and what the routes ask to answer it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import UTC, date, datetime
from typing import Annotated, Any, NamedTuple

import asyncpg
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from services.chassis.http.turns import Turns
from services.chassis.http.web import Problem
from services.chassis.kafka.progress import Complete
from services.reporting.report.check import Checked
from services.reporting.report.counts import Window
from services.reporting.report.periods import PATTERN, Scheme, named

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})")


def _written_date(value: object) -> object:
    # pydantic alone would take a number for a day, too
    if isinstance(value, str) and not _DATE.fullmatch(value):
        raise ValueError("a date is written 2023-09-30")
    return value


def _written_instant(value: object) -> object:
    if isinstance(value, str):
        value = value.replace(" ", "+")  # an unescaped plus sign of an offset arrives as a space
        if not _INSTANT.fullmatch(value):
            raise ValueError("an instant is written 2023-09-30T17:00:00+07:00")
    return value


Day = Annotated[
    Annotated[date, BeforeValidator(_written_date), Field(ge=date(1900, 1, 1), le=date(2999, 12, 31))] | None,
    Field(),
]
Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_written_instant),
    Field(ge=datetime(1900, 1, 1, tzinfo=UTC), le=datetime(2999, 12, 31, tzinfo=UTC)),
]


class Asked(BaseModel):
    """A window: local dates, both included; without a side it is open there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first: Day = Field(default=None, alias="from", description="First local date.")
    last: Day = Field(default=None, alias="to", description="Last local date.")

    def window(self) -> Window:
        if self.first and self.last and self.last < self.first:
            raise Problem(422, "window-reversed", "`to` is before `from`", field="to")
        return Window(self.first, self.last)


def _named_period(value: object) -> object:
    if isinstance(value, str):
        named(value)
    return value


class PeriodAsked(Asked):
    """A window by its days, or a period by its name."""

    period: Annotated[str, BeforeValidator(_named_period), Field(pattern=PATTERN)] | None = Field(
        default=None,
        description="A period by name instead of two days: a year, half-year, nine months, quarter or month.",
        examples=["2023-9m", "2023", "2023-H1", "2023-Q3", "2023-09"],
    )
    scheme: Scheme = Field(
        default="calendar",
        description="Whether a named period is the calendar's, or the ministry's: from the 15th of the month before to the 14th.",
    )

    def window(self) -> Window:
        if self.period is None:
            if self.scheme != "calendar":
                raise Problem(
                    422, "scheme-without-period", "`scheme` says which days a `period` has", field="scheme"
                )
            return super().window()
        if self.first or self.last:
            raise Problem(422, "period-and-days", "`period` comes without `from` and `to`", field="period")
        return named(self.period, self.scheme)


DEAR = 4
"""What a question costs that no sum of months answers: day by day, or as of an instant of its own."""


class Sources(NamedTuple):
    """What the routes ask: the database, completeness, the last check, the clock, a turn; and how this house is called and reached.

    `desk` is the address of the officers' pages, `recipient` who receives the official report, `place` where it is signed.
    """

    pool: asyncpg.Pool[Any]
    complete: Callable[[], Awaitable[Complete | None]]
    checked: Callable[[], Checked | None]
    now: Callable[[], datetime]
    release: str
    agency: str
    desk: str
    recipient: str
    place: str
    turns: Turns

    def turn(self, cost: int) -> AbstractAsyncContextManager[None]:
        """A dear question waits for its turn, any other begins at once.

        Guarantee: who asks dear questions leaves half of the service to everybody else. Test: test_dear_questions_take_turns.
        """
        return self.turns.taken() if cost >= DEAR else nullcontext()
