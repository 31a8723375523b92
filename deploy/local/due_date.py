"""`motcua due-date FROM LIMIT`: the due date of a limit and why it is that day, for anyone who wants to check. Needs nothing running."""

import argparse
import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from deploy.local.process import Failed
from services.processing.calendar import shipped
from services.processing.deadline import LIMIT_UNITS, Day, Explanation, Limit, LimitUnit, explain

UNITS: dict[str, LimitUnit] = {unit.replace("_", "-"): unit for unit in LIMIT_UNITS}
WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")
SAID = {
    "counted": ("tính", "counted"),
    "skipped": ("không tính", "skipped"),
    "moved": ("chuyển sang ngày làm việc tiếp theo", "moved to the next working day"),
}
PROVISIONAL = (
    "Tạm tính: có năm chưa công bố lịch nghỉ. · Provisional: a year in it has no declared calendar yet."
)


def asked(options: argparse.Namespace) -> Explanation:
    """The explanation of what the command line asks for; Failed names the argument that is no date or no limit."""
    try:
        return explain(_day(options.start), Limit(options.limit, UNITS[options.unit]), shipped())
    except OverflowError:
        raise Failed("LIMIT reaches beyond the last year that a date can have") from None
    except ValueError as fault:
        raise Failed(f"LIMIT: {fault}") from None


def _day(text: str) -> date:
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise Failed(f"FROM is no date: {text!r}; write 2023-01-13 or 13/01/2023")


def as_json(found: Explanation) -> str:
    """`due_on`, `provisional` and the days of the explanation."""
    days = [{"on": str(day.on), "effect": day.effect, "document": day.document} for day in found.days]
    told: dict[str, Any] = {
        "due_on": str(found.due_on),
        "provisional": found.provisional,
        "explanation": days,
    }
    return json.dumps(told, ensure_ascii=False, indent=2)


def as_lines(found: Explanation) -> Iterator[str]:
    """The due date, Vietnamese first, then a line for each day."""
    due_on = found.due_on
    yield f"Hạn trả kết quả: {_named(due_on)} (24:00) · due on {due_on.isoformat()}"
    if found.provisional:
        yield PROVISIONAL
    number = 0
    for day in found.days:
        number += day.effect == "counted"
        yield _line(day, number)


def _line(day: Day, number: int) -> str:
    vietnamese, english = SAID[day.effect]
    counted = f" {number}" if day.effect == "counted" else ""
    why = f" – {day.document}" if day.document else ""
    return f"  {_named(day.on)}: {vietnamese}{counted} · {english}{counted}{why}"


def _named(day: date) -> str:
    return f"{WEEKDAYS[day.weekday()]} {day:%d/%m/%Y}"
