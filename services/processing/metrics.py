"""What processing measures beside what every process does, each with its sentence."""

from __future__ import annotations

import asyncio
from datetime import date

from services.chassis.process.metrics import counter, gauge
from services.processing.calendar.current import Declaring
from services.processing.clock.working_days import Calendar, local_day

KIND = {"kind": "what became true by itself, or payments"}
YEAR_SECONDS = 60.0
NOVEMBER = 11

CALENDAR_YEAR_UNDECLARED = gauge(
    "calendar_year_undeclared",
    "1 while this year's Tết or 2 September, or from 1 November on the next one's, are not declared: its dates are provisional.",
)
RECOUNT_OUTSTANDING = gauge(
    "calendar_recount_outstanding",
    "1 while not every date was counted by the calendar that is declared: what such dates make true is not recorded.",
)
PROPOSALS_WAITING = gauge(
    "calendar_proposals_waiting",
    "Declarations and withdrawals of days that wait for a second person to confirm them.",
)
OUT_OF_REACH = gauge(
    "dossiers_out_of_reach",
    "Open dossiers that stand at a unit or an office which the register does not have today: nobody there can act on them.",
)
OPEN = gauge(
    "dossiers_open",
    "Dossiers that have not ended, as of the last minute. One that is paused is in time.",
    {
        "office": "an office of the register, or other",
        "procedure": "a procedure of the catalogue, or other",
        "standing": "waiting (not accepted yet), in_time or overdue",
    },
)
FIRED = counter(
    "timers_fired_total", "Facts of dossiers that became true by themselves and were recorded.", KIND
)
FAILED = counter(
    "timers_failed_total", "Sweeps of one kind and office that failed; the next one tries again.", KIND
)


def lacks_a_year(calendar: Calendar, on: date) -> bool:
    """Whether dates are being promised in a year that is not declared yet, late enough to be somebody's fault."""
    years = (on.year, on.year + 1) if on.month >= NOVEMBER else (on.year,)
    return any(calendar.is_provisional(year) for year in years)


async def watch_years(declaring: Declaring) -> None:
    """Keeps the gauges of the calendar; before the calendar has been read it says nothing."""
    changed = asyncio.Event()
    declaring.on_change(changed.set)
    while True:
        if declaring.version:
            on = local_day(declaring.desk.clock())
            PROPOSALS_WAITING.set(len(declaring.declared.proposals))
            CALENDAR_YEAR_UNDECLARED.set(lacks_a_year(declaring.desk.calendar, on))
        changed.clear()
        try:
            async with asyncio.timeout(YEAR_SECONDS):
                await changed.wait()
        except TimeoutError:
            continue
