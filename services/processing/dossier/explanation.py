"""Says a due date's explanation in sentences, Vietnamese and English, and as data: the same for the desk and for the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple
from uuid import UUID

from babel.dates import format_date

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
from services.processing.clock.working_days import ONE_DAY, Calendar, KindOfDay
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
ENGLISH = "d MMMM y"
KINDS: dict[KindOfDay, tuple[str, str]] = {
    "weekend": ("nghỉ cuối tuần", "weekend"),
    "worked": ("làm bù", "worked in exchange"),
}


class Sentence(NamedTuple):
    """The same in both languages."""

    vi: str
    en: str


NO_DAY_LEFT = Sentence(
    "Yêu cầu được đưa ra vào ngày cuối của thời hạn: khi tạm dừng kết thúc không còn ngày nào để giải quyết.",
    "The request came on the last day of the limit: when its pause ends, no day is left.",
)


ON_THE_LAST_DAY = Sentence(
    "Hôm nay là ngày cuối của thời hạn: nếu yêu cầu nộp phí hôm nay, hồ sơ quá hạn ngay sau khi phí được nộp.",
    "Today is the last day of the limit: if a fee is asked for today, the dossier is late as soon as it is paid.",
)
WarningCode = Literal["provisional", "last-day"]


def warnings(
    status: str, since: date | None, dates: Iterable[date | None], today: date, calendar: Calendar
) -> list[dict[str, str]]:
    """What whoever acts on a dossier should know before, each with its code. `dates` are those it is told to end by, the due date first."""
    due_on, *deadlines = dates
    told = [day for day in (due_on, *deadlines) if day is not None]
    found: dict[WarningCode, Sentence] = {}
    if told and since and (years := calendar.provisional_years(since, max(told))):
        found["provisional"] = provisional(years)
    if due_on == today and status in ("accepted", "in_processing"):
        found["last-day"] = ON_THE_LAST_DAY
    return [{"code": code, **said._asdict()} for code, said in found.items()]


def sentences(found: Explanation) -> Iterator[tuple[Day, Sentence]]:
    """Each day of the explanation with its sentence; counted days are numbered."""
    number = 0
    for day in found.days:
        number += day.effect == "counted"
        which = f" {number}" if day.effect == "counted" else ""
        vietnamese, english = SAID[day.effect]
        why = "".join(f" – {each}" for each in (day.holiday and day.holiday.vi, day.document) if each)
        why_en = "".join(f" – {each}" for each in (day.holiday and day.holiday.en, day.document) if each)
        if day.kind in KINDS and (day.kind == "worked" or day.effect in ("skipped", "moved")):
            why, why_en = f" – {KINDS[day.kind][0]}{why}", f" – {KINDS[day.kind][1]}{why_en}"
        yield (
            day,
            Sentence(
                f"{named(day.on).vi}: {vietnamese}{which}{why}",
                f"{named(day.on).en}: {english}{which}{why_en}",
            ),
        )


def named(day: date) -> Sentence:
    """A day with its weekday, as each language writes it."""
    vietnamese, english = WEEKDAYS[day.weekday()]
    return Sentence(f"{vietnamese} {day:%d/%m/%Y}", f"{english} {plainly(day).en}")


def plainly(day: date) -> Sentence:
    """A day without its weekday."""
    return Sentence(f"{day:%d/%m/%Y}", format_date(day, ENGLISH, "en"))


def provisional(years: Sequence[int]) -> Sentence:
    """Why a date that reaches these years may still move."""
    named_years = ", ".join(map(str, years))
    return Sentence(
        f"Tạm tính: lịch nghỉ Tết, Quốc khánh năm {named_years} chưa được công bố, tạm lấy ngày nghỉ theo luật.",
        f"Provisional: the days off for Tết and National Day {named_years} are not declared yet; those of the law are taken.",
    )


def summary(accepted_on: date, limit: Sentence, found: Explanation, pauses: Sequence[Pause] = ()) -> Sentence:
    """The whole explanation in one sentence; `limit` is the rule. Only holidays that law names are called so."""
    paused = sum(day.effect == "paused" for day in found.days)
    holidays = sum(day.effect == "skipped" and day.holiday is not None for day in found.days)
    anew = max((p.ended_on for p in pauses if p.rule == "restart" and p.ended_on), default=None)
    moved = next((day.on for day in found.days if day.effect == "moved"), None)
    vi, en = [f"{limit.vi} từ {plainly(accepted_on).vi}"], [f"{limit.en} from {plainly(accepted_on).en}"]
    if paused:
        vi.append(f"tạm dừng {paused} ngày")
        en.append(f"paused {_days(paused)}")
    if anew:
        vi.append(f"tính lại từ đầu từ {plainly(anew).vi}")
        en.append(f"begun anew from {plainly(anew).en}")
    if holidays:
        vi.append(f"nghỉ lễ {holidays} ngày")
        en.append(f"{_days(holidays)} of public holidays")
    if moved:
        last = plainly(moved - ONE_DAY)
        vi.append(f"ngày cuối {last.vi} là ngày nghỉ")
        en.append(f"its last day, {last.en}, is a day off")
    due = plainly(found.due_on)
    return Sentence(f"{', '.join(vi)} → {due.vi}", f"{', '.join(en)} → {due.en}")


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


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
    if clock.total is not None and clock.counted:
        found = explain(clock.accepted_on, clock.total, calendar, clock.pauses)
    if found is not None and since is None and found.due_on != due_on:
        found = None
    limit = _counted(clock, held.project_class) if found else None
    return {
        "dossier_id": str(dossier_id),
        "due_on": due_on,
        "accepted_on": clock.accepted_on,
        "project_class": held.project_class,
        "limit": limit,
        "extended_by": clock.extended,
        "paused_since": since,
        "due_on_if_it_ended_today": clock.due_on(calendar) if since else None,
        "pauses": [pause._asdict() for pause in held.clock.pauses],
        "provisional": found is not None and found.provisional,
        "summary": summary(
            clock.accepted_on, Sentence(limit["vi"], limit["en"]), found, clock.pauses
        )._asdict()
        if found and limit
        else None,
        "notes": [
            *([note._asdict() for note in notes(found, clock.pauses)] if found else []),
            *([ON_THE_LAST_DAY._asdict()] if isinstance(dossier.now, Held) and due_on == today else []),
        ],
        "explanation": [
            {
                "on": day.on,
                "effect": day.effect,
                "document": day.document,
                "kind": day.kind,
                "holiday": day.holiday and day.holiday._asdict(),
                **said._asdict(),
            }
            for day, said in sentences(found)
        ]
        if found
        else [],
    }


def notes(found: Explanation, pauses: Sequence[Pause]) -> Iterator[Sentence]:
    """What is to be known of the date beside its days.

    Guarantee: a date that a pause of the last day leaves no day for says so. Test: test_a_fee_asked_on_the_last_day_is_told.
    """
    if found.provisional_years:
        yield provisional(found.provisional_years)
    if any(p.rule == "subtract" and p.began_on >= found.due_on for p in pauses):
        yield NO_DAY_LEFT


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
