"""`motcua held …`, `motcua notices …`, `motcua republish …` and the like: what an operator does by hand while everything runs.

Works as the service's own role on its database; the running service does the work. Shows coordinates and reasons, never
what a message says.
"""

import argparse
import asyncio
import getpass
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import asyncpg
from aiokafka.errors import KafkaError

from contracts.notify import FailureReason
from contracts.topics import SERVICES, TOPICS
from deploy.command import export, looking, rebuild, reconcile, verify_report
from deploy.command.reach import dsn
from deploy.command.reach import kafka as kafka_of
from deploy.local.home import Home
from deploy.local.process import Failed
from services.chassis.kafka.held import discard, list_held
from services.chassis.kafka.lost_records import find_lost, pass_over
from services.chassis.kafka.recover import NoWayOut, recover
from services.chassis.kafka.redrive import ask_redrive_of, ask_redrive_of_all
from services.chassis.kafka.republish import republish
from services.chassis.log.databases import TRANSIENT, open_pool
from services.chassis.log.log_clock import accept_record_time
from services.intake.papers.attached import destroy
from services.notify.channels.again import failed, send_again, waiting

Say = Callable[[str], None]
PUBLISHERS = ("intake", "processing", "notify")


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", say: Say) -> None:
    def run(work: Callable[..., Any]) -> Callable[[Home, argparse.Namespace], int]:
        return lambda home, options: _run(work(home, options, say))

    held = commands.add_parser("held", help="what readers hold back: list, retry, discard")
    acts = held.add_subparsers(required=True, metavar="ACT")
    acts.add_parser("list", help="all that is held, oldest first").set_defaults(run=run(_list))
    retry = acts.add_parser(
        "retry", help="have the running services try a held dossier again, or all of them"
    )
    retry.add_argument("--all", action="store_true", help="all that is held, of SERVICE or of every service")
    retry.add_argument("service", choices=SERVICES, nargs="?")
    retry.add_argument("id", type=int, nargs="?", help="as `motcua held list` shows it")
    retry.set_defaults(run=run(_retry))
    drop = acts.add_parser("discard", help="drop one poison for good; its dossier goes on")
    drop.add_argument("--reason", required=True, help="why; it is kept")
    drop.add_argument("--actor", default=f"operator/{_user()}", help="who; it is kept")
    drop.set_defaults(run=run(_discard))
    drop.add_argument("service", choices=SERVICES)
    drop.add_argument("id", type=int, help="as `motcua held list` shows it")

    notices = commands.add_parser(
        "notices", help="e-mails and text messages: what waits, what failed, send again"
    )
    acts = notices.add_subparsers(required=True, metavar="ACT")
    waits = acts.add_parser("waiting", help="what waits, and what providers did with text messages")
    waits.set_defaults(run=run(_waiting))
    listed = acts.add_parser("failed", help="how many failed, by channel and reason")
    listed.set_defaults(run=run(_failed))
    sent = acts.add_parser("again", help="have the running service send those of one reason again")
    sent.add_argument("reason", choices=get_args(FailureReason))
    sent.set_defaults(run=run(_send_again))
    for act in (waits, listed, sent):
        act.add_argument(
            "--since",
            type=_time_with_offset,
            metavar="TIME",
            help="with its offset: 2026-01-31T08:00+07:00; three days ago by default",
        )

    verify_report.add_command(commands, say)
    export.add_command(commands, run, _time_with_offset)
    rebuild.add_command(commands, run, f"operator/{_user()}")
    compared = commands.add_parser(
        "reconcile", help="whether every reader has of every dossier all that its log says"
    )
    compared.add_argument(
        "--portal",
        type=Path,
        metavar="FILE",
        help="compare with a file of the national portal instead (CSV: code, status)",
    )
    compared.set_defaults(run=run(reconcile.run))
    again = commands.add_parser("republish", help="have a service publish its whole log again")
    again.add_argument("service", choices=PUBLISHERS)
    again.set_defaults(run=run(_republish))

    passing = commands.add_parser(
        "pass-lost",
        help="have a service's readers go on behind records that the broker dropped, which are published again first",
    )
    passing.add_argument("service", choices=SERVICES)
    passing.add_argument("--reason", required=True, help="why; it is kept")
    passing.add_argument("--actor", default=f"operator/{_user()}", help="who; it is kept")
    passing.set_defaults(run=run(_pass_lost))

    way_out = commands.add_parser(
        "recover", help="open a refused log: publish it as it is to a broker that holds nothing else of it"
    )
    way_out.add_argument("service", choices=PUBLISHERS)
    way_out.add_argument("--reason", required=True, help="why; it is kept")
    way_out.add_argument("--actor", default=f"operator/{_user()}", help="who; it is kept")
    way_out.set_defaults(run=run(_recover))

    traced = commands.add_parser(
        "trace", help="what every service knows of one dossier, and what it waits for"
    )
    traced.add_argument("dossier_id", type=UUID, help="or a portal's own id of its request, X-Correlation-Id")
    traced.set_defaults(run=run(looking.trace))
    commands.add_parser(
        "doctor", help="whether every service answers, publishes and hears; exit code 1 where one does not"
    ).set_defaults(run=run(looking.doctor))

    go_on = commands.add_parser(
        "go-on",
        help="append although the last record time lies ahead of the clock: all bears that time until then",
    )
    go_on.add_argument("service", choices=PUBLISHERS)
    go_on.add_argument("--reason", required=True, help="why; it is kept")
    go_on.add_argument("--actor", default=f"operator/{_user()}", help="who; it is kept")
    go_on.set_defaults(run=run(_go_on))

    papers = commands.add_parser("papers", help="papers that must not be kept: destroy")
    acts = papers.add_subparsers(required=True, metavar="ACT")
    destroys = acts.add_parser("destroy", help="destroy a dossier's key: nobody ever opens its papers again")
    destroys.add_argument("dossier_id", type=UUID)
    destroys.add_argument("--reason", required=True, help="why; it is kept")
    destroys.add_argument("--actor", default=f"operator/{_user()}", help="who; it is kept")
    destroys.set_defaults(run=run(_destroy_papers))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _run(work: Coroutine[Any, Any, int | None]) -> int:
    """The exit code; 0 where the work gives none."""
    try:
        code = asyncio.run(work)
    except LookupError as error:
        raise Failed(str(error.args[0])) from None
    except NoWayOut as error:
        raise Failed(str(error)) from None
    except BrokenPipeError:
        raise  # of who reads what is said
    except KafkaError as error:
        raise Failed(f"the broker cannot be asked: {type(error).__name__}") from None
    except (asyncpg.PostgresError, *TRANSIENT) as error:
        raise Failed(f"the database cannot be asked: {error}") from None
    return code or 0


