"""Says a due date's explanation in sentences, Vietnamese and English, and as data: the same for the desk and for the command line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from contracts import catalogue
from services.processing.calendar import Calendar, local_day
from services.processing.deadline import Day, Effect, Explanation, Limit, explain
from services.processing.tables import DossierRow

WEEKDAYS = (
    ("thứ Hai", "Monday"),
    ("thứ Ba", "Tuesday"),
    ("thứ Tư", "Wednesday"),
    ("thứ Năm", "Thursday"),
    ("thứ Sáu", "Friday"),
    ("thứ Bảy", "Saturday"),
    ("Chủ nhật", "Sunday"),
)
SAID: dict[Effect, tuple[str, str]] = {
    "counted": ("tính", "counted"),
    "skipped": ("không tính", "skipped"),
    "paused": ("tạm dừng", "paused"),
    "dropped": ("không còn tính, thời hạn tính lại từ đầu", "no longer counted, the clock began anew"),
    "moved": ("chuyển sang ngày làm việc tiếp theo", "moved to the next working day"),
}
PROVISIONAL = (
    "Tạm tính: có năm chưa công bố lịch nghỉ.",
    "Provisional: a year in it has no declared calendar yet.",
)


class Sentence(NamedTuple):
    """The same in both languages."""

    vi: str
    en: str


def sentences(found: Explanation) -> Iterator[tuple[Day, Sentence]]:
    """Each day of the explanation with its sentence; counted days are numbered."""
    number = 0
    for day in found.days:
        number += day.effect == "counted"
        which = f" {number}" if day.effect == "counted" else ""
        why = f" – {day.document}" if day.document else ""
        vietnamese, english = SAID[day.effect]
        yield (
            day,
            Sentence(
                f"{named(day.on).vi}: {vietnamese}{which}{why}",
                f"{named(day.on).en}: {english}{which}{why}",
            ),
        )


def named(day: date) -> Sentence:
    """A day with its weekday, as each language writes it."""
    vietnamese, english = WEEKDAYS[day.weekday()]
    return Sentence(f"{vietnamese} {day:%d/%m/%Y}", f"{english} {day.isoformat()}")


def due_date_of(row: DossierRow, calendar: Calendar) -> dict[str, Any] | None:
    """The due date of a dossier with its explanation, the members of bodies.DueDate; None before acceptance.

    Guarantee: what is explained is the date that was promised, or nothing is. Test: test_a_date_that_was_brought_along_is_not_explained.
    """
    if row.accepted_at is None:
        return None
    accepted_on = local_day(row.accepted_at)
    limit, found = _counted(row, accepted_on, calendar)
    return {
        "dossier_id": str(row.dossier_id),
        "due_on": row.due_on,
        "accepted_on": accepted_on,
        "limit": limit and {"amount": limit.amount, "unit": limit.unit},
        "provisional": found is not None and found.provisional,
        "explanation": [{**day._asdict(), **said._asdict()} for day, said in sentences(found)]
        if found
        else [],
    }


def _counted(
    row: DossierRow, accepted_on: date, calendar: Calendar
) -> tuple[Limit, Explanation] | tuple[None, None]:
    version = catalogue.version_on(row.procedure, row.filing.submitted_on)
    if not isinstance(version, catalogue.Version) or row.due_on is None:
        return None, None
    limit = Limit(version.limit_days, version.limit_unit)
    found = explain(accepted_on, limit, calendar)
    return (limit, found) if found.due_on == row.due_on else (None, None)
