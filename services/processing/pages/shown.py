"""What several of processing's pages show: who may open them, what a procedure is called, how far a day is away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import Depends

from contracts.catalogue import shipped as catalogue
from contracts.catalogue.filled import in_words
from contracts.catalogue.forms import FORMS
from contracts.catalogue.offices import Names
from services.chassis.http.page_routes import signed_in
from services.chassis.http.sessions import Visitor
from services.chassis.http.texts import Lang
from services.chassis.http.visibility import STAFF
from services.processing.clock.working_days import Calendar
from services.processing.dossier.state import Filing
from services.processing.pages import words

DAYS_COUNTED_MOST = 60
PAGE_ITEMS = 50

Officer = Annotated[Visitor, Depends(signed_in(*STAFF))]


def procedure_name(code: str) -> tuple[str, str]:
    """In Vietnamese and English."""
    found = catalogue.find(code)
    return (found.name_vi, found.name_en) if found else (code, code)


def place_name(names: Names, code: str | None, lang: Lang) -> str:
    """What the register calls an office, a unit or an agency; the code of one that it does not know, a dash for none."""
    if code is None:
        return "–"
    return names[code][lang == "en"] if code in names else code


def filled_in(filing: Filing, content: Mapping[str, Any], lang: Lang) -> list[tuple[str, str]]:
    """What was filed, in the words of the form of its day."""
    return in_words(FORMS.on(filing.procedure, filing.submitted_on), content, lang)


def working_days_to(day: date, today: date, calendar: Calendar) -> int:
    """Working days from today to a day, less than 0 for one that is over; of far ones the bound."""
    first, last, sign = (today, day, 1) if day >= today else (day, today, -1)
    reach = min((last - first).days, DAYS_COUNTED_MOST)
    return sign * sum(
        calendar.is_working(date.fromordinal(first.toordinal() + ahead)) for ahead in range(1, reach + 1)
    )


def line_of(item: Mapping[str, Any], today: date, calendar: Calendar) -> dict[str, Any]:
    """A dossier as a line of a queue."""
    status, colour = words.STATUSES[item["status"]]
    limit = item["due_on"] or item["deadline_on"] or (item["intake_due_at"] and item["intake_due_at"].date())
    return {
        **item,
        "name": procedure_name(item["procedure"]),
        "said": status,
        "colour": colour,
        "limit": limit,
        "days": None if limit is None else working_days_to(limit, today, calendar),
    }