async def _list(home: Home, _options: argparse.Namespace, say: Say) -> None:
    found = 0
    for service in SERVICES:
        async with open_pool(dsn(home, service), size=1) as pool:
            async for row in list_held(pool):
                found += 1
                place = f"{row['topic']}/{row['partition']}/{row['offset']}"
                say(
                    f"{service} {row['held_id']}  {row['reason']}  dossier {row['stream_id'] or 'unknown'}  "
                    f"{place}  since {row['held_at']:%Y-%m-%d %H:%M:%S%z}  {row['detail']}".rstrip()
                )
    say(f"{found} held" if found else "nothing is held")


async def _retry(home: Home, options: argparse.Namespace, say: Say) -> None:
    if options.all == (options.id is not None) or (options.id and not options.service):
        raise Failed("say SERVICE and ID, or --all")
    if options.all:
        for service in [options.service] if options.service else SERVICES:
            async with open_pool(dsn(home, service), size=1) as pool:
                say(f"{service} tries {await ask_redrive_of_all(pool):,} held dossiers again")
        return
    async with open_pool(dsn(home, options.service), size=1) as pool:
        stream_id = await ask_redrive_of(pool, options.id)
    say(f"{options.service} tries dossier {stream_id} again; `motcua held list` shows whether it went")


async def _discard(home: Home, options: argparse.Namespace, say: Say) -> None:
    async with open_pool(dsn(home, options.service), size=1) as pool:
        stream_id = await discard(pool, options.id, options.actor, options.reason)
    say(
        "discarded" if stream_id is None else f"discarded; {options.service} goes on with dossier {stream_id}"
    )


