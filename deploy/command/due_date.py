"""`motcua due-date FROM LIMIT`: the due date of a limit and why it is that day, for anyone who wants to check. Needs nothing running."""

import argparse
import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from deploy.local.process import Failed
from services.processing.clock import working_hours
from services.processing.clock.due_date import (
    LIMIT_UNITS,
    PAUSE_RULES,
    Explanation,
    Limit,
    LimitUnit,
    Pause,
    Paused,
    due_date,
    explain,
)
from services.processing.clock.working_days import ZONE, shipped
from services.processing.dossier.explanation import (
    Sentence,
    named,
    notes,
    provisional,
    rule,
    sentences,
    summary,
)

HOURS = "working-hours"
UNITS: dict[str, LimitUnit] = {unit.replace("_", "-"): unit for unit in LIMIT_UNITS}
RULES = {rule.replace("_", "-"): rule for rule in PAUSE_RULES}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "start",
        metavar="FROM",
        help=f"day of acceptance: 2023-01-13 or 13/01/2023; with {HOURS} the instant: 2026-01-09T15:00",
    )
    parser.add_argument("limit", metavar="LIMIT", type=int, help="how many of the unit")
    parser.add_argument("--unit", choices=(*UNITS, HOURS), default="working-days")
    parser.add_argument(
        "--pause",
        metavar="BEGAN..ENDED[:RULE]",
        action="append",
        default=[],
        help=f"a request and the end of its pause; RULE is one of {', '.join(RULES)} (default: subtract)",
    )
    parser.add_argument("--json", action="store_true")


def told(options: argparse.Namespace) -> Iterator[str]:
    """The answer, line by line; Failed names the argument that is no date, no limit or no pause."""
    try:
        if options.unit == HOURS:
            yield from _hours(options)
            return
        limit, start = Limit(options.limit, UNITS[options.unit]), _day(options.start, "FROM")
        pauses = [_pause(p) for p in options.pause]
        found = _explained(start, limit, pauses)
    except OverflowError:
        raise Failed("LIMIT reaches beyond the last year that a date can have") from None
    except Paused:
        raise Failed("--pause: no due date while a pause lasts; give its end") from None
    except ValueError as fault:
        raise Failed(f"LIMIT: {fault}") from None
    said = summary(start, rule(limit, 0, None), found, pauses)
    told = [said, *notes(found, pauses)]
    yield from [_as_json(found, said)] if options.json else _as_lines(found, told)


def _explained(start: date, limit: Limit, pauses: Sequence[Pause]) -> Explanation:
    """Failed for a pause that begins before the acceptance, or after the date that was due without it."""
    before: list[Pause] = []
    for pause in sorted(pauses, key=lambda each: each.began_on):
        due_on = due_date(start, limit, shipped(), before)
        if pause.began_on < start:
            raise Failed(f"--pause: {pause.began_on} is before the acceptance, {start}")
        if pause.began_on > due_on:
            raise Failed(f"--pause: {pause.began_on} is after the due date, {due_on}: the clock has ended")
        before.append(pause)
    return explain(start, limit, shipped(), before)


def _day(text: str, argument: str) -> date:
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise Failed(f"{argument} is no date: {text!r}; write 2023-01-13 or 13/01/2023")


def _pause(text: str) -> Pause:
    days, _, rule = text.partition(":")
    began, _, end = days.partition("..")
    if (rule or "subtract") not in RULES:
        raise Failed(f"--pause: {rule!r} is none of {', '.join(RULES)}")
    pause = Pause(_day(began, "--pause"), _day(end, "--pause") if end else None, RULES[rule or "subtract"])
    if pause.ended_on and pause.ended_on < pause.began_on:
        raise Failed(f"--pause: {text!r} ends before it begins")
    return pause


def _as_json(found: Explanation, said: Sentence) -> str:
    """`due_on`, `provisional`, the whole in a sentence, and the days of the explanation."""
    days = [
        {
            "on": str(day.on),
            "effect": day.effect,
            "document": day.document,
            "kind": day.kind,
            "holiday": day.holiday and day.holiday._asdict(),
        }
        for day in found.days
    ]
    members: dict[str, Any] = {
        "due_on": str(found.due_on),
        "provisional": found.provisional,
        "summary": said._asdict(),
        "explanation": days,
    }
    return json.dumps(members, ensure_ascii=False, indent=2)


def _as_lines(found: Explanation, told: Sequence[Sentence]) -> Iterator[str]:
    """The due date, Vietnamese first, what is to be known of it, then a line for each day."""
    due_on = found.due_on
    yield f"Hạn trả kết quả: {named(due_on).vi} (24:00) · due on {due_on.isoformat()}"
    for said in told:
        yield f"{said.vi} · {said.en}"
    for _, said in sentences(found):
        yield f"  {said.vi} · {said.en}"


def _hours(options: argparse.Namespace) -> Iterator[str]:
    """A limit of working hours: its instant, then each stretch of working time that counts."""
    if options.pause:
        raise Failed(f"--pause: a limit in {HOURS} has none")
    try:
        start = datetime.fromisoformat(options.start)
    except ValueError:
        raise Failed(f"FROM is no instant: {options.start!r}; write 2026-01-09T15:00") from None
    start = start if start.tzinfo else start.replace(tzinfo=ZONE)
    found = working_hours.counted(start, options.limit, shipped())
    due = found[-1].ends
    years = shipped().provisional_years(start.astimezone(ZONE).date(), due.date())
    if options.json:
        spans = [{"from": each.begins.isoformat(), "to": each.ends.isoformat()} for each in found]
        members = {"due_on": str(due.date()), "due_at": due.isoformat(), "provisional": bool(years)}
        yield json.dumps({**members, "explanation": spans}, ensure_ascii=False, indent=2)
        return
    yield f"Hạn: {due:%H:%M} {named(due.date()).vi} · due at {due.isoformat()}"
    if years:
        yield " · ".join(provisional(years))
    for each in found:
        yield f"  {named(each.begins.date()).vi}: {each.begins:%H:%M}–{each.ends:%H:%M}"
