"""`motcua export`: what analysts work with, as files, from any machine that is told where the run is; with an analyst's rights alone.

Events, and the logs made of them, come from the topic; lines and dossiers from reporting's database.
"""

import argparse
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from contracts.topics import ANALYST
from deploy.command.reach import dsn, kafka
from deploy.export import book, files, ocel, topic, xes
from deploy.export.quality import writing
from deploy.export.quality.index import quality
from deploy.export.spool import Spool, discard
from deploy.local.home import Home
from deploy.local.process import Failed
from services.chassis.lifecycle import release
from services.reporting.book.lines import ZONE, local_date
from services.reporting.report.columns import tells
from services.reporting.report.counts import Window
from services.reporting.report.periods import named

KINDS = {
    "events": ("parquet", "csv", "jsonl"),
    "entries": ("parquet", "csv", "jsonl"),
    "dossiers": ("parquet", "csv", "jsonl"),
    "ocel": ("json", "sqlite"),
    "xes": ("xes",),
    "quality": ("json", "xlsx"),
}
COLUMNS = {"events": topic.COLUMNS, "entries": book.ENTRIES, "dossiers": book.DOSSIERS}
SAID_EVERY_SECONDS = 2.0
ZONE_NAME = str(ZONE.tzname(None))

Say = Callable[[str], None]
Run = Callable[[Callable[..., Any]], Any]


def add_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    run: Run,
    instant: Callable[[str], datetime],
) -> None:
    parser = commands.add_parser("export", help="what analysts work with, as files")
    whats = parser.add_subparsers(required=True, metavar="WHAT", dest="what")
    helps = {
        "events": "every event of every dossier, a row each",
        "entries": "the lines of the book that reports count",
        "dossiers": "a row for each dossier, as reports count it",
        "ocel": "an object-centric event log, OCEL 2.0",
        "xes": "an event log in XES, a trace for each dossier",
        "quality": "the service-quality index of a period, times, workload, and what may hide lateness",
    }
    for what, said in helps.items():
        each = whats.add_parser(what, help=said)
        each.add_argument(
            "--format", choices=KINDS[what], default=KINDS[what][0], help="%(default)s by default"
        )
        each.add_argument("--to", type=Path, metavar="FILE", help=f"by default {what} and the format, here")
        if what in COLUMNS:
            each.add_argument(
                "--since",
                type=instant,
                metavar="TIME",
                help="what became known after it: 2023-01-31T08:00+07:00",
            )
        each.add_argument("--as-of", type=instant, metavar="TIME", help="nothing that became known after it")
        each.add_argument(
            "--anew", action="store_true", help="forget what an export that was cut short had gathered"
        )
        if what == "quality":
            each.add_argument(
                "--from", dest="first", type=date.fromisoformat, metavar="DAY", help="first day"
            )
            each.add_argument("--until", dest="last", type=date.fromisoformat, metavar="DAY", help="last day")
            each.add_argument(
                "--period", type=named, help="in their place: 2023, 2023-H1, 2023-9m, 2023-Q3, 2023-09"
            )
        each.set_defaults(run=run(export), since=None)


def window_of(options: argparse.Namespace, today: date) -> Window:
    """What is asked, up to the day that tells in due from overdue; without a last day up to now."""
    if options.period and (options.first or options.last):
        raise Failed("--period comes without --from and --until")
    asked = options.period or Window(options.first, options.last)
    last = asked.last or today
    if asked.first and asked.first > last:
        raise Failed("--until is before --from")
    return Window(asked.first, tells(last, today))


async def export(home: Home, options: argparse.Namespace, say: Say) -> None:
    """Gathers what is asked beside the file that is to come, then writes that and removes what was gathered."""
    what: str = options.what
    path = _path(options)
    window = window_of(options, local_date(options.as_of or datetime.now(UTC))) if what == "quality" else None
    if options.anew:
        discard(path)
    question = {"what": what, "since": options.since, "as_of": options.as_of, "release": release()}
    spool = Spool(path, question)
    if spool.begun:
        say(f"{spool.path.name} is there: going on where it was")
    told = _Seldom(say)
    if what in ("entries", "dossiers"):
        role = dsn(home, "reporting", role=ANALYST)
        about = await book.gather(role, spool, what, options.since, options.as_of, told)
    else:
        about = await topic.gather(kafka(home, ANALYST), spool, options.since, options.as_of, told)
    about = {
        "what": what,
        "since": str(options.since or ""),
        "code_version": release(),
        "zone": ZONE_NAME,
    } | about
    try:
        found = _write(path, options.format, spool, about, window)
    except OSError as fault:
        raise Failed(f"{path}: {fault.strerror}; what was gathered stays") from None
    spool.remove()
    say(f"{path.name}: {found}, {path.stat().st_size:,} bytes")
    if about.get("as_of"):
        say(f"as of {about['as_of']}, a day is one of {ZONE_NAME}")
    for number, line in (
        ("held", "dossiers wait for an event and are in it as they were before"),
        ("unread", "messages could not be read and are not in it"),
    ):
        if about.get(number, "0") != "0":
            say(f"{about[number]} {line}")
    if about["made_up"] == "true":
        say("the demonstration's dossiers, which are nobody's, are among them")


def _path(options: argparse.Namespace) -> Path:
    given: Path = options.to or Path(f"{options.what}.{options.format}")
    return given.resolve()


def _write(path: Path, kind: str, spool: Spool, about: dict[str, str], window: Window | None) -> str:
    """The file, whole or not at all; how much is in it."""
    with files.whole(path) as draft:
        if window is not None:
            return _quality(draft, kind, spool, window, about)
        if about["what"] == "xes":
            return f"{xes.write(draft, spool.rows(), about):,} traces"
        if about["what"] == "ocel":
            return f"{ocel.write(draft, kind, spool.rows()):,} events"
        files.write(kind, draft, COLUMNS[about["what"]], spool.rows(), about)
        return f"{len(spool):,} rows"


def _quality(path: Path, kind: str, spool: Spool, window: Window, about: dict[str, str]) -> str:
    made = quality(spool.rows(), window)
    writing.write(path, kind, made, about | {"from": window.first, "until": window.last})
    return f"{len(made.measures)} measures, {sum(map(len, made.signs.values())):,} dossiers listed"


class _Seldom:
    """Says how far it is now and then."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._next_at = time.monotonic() + SAID_EVERY_SECONDS

    def __call__(self, line: str) -> None:
        if time.monotonic() >= self._next_at:
            self._say(line)
            self._next_at = time.monotonic() + SAID_EVERY_SECONDS