def _time_with_offset(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError
    return at


def _since(options: argparse.Namespace) -> datetime:
    return options.since or datetime.now(UTC) - timedelta(days=3)


async def _failed(home: Home, options: argparse.Namespace, say: Say) -> None:
    async with open_pool(dsn(home, "notify"), size=1) as pool:
        found = await failed(pool, _since(options))
    for row in found:
        times = f"{row['first_at']:%Y-%m-%d %H:%M:%S%z} to {row['last_at']:%H:%M:%S%z}"
        say(f"{row['notices']:>7,}  {row['channel']:<5}  {row['reason']:<11}  {times}")
    say(
        f"{sum(row['notices'] for row in found):,} notices failed since {_since(options):%Y-%m-%d %H:%M:%S%z}"
    )


async def _waiting(home: Home, options: argparse.Namespace, say: Say) -> None:
    async with open_pool(dsn(home, "notify"), size=1) as pool:
        queued, told = await waiting(pool, _since(options))
    for row in queued:
        doubt = f", {row['in_doubt']:,} in doubt" if row["in_doubt"] else ""
        of = f" for the {row['provider']} provider" if row["provider"] else ""
        say(
            f"{row['notices']:>7,}  {row['channel']:<5}  wait{of}{doubt}, the oldest since {row['oldest']:%Y-%m-%d %H:%M:%S%z}"
        )
    for row in told:
        twice = f", {row['ambiguous']:,} perhaps twice" if row["ambiguous"] else ""
        by = f"by the {row['provider']} provider, {row['units']:,} units" if row["provider"] else "by nobody"
        say(f"{row['notices']:>7,}  sms    {row['state']} {by}{twice}")
    say(f"{sum(row['notices'] for row in queued):,} notices wait")


async def _send_again(home: Home, options: argparse.Namespace, say: Say) -> None:
    async with open_pool(dsn(home, "notify"), size=1) as pool:
        queued = await send_again(pool, options.reason, _since(options), datetime.now(UTC))
    say(f"notify sends {queued:,} notices again; `motcua notices failed` shows what fails once more")


async def _republish(home: Home, options: argparse.Namespace, say: Say) -> None:
    async with open_pool(dsn(home, options.service), size=1) as pool:
        events = await republish(pool)
    say(f"{options.service} publishes its {events:,} events again; readers recognise what they have")


async def _pass_lost(home: Home, options: argparse.Namespace, say: Say) -> None:
    async with open_pool(dsn(home, options.service), size=1) as pool:
        found = await find_lost(pool, kafka_of(home, options.service))
        if not found:
            raise LookupError(f"no reader of {options.service} stands before the beginning of its topic")
        topics = {lost.topic for lost in found}
        for writer in sorted(
            {writer for topic in TOPICS if topic.name in topics for writer in topic.writers}
        ):
            async with open_pool(dsn(home, writer), size=1) as log:
                say(f"{writer} publishes its {await republish(log):,} events again")
        for lost in found:
            await pass_over(pool, lost, options.actor, options.reason)
            say(
                f"{lost.reader} goes on at {lost.start} of {lost.topic}/{lost.partition}; it stood at {lost.position}"
            )


async def _recover(home: Home, options: argparse.Namespace, say: Say) -> None:
    service = options.service
    kafka = kafka_of(home, service)
    async with AsyncExitStack() as opened:
        log = await opened.enter_async_context(open_pool(dsn(home, service, owner=True), size=2))
        readers = {
            name: await opened.enter_async_context(open_pool(dsn(home, name), size=1)) for name in SERVICES
        }
        events = await recover(service, log, kafka, readers, options.actor, options.reason)
    say(f"the log of {service} is open again; its {events:,} events are published from the beginning")


async def _go_on(home: Home, options: argparse.Namespace, say: Say) -> None:
    service = options.service
    async with open_pool(dsn(home, service, owner=True), size=1) as log:
        up_to = await accept_record_time(log, options.actor, options.reason)
    say(f"{service} goes on; what it records until {up_to:%Y-%m-%d %H:%M:%S%z} bears that time")


async def _destroy_papers(home: Home, options: argparse.Namespace, say: Say) -> None:
    async with open_pool(dsn(home, "intake"), size=1) as pool:
        count = await destroy(pool, options.dossier_id, options.actor, options.reason)
    say(
        f"{count} papers of dossier {options.dossier_id} are destroyed, with what officers said to its applicant in words; "
        "their objects are gone within the hour"
    )
