"""Says a due date's explanation in sentences, Vietnamese and English, and as data: the same for the desk and for the command line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from services.processing.clock.due_date import (
    Day,
    Effect,
    Explanation,
    Limit,
    LimitUnit,
    Pause,
    PauseRule,
    explain,
)
from services.processing.clock.statutory import Clock
from services.processing.clock.working_days import Calendar
from services.processing.dossier.state import AwaitingPayment, AwaitingSupplement, Dossier, Held

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
UNITS: dict[LimitUnit, tuple[str, str]] = {
    "working_days": ("ngày làm việc", "working days"),
    "calendar_days": ("ngày", "calendar days"),
    "months": ("tháng", "months"),
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


def rule(limit: Limit, extended: int, project_class: str | None) -> Sentence:
    """How long the limit is, and whose: of a project's class, and after a slash of its works', where it depends on it."""
    vietnamese, english = UNITS[limit.unit]
    vi, en = f"{limit.amount} {vietnamese}", f"{limit.amount} {english}"
    if extended:
        vi, en = f"{vi}, gồm {extended} gia hạn", f"{en}, {extended} of them by extension"
    if project_class is None:
        return Sentence(vi, en)
    project, _, works = project_class.partition("/")
    if set(project) <= set("IV"):
        return Sentence(f"{vi}, công trình cấp {project}", f"{en}, works of class {project}")
    vi, en = f"{vi}, dự án nhóm {project}", f"{en}, project of class {project}"
    return (
        Sentence(f"{vi} có công trình cấp {works}", f"{en} with works of class {works}")
        if works
        else Sentence(vi, en)
    )


def due_date_of(dossier_id: UUID, dossier: Dossier, today: date, calendar: Calendar) -> dict[str, Any] | None:
    """The due date of a dossier with its explanation, the members of answers.DueDate; None before acceptance.

    While the clock stands still it explains the date that it would be if the pause ended today.
    Guarantee: what is explained is the date that was promised, or nothing is. Test: test_a_date_that_was_brought_along_is_not_explained.
    """
    held, due_on = dossier.held, dossier.due_on
    if held is None:
        return None
    clock, since = held.clock, paused_since(dossier)
    if since is not None:
        clock = clock._replace(pauses=(*clock.pauses, Pause(since, max(today, since), _rule(dossier))))
    found = None
    if clock.total is not None and clock.given is None:
        found = explain(clock.accepted_on, clock.total, calendar, clock.pauses)
    if found is not None and since is None and found.due_on != due_on:
        found = None
    return {
        "dossier_id": str(dossier_id),
        "due_on": due_on,
        "accepted_on": clock.accepted_on,
        "project_class": held.project_class,
        "limit": _counted(clock, held.project_class) if found else None,
        "extended_by": clock.extended,
        "paused_since": since,
        "due_on_if_it_ended_today": clock.due_on(calendar) if since else None,
        "pauses": [pause._asdict() for pause in held.clock.pauses],
        "provisional": found is not None and found.provisional,
        "explanation": [{**day._asdict(), **said._asdict()} for day, said in sentences(found)]
        if found
        else [],
    }


def _counted(clock: Clock, project_class: str | None) -> dict[str, Any] | None:
    limit = clock.total
    if limit is None:
        return None
    said = rule(limit, clock.extended, project_class)
    return {"amount": limit.amount, "unit": limit.unit, **said._asdict()}


def paused_since(dossier: Dossier) -> date | None:
    """The day from which the statutory clock stands still, if it does."""
    now = dossier.now
    if isinstance(now, AwaitingSupplement | AwaitingPayment) and isinstance(now.before, Held):
        return now.request.on if now.request.clock == "paused" else None
    return None


def _rule(dossier: Dossier) -> PauseRule:
    now = dossier.now
    return now.request.rule if isinstance(now, AwaitingSupplement) else "subtract"
