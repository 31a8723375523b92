"""The command `motcua`: one embedded run in MOTCUA_HOME (.local), on the ports above MOTCUA_PORT_BASE (8000)."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from contracts.topics import SERVICES
from deploy.command import calendar
from deploy.local.home import OTHERS, Home
from deploy.local.process import Failed
from services.chassis.process import clock

HOMELESS = ("up", "status", "down", "logs", "catalogue", "offices", "due-date", "calendar", "import")
"""Commands that need no secrets of a run, or say so themselves; none of the others makes any."""
FROM_ELSEWHERE = "held notices papers republish pass-lost recover go-on trace doctor reconcile verify-report export rebuild"
"""Commands that need no home where the environment names the run."""
LIGHT = [
    "up",
    "status",
    "down",
    "token",
    "import",
    "logs",
    "catalogue",
    "offices",
    "calendar",
    "secrets",
    "officers",
]


def main(arguments: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser(words).parse_args(words)
    try:
        home = Home.from_environment()
        if home.sandbox.exists():
            clock.follow(str(home.sandbox))
        # The issuer's key alone makes a home for tokens: in a compose run it is apart from all other secrets.
        needed = "issuer-key.json" if words[0] == "token" else "secrets.json"
        told = words[0] == "config" or (words[0] in FROM_ELSEWHERE.split() and _elsewhere())
        if words[0] not in HOMELESS and not told and not (home.path / needed).exists():
            raise Failed(f"{home.path} is no home of a run: `motcua up` makes one, MOTCUA_HOME names another")
        return int(options.run(home, options))
    except Failed as fault:
        sys.stderr.write(f"motcua: {fault}\n")
        return 1
    except (BrokenPipeError, KeyboardInterrupt):
        return 130


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="motcua", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="start everything and keep it running")
    up.add_argument("--detach", action="store_true", help="in the background; returns when all is ready")
    up.add_argument(
        "--wait", action="store_true", help="with --detach: returns when the demonstration is in, too"
    )
    up.add_argument("--no-demo", action="store_true", help="without the demonstration")
    up.add_argument(
        "--sandbox",
        action="store_true",
        help="for trying a portal: officers who act by a script, a clock that can be moved, failures on demand",
    )
    up.set_defaults(run=_up)

    status = commands.add_parser("status", help="what runs; exit code 0 when all is ready")
    status.add_argument("--json", action="store_true")
    status.add_argument("--with-passwords", action="store_true", help="in the database's address, too")
    status.set_defaults(run=_status)

    commands.add_parser("down", help="stop everything").set_defaults(run=_down)

    token = commands.add_parser("token", help="print a token to call the services with")
    what = token.add_mutually_exclusive_group(required=True)
    what.add_argument("--role", help="portal, officer, supervisor, importer, operator or calendar")
    what.add_argument("--revoke", metavar="TOKEN", help="withdraw a token that was printed before")
    token.add_argument("--unit", help="handling unit; officers and supervisors have one by default")
    token.add_argument("--office", help="accepting office; officers and supervisors have one by default")
    token.add_argument("--sub", default="", help="who it is")
    token.add_argument("--hours", type=float, default=12.0, help="how long it is valid")
    token.set_defaults(run=_token)

    secrets = commands.add_parser("secrets", help="the keys and passwords of a run: list, rotate, drop")
    acts = secrets.add_subparsers(required=True, metavar="ACT", dest="act")
    acts.add_parser("list", help="every key by its id, and what it still does")
    acts.add_parser(
        "rotate", help="other keys and passwords for everything, while it runs; old keys are still read"
    )
    acts.add_parser("drop", help="read an earlier key no more").add_argument("id", help="as `list` shows it")
    secrets.set_defaults(run=_secrets)

    taken = commands.add_parser("import", help="take in the event log of another system")
    taken.add_argument("file", type=Path)
    taken.add_argument("--mapping", type=Path, required=True)
    taken.add_argument(
        "--correct",
        metavar="DOCUMENT",
        help="bring in what the log tells otherwise than before, by reversals under this document: 12/QĐ-SXD",
    )
    taken.add_argument("--reason", default="wrong_data", help="of the corrections; wrong_data by default")
    taken.set_defaults(run=_import)

    logs = commands.add_parser("logs", help="the last lines of what a part wrote")
    logs.add_argument("part", nargs="?", choices=[*SERVICES, *OTHERS])
    logs.add_argument("--lines", type=int, default=40)
    logs.set_defaults(run=_logs)

    settings = commands.add_parser("config", help="a service's settings").add_subparsers(
        required=True, metavar="WHAT"
    )
    checked = settings.add_parser("check", help="every fault of its settings, and which part does not answer")
    checked.add_argument("service", choices=SERVICES)
    checked.set_defaults(run=_check_config)

    catalogue = commands.add_parser("catalogue", help="what can be applied for").add_subparsers(
        required=True, metavar="WHAT"
    )
    check = catalogue.add_parser("check", help="every fault of a catalogue, or what is in it")
    check.add_argument("file", type=Path, nargs="?", help="the shipped one by default")
    check.set_defaults(run=_check_catalogue)
    offices = commands.add_parser("offices", help="who takes dossiers in").add_subparsers(
        required=True, metavar="WHAT"
    )
    check = offices.add_parser("check", help="every fault of a register of offices, or what is in it")
    check.add_argument("file", type=Path, nargs="?", help="the shipped one by default")
    check.set_defaults(run=_check_offices)

    officers = commands.add_parser("officers", help="tell who serves in which unit, from a CSV file")
    officers.add_argument("file", type=Path, help="columns subject, name, unit, since, until")
    officers.add_argument("--token", default="", help="an operator's, by default one of this run")
    officers.set_defaults(run=_tell_officers)

    days = commands.add_parser("calendar", help="the days that are declared off or worked")
    calendar.add_arguments(days, _print)

    # Their modules load services and database clients, which `motcua status`, asked every second, has no use for.
    if not words or words[0] not in LIGHT:
        from deploy.command import analyst, conform, due_date, sandbox
        from deploy.command.operating import add_commands

        sandbox.add_arguments(commands, _print)
        conform.add_arguments(commands, _print)

        due = commands.add_parser("due-date", help="the due date of a limit, and why it is that day")
        due_date.add_arguments(due)
        due.set_defaults(run=_due_date)
        add_commands(commands, _print)
        analyst.add_command(commands, _print)
    return parser


def _elsewhere() -> bool:
    from deploy.command.reach import elsewhere

    return elsewhere()


def _check_config(home: Home, options: argparse.Namespace) -> int:
    from deploy.command.config import check

    return check(options.service, _print)


def _up(home: Home, options: argparse.Namespace) -> int:
    from deploy.command import up

    if options.detach:
        given = {"--no-demo": options.no_demo, "--sandbox": options.sandbox}
        return up.detached(home, [name for name, said in given.items() if said], wait=options.wait)
    return up.in_foreground(home, with_demo=not options.no_demo, sandbox=options.sandbox)


def _status(home: Home, options: argparse.Namespace) -> int:
    from deploy.local.status import status

    found = status(home, with_passwords=options.with_passwords)
    if options.json:
        _print(json.dumps(found, indent=2))
    else:
        for name, service in found["services"].items():
            state = "ready" if service["ready"] else "not ready" if service["pid"] else "not running"
            lacks = (
                "  lacks messages: motcua_reconciliation_difference"
                if service["reconciliation"] == "differs"
                else ""
            )
            _print(f"{name:<11} {state:<12} {service['url']}{lacks}")
        for name in ("kafka", "postgres"):
            _print(f"{name:<11} {'running' if found[name]['pid'] else 'not running'}")
        for line in found["going_on"]:
            _print(line)
    return 0 if found["ready"] else 1


def _down(home: Home, _options: argparse.Namespace) -> int:
    from deploy.local.status import down

    for line in down(home):
        _print(line)
    return 0


def _token(home: Home, options: argparse.Namespace) -> int:
    from deploy.local.issuer import Issuer

    issuer = Issuer(home.path)
    if options.revoke:
        issuer.revoke(options.revoke)
        return 0
    _print(
        issuer.token(
            options.role,
            subject=options.sub,
            unit=options.unit,
            office=options.office,
            hours=options.hours,
        )
    )
    return 0


def _secrets(home: Home, options: argparse.Namespace) -> int:
    from deploy.local import rotation

    if options.act == "rotate":
        rotation.rotate(home, _print)
    elif options.act == "drop":
        rotation.drop(home, options.id, _print)
    else:
        for line in rotation.listed(home.path):
            _print(line)
    return 0


def _import(home: Home, options: argparse.Namespace) -> int:
    from deploy.command.import_log import correction_of, run

    return run(options.file, options.mapping, home, correction_of(options))


def _logs(home: Home, options: argparse.Namespace) -> int:
    from deploy.local.logs import last_lines

    folder = home.path / "log"
    for path in [folder / f"{options.part}.log"] if options.part else sorted(folder.glob("*.log")):
        if not path.exists():
            raise Failed(f"{path} is not there")
        if not options.part:
            _print(f"== {path}")
        for line in last_lines(path, options.lines):
            _print(line)
    return 0


def _due_date(_home: Home, options: argparse.Namespace) -> int:
    from deploy.command import due_date

    for line in due_date.told(options):
        _print(line)
    return 0


def _check_catalogue(_home: Home, options: argparse.Namespace) -> int:
    from deploy.command import catalogue

    found = catalogue.checked(options.file)
    for line in catalogue.as_lines(found):
        _print(line)
    return 1 if found.faults else 0


def _check_offices(_home: Home, options: argparse.Namespace) -> int:
    from deploy.command import catalogue

    found = catalogue.checked_offices(options.file)
    for line in catalogue.offices_as_lines(found):
        _print(line)
    return 1 if found.faults else 0


def _tell_officers(home: Home, options: argparse.Namespace) -> int:
    from deploy.command.officers import tell

    return tell(home, options.file, options.token, _print)


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
