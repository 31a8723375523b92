"""`motcua rebuild reporting`: the book made anew from the topics beside the live one, compared, put in its place, and taken back.

Each step is one transaction, or goes on where it was: whoever ends it between any two of them begins the command again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import asyncpg

from services.chassis.process import clock
from services.chassis.process.settings import KafkaSettings
from services.reporting.book.lines import local_date
from services.reporting.book.version import PROJECTION
from services.reporting.rebuild.compare import Cells, compare
from services.reporting.rebuild.reading import beside
from services.reporting.rebuild.shape import BEFORE, REBUILT, exists, lay, revision
from services.reporting.rebuild.switch import switch
from services.reporting.report.flows import EARLIEST, LATEST

REBUILDING = 74_658
"""The advisory lock of whoever rebuilds."""
TOPIC = "dossiers"
STAYS = "the live book stays; `motcua rebuild reporting --accept` puts the new one in its place all the same"
Say = Callable[[str], None]

_NEXT = """
INSERT INTO rebuilds (number, actor, projection, revision)
SELECT coalesce(max(number), 0) + 1, $1, $2, $3 FROM rebuilds RETURNING number
"""
_LAST = "SELECT * FROM rebuilds ORDER BY number DESC LIMIT 1"
_DROP = {
    REBUILT: f"DROP SCHEMA IF EXISTS {REBUILT} CASCADE",
    BEFORE: f"DROP SCHEMA IF EXISTS {BEFORE} CASCADE",
}
_SWITCHED = "SELECT * FROM rebuilds WHERE switched_at IS NOT NULL ORDER BY number DESC LIMIT 1"


class Where(NamedTuple):
    """What a rebuild works on: the database as its owner and as the service, the broker, and the topic."""

    owner_dsn: str
    dsn: str
    kafka: KafkaSettings
    role: str = "reporting"
    topic: str = TOPIC


class _Differs(Exception):
    """The two books do not agree, and nobody accepts that."""


def _nothing(_step: str) -> None:
    return None


async def rebuild(where: Where, actor: str, accept: bool, say: Say, at: Say = _nothing) -> int:
    """Makes the book anew and puts it in the place of the live one; 1 when it differs and nobody accepts that.

    `at` hears each step by its name.
    Guarantee: ended anywhere, it goes on or begins again, and the live book is whole. Test: test_a_rebuild_that_is_killed_anywhere_goes_on.
    Guarantee: no book takes the live one's place with tables that a migration has changed meanwhile.
    Test: test_a_release_in_between_leaves_the_live_book.
    """
    async with _alone(where) as owner:
        number, begun = await _begin(owner, where, actor, say)
        at("begun")
        async with beside(where.dsn, REBUILT, where.kafka, where.topic, say) as book:
            at("reading")
            await book.catch_up()
            await book.discard_again()
            await book.measure()
            await owner.execute(
                f"ANALYZE {REBUILT}.entries, {REBUILT}.sums, {REBUILT}.dossiers, {REBUILT}.stays, {REBUILT}.measured"
            )
            at("caught-up")
            today = local_date(clock.now())
            # Beside a reader that goes on: what differs here is compared again when both stand at the same messages.
            early = await compare(owner, ["day/day"], EARLIEST, today)
            at("compared")
            since = EARLIEST if early.differing else today - timedelta(days=1)
            found = early

            async def agree() -> None:
                nonlocal found
                recent = await compare(owner, ["day/day"], since, LATEST)
                ever = await compare(owner, ["month/ever", "month/month"], EARLIEST, LATEST)
                differing = recent.differing + ever.differing
                found = Cells(
                    early.compared + recent.compared + ever.compared, differing, recent.listed or ever.listed
                )
                if differing and not accept:
                    raise _Differs

            async def settle() -> None:
                await _as_begun(owner, begun)
                await owner.execute(
                    "UPDATE rebuilds SET switched_at = clock_timestamp(), differing = $2 WHERE number = $1",
                    number,
                    found.differing,
                )

            try:
                await switch(owner, book, REBUILT, agree, settle, at)
            except _Differs:
                for line in (*found.told(), STAYS):
                    say(line)
                return 1
        for line in found.told() if found.differing else ():
            say(line)
        at("switched")
        say(
            f"the new book is in place: rebuild {number}, by rules {PROJECTION}; "
            f"{found.compared:,} cells compared, {found.differing:,} differ"
        )
        say("`motcua rebuild reporting --undo` takes it back, `--drop` gives back the room of the one before")
    return 0


async def undo(where: Where, say: Say, at: Say = _nothing) -> int:
    """Puts the book before back in its place, once it has read what came since.

    Guarantee: a book that is taken back lacks nothing that came since. Test: test_a_rebuild_is_taken_back.
    """
    async with _alone(where) as owner:
        last = await owner.fetchrow(_SWITCHED)
        if last is None or last["undone_at"] or not await exists(owner, BEFORE):
            raise LookupError("no book is kept that was in place before")
        if last["revision"] != await revision(owner):
            raise LookupError("the book before has the tables of an earlier release: make a new one")
        async with beside(where.dsn, BEFORE, where.kafka, where.topic, say) as book:
            at("reading")
            await book.catch_up()
            at("caught-up")

            async def agree() -> None:
                return None

            async def settle() -> None:
                await _as_begun(owner, last["revision"])
                await owner.execute(
                    "UPDATE rebuilds SET undone_at = clock_timestamp() WHERE number = $1", last["number"]
                )

            await switch(owner, book, BEFORE, agree, settle, at)
        at("switched")
        say(f"the book before rebuild {last['number']} is in place again")
    return 0


async def drop(where: Where, say: Say) -> int:
    """Gives back the room of what is not in place: the book before, and one that was begun."""
    async with _alone(where) as owner:
        for schema in (REBUILT, BEFORE):
            if await exists(owner, schema):
                await owner.execute(_DROP[schema])
                say(f"the book in schema {schema} is dropped")
    return 0


async def _as_begun(owner: asyncpg.Connection[Any], begun: str) -> None:
    """Asked when all tables are locked: a migration that was under way is over, and none comes in between."""
    if await revision(owner) != begun:
        raise LookupError("the tables are those of another release meanwhile: begin the command again")


async def _begin(owner: asyncpg.Connection[Any], where: Where, actor: str, say: Say) -> tuple[int, str]:
    """The number and the tables of the rebuild that goes on, or of a new one: the rules or the tables may be others since the last
    was begun."""
    now = await revision(owner)
    last = await owner.fetchrow(_LAST)
    if await exists(owner, REBUILT):
        if (
            last
            and last["switched_at"] is None
            and (last["projection"], last["revision"]) == (PROJECTION, now)
        ):
            say(f"rebuild {last['number']} goes on")
            return int(last["number"]), now
        say("a rebuild by other rules or tables was begun: it is begun again")
    async with owner.transaction():
        await owner.execute(_DROP[REBUILT])
        await lay(owner, REBUILT, where.role)
        number = await owner.fetchval(_NEXT, actor, PROJECTION, now)
    say(f"rebuild {number} begins, by rules {PROJECTION}")
    return int(number), now


@asynccontextmanager
async def _alone(where: Where) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A connection as the owner, for as long as nobody else rebuilds."""
    owner = await asyncpg.connect(where.owner_dsn)
    try:
        if not await owner.fetchval("SELECT pg_try_advisory_lock($1)", REBUILDING):
            raise LookupError("another rebuild runs")
        yield owner
    finally:
        owner.terminate()
