"""`motcua calendar declare|withdraw|confirm|refuse|unconfirmed|list|check`: the declared days, by two persons with that right.

`check` reads a file and needs nothing running. The others ask processing through its own doors; the recount that follows from what
was confirmed is shown until it ends.
"""

import argparse
import json
import time
import unicodedata
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from deploy.local.home import Home
from deploy.local.process import Failed

ZONE_OFFSET = "+07:00"
ANSWER_SECONDS = 30.0
LOOK_SECONDS = 0.5
KINDS = ("off", "worked")
_HOW_TO_CONFIRM = "`motcua calendar confirm {} --token TOKEN`"
Say = Callable[[str], None]

# Never by way of a proxy that the environment names.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def add_arguments(parser: argparse.ArgumentParser, say: Say) -> None:
    """The acts of the command, each with what it takes."""
    acts = parser.add_subparsers(required=True, metavar="ACT")
    declares = acts.add_parser("declare", help="declare a day off, or a day off worked")
    declares.add_argument("day", metavar="DAY", help="2027-02-05 or 05/02/2027")
    declares.add_argument("kind", choices=KINDS)
    declares.add_argument(
        "--document", required=True, help='its number, such as "Công văn 12729/VPCP-KGVX"; no other text'
    )
    declares.add_argument(
        "--announced-at", metavar="INSTANT", help="when the document was announced; now by default"
    )
    declares.set_defaults(run=lambda home, options: _declare(Door(home, options.token), options, say))
    withdraws = acts.add_parser("withdraw", help="take back what was declared last of a day")
    withdraws.add_argument("day", metavar="DAY")
    withdraws.set_defaults(run=lambda home, options: _withdraw(Door(home, options.token), options, say))
    confirms = acts.add_parser("confirm", help="confirm what another person declared or took back of a day")
    refuses = acts.add_parser("refuse", help="refuse it, or take back your own")
    for answers, path in ((confirms, "confirmations"), (refuses, "refusals")):
        answers.add_argument("day", metavar="DAY")
        answers.add_argument(
            "--announced-at", metavar="INSTANT", help="which, where several wait of that day"
        )
        answers.set_defaults(
            run=lambda home, options, path=path: _answer(Door(home, options.token), path, options, say)
        )
    waits = acts.add_parser("unconfirmed", help="what waits for a second person")
    waits.set_defaults(run=lambda home, options: _unconfirmed(Door(home, options.token), say))
    lists = acts.add_parser("list", help="what is declared of a year, with its documents")
    lists.add_argument("--year", type=int, help="this year by default")
    lists.set_defaults(run=lambda home, options: _list(Door(home, options.token), options, say))
    for act in (declares, withdraws, confirms, refuses, waits, lists):
        act.add_argument(
            "--token", default="", help="who you are, as `motcua token --role calendar --sub NAME` prints it"
        )
    checks = acts.add_parser("check", help="every fault of a calendar file, or what is in it")
    checks.add_argument("file", type=Path, nargs="?", help="the shipped one by default")
    checks.set_defaults(run=lambda _home, options: _check(options.file, say))


