"""What several of processing's pages show: who may open them, what a procedure is called, how far a day is away."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Depends

from contracts.catalogue import shipped as catalogue
from services.chassis.http.page_routes import signed_in
from services.chassis.http.sessions import Visitor
from services.chassis.http.visibility import STAFF
from services.processing.clock.working_days import Calendar

DAYS_COUNTED_MOST = 60

Officer = Annotated[Visitor, Depends(signed_in(*STAFF))]


def procedure_name(code: str) -> tuple[str, str]:
    """In Vietnamese and English."""
    found = catalogue.find(code)
    return (found.name_vi, found.name_en) if found else (code, code)


def working_days_to(day: date, today: date, calendar: Calendar) -> int:
    """Working days from today to a day, less than 0 for one that is over; of far ones the bound."""
    first, last, sign = (today, day, 1) if day >= today else (day, today, -1)
    reach = min((last - first).days, DAYS_COUNTED_MOST)
    return sign * sum(
        calendar.is_working(date.fromordinal(first.toordinal() + ahead)) for ahead in range(1, reach + 1)
    )