class Door(NamedTuple):
    """Processing's routes, with the caller's token, or else one of the embedded run for nobody in particular."""

    home: Home
    token: str

    def ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer; Failed with the refusal's code and sentence, or with why there is no answer."""
        from deploy.local.issuer import (
            Issuer,
        )  # what signs is not loaded by `motcua status`, asked every second

        if not (self.home.path / "jwks.json").exists():
            raise Failed(f"nothing has run in {self.home.path} yet; `motcua up` starts it")
        url = f"{self.home.url('processing')}{path}"
        headers = {"authorization": f"Bearer {self.token or Issuer(self.home.path).token('calendar')}"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers |= {"content-type": "application/json", "idempotency-key": str(uuid4())}
        request = urllib.request.Request(url, data, headers)  # noqa: S310  an http address of this run
        try:
            with _DIRECT.open(request, timeout=ANSWER_SECONDS) as answer:
                found: dict[str, Any] = json.load(answer)
                return found
        except urllib.error.HTTPError as refusal:
            raise Failed(_told(refusal)) from None
        except (OSError, ValueError) as fault:
            raise Failed(
                f"processing does not answer at {self.home.url('processing')} ({fault}); "
                "`motcua status` shows what runs, `motcua up` starts it"
            ) from None


def _told(refusal: urllib.error.HTTPError) -> str:
    try:
        problem = json.load(refusal)
    except ValueError:
        return f"processing answered {refusal.code}"
    faults = [f"{each['field']}: {each['detail']}" for each in problem.get("errors") or ()]
    return ": ".join([problem["code"], *(faults or filter(None, [problem.get("detail")]))])


def _declare(door: Door, options: argparse.Namespace, say: Say) -> int:
    day, document = day_of(options.day), unicodedata.normalize("NFC", options.document)
    body = {
        "day": str(day),
        "kind": options.kind,
        "document": document,
        "announced_at": _instant(options.announced_at),
    }
    changed = door.ask("/v1/calendar/declarations", body)
    if changed["waits"]:
        say(f"{day} {options.kind} by {document} waits for another person: {_HOW_TO_CONFIRM.format(day)}")
    else:
        say(f"{day} is declared {options.kind} already: a {_kind(changed)}")
    return 0


def _withdraw(door: Door, options: argparse.Namespace, say: Say) -> int:
    day = day_of(options.day)
    of_year = door.ask(f"/v1/calendar?year={day.year}")["declarations"]
    counts = [each for each in of_year if each["day"] == str(day) and each["counts"]]
    if not counts:
        raise Failed(f"nothing is declared of {day}; `motcua calendar list --year {day.year}` shows what is")
    door.ask("/v1/calendar/withdrawals", {"day": str(day), "announced_at": counts[0]["announced_at"]})
    say(
        f"the withdrawal of {day} {counts[0]['kind']} by {counts[0]['document']} waits for another person: "
        f"{_HOW_TO_CONFIRM.format(day)}"
    )
    return 0


def _answer(door: Door, path: str, options: argparse.Namespace, say: Say) -> int:
    day = day_of(options.day)
    of_day = [each for each in door.ask("/v1/calendar/proposals")["items"] if each["day"] == str(day)]
    if options.announced_at:
        at = datetime.fromisoformat(_instant(options.announced_at))
        of_day = [each for each in of_day if datetime.fromisoformat(each["announced_at"]) == at]
    if not of_day:
        raise Failed(f"nothing of {day} waits to be confirmed; `motcua calendar unconfirmed` shows what does")
    if len(of_day) > 1:
        raise Failed("\n".join([f"several wait of {day}; --announced-at says which:", *map(_line, of_day)]))
    named = {name: of_day[0][name] for name in ("act", "day", "announced_at")}
    changed = door.ask(f"/v1/calendar/{path}", named)
    if path == "refusals":
        say(f"refused: {_line(of_day[0])}")
        return 0
    done = "declared" if named["act"] == "declare" else "withdrawn"
    say(f"{done}: {day} {of_day[0]['kind']} by {of_day[0]['document']}; it is a {_kind(changed)} now")
    _show_recount(door, changed["version"], say)
    return 0


def _unconfirmed(door: Door, say: Say) -> int:
    for each in door.ask("/v1/calendar/proposals")["items"]:
        say(_line(each))
    return 0


def _line(proposal: dict[str, Any]) -> str:
    return (
        f"{proposal['act']:<8}  {proposal['day']}  {proposal['kind']:<6}  {proposal['document']}  "
        f"announced {proposal['announced_at']}  by {proposal['proposed_by']}"
    )


def _kind(changed: dict[str, Any]) -> str:
    return "working day" if changed["working"] else "day off"


def _show_recount(door: Door, version: int, say: Say) -> None:
    """Waits for the recount of that version of the calendar; interrupting it interrupts nothing but the showing."""
    shown = ""
    while True:
        told = door.ask("/v1/calendar/recount")
        if told["version"] >= version:
            line = f"{told['done']:,} of {told['total']:,} open dossiers counted again, {told['moved']:,} dates moved"
            if line != shown:
                say(line)
                shown = line
            if told["finished_at"]:
                return
        time.sleep(LOOK_SECONDS)


def _list(door: Door, options: argparse.Namespace, say: Say) -> int:
    told = door.ask(f"/v1/calendar?year={options.year}" if options.year else "/v1/calendar")
    for each in told["declarations"]:
        overruled = "" if each["counts"] else "  (overruled by a later one)"
        say(
            f"{each['day']}  {each['kind']:<6}  {each['document']}  announced {each['announced_at']}{overruled}"
        )
    for each in told["by_law"]:
        say(f"{each['day']}  off     {each['document']}  by law: {each['vi']}")
    if told["provisional"]:
        say(f"Tết and 2 September of {told['year']} are not declared yet: its dates are provisional")
    return 0


def _check(file: Path | None, say: Say) -> int:
    from services.processing.clock.calendar_file import read
    from services.processing.clock.working_days import SHIPPED

    path = file or SHIPPED
    try:
        found = read(path.read_bytes())
    except OSError as fault:
        raise Failed(f"{path}: {fault.strerror}") from None
    for line in found.faults or _summary(found.declarations):
        say(str(line))
    return 1 if found.faults else 0


def _summary(declarations: Any) -> Iterator[str]:
    years = sorted({each.day.year for each in declarations})
    off = sum(each.kind == "off" for each in declarations)
    documents = len({each.document for each in declarations})
    yield (
        f"{len(declarations)} declarations ({off} off, {len(declarations) - off} worked) of {documents} documents, "
        f"for {', '.join(map(str, years)) or 'no year'}"
    )


def day_of(text: str) -> date:
    """As people write it, the year first or last; Failed where it is none."""
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise Failed(f"DAY is no date: {text!r}; write 2027-02-05 or 05/02/2027")


def _instant(text: str | None) -> str:
    """RFC 3339; a day alone begins at its midnight in Vietnam."""
    if text is None:
        return datetime.now().astimezone().isoformat(timespec="seconds")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Failed(
            f"--announced-at is no instant: {text!r}; write 2026-12-25 or 2026-12-25T16:30"
        ) from None
    if found.tzinfo is None:
        return f"{found.isoformat(timespec='seconds')}{ZONE_OFFSET}"
    return found.isoformat(timespec="seconds")
