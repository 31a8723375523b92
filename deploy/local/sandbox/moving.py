"""Moves a sandbox's clock: that of its services, by which acts happen and days pass, and that of its databases, by which they are recorded.

It moves forward alone, for record time never goes back. What others compare with clocks of their own stays with the true time: how
long tokens and log-ins live, when calls and payments were signed, and the times of Kafka's records.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from contracts.topics import SERVICES
from deploy.local.home import Home
from deploy.local.keys import SUPERUSER, secrets_of, write_private
from deploy.local.postgres.run import Postgres, in_thread
from deploy.local.process import Failed

SQL = Path(__file__).with_name("sandbox.sql")
AT_ONCE = timedelta(days=400)
STRIDE = timedelta(days=13)
"""Within it no week of repeated requests is dropped in which something may still be recorded."""
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LENGTH = re.compile(r"([1-9][0-9]{0,6})([smhdw])")
SAY_AHEAD = "INSERT INTO sandbox.clock (ahead_seconds) VALUES ($1) ON CONFLICT (only_row) DO UPDATE SET ahead_seconds = $1"
HAS_WEEKS = "SELECT to_regprocedure('keep_idempotency_weeks(date)') IS NOT NULL"


def length_of(text: str) -> timedelta:
    """Of 90s, 5m, 8h, 3d or 2w; Failed for anything else."""
    found = _LENGTH.fullmatch(text)
    length = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else timedelta()
    if not timedelta() < length <= AT_ONCE:
        raise Failed(f"{text!r} is no length of time: 90s, 5m, 8h, 3d or 2w, 400 days at most")
    return length


def begin(home: Home) -> None:
    """Makes a new home one of a sandbox. Failed for the home of a run that is none: its records bear true times."""
    if home.sandbox.exists():
        return
    if (home.path / "secrets.json").exists():
        raise Failed(
            f"{home.path} is the home of a run that is no sandbox. Take another one: MOTCUA_HOME=.sandbox motcua up --sandbox"
        )
    write_private(home.sandbox, "0")


def seconds_ahead(home: Home) -> float:
    """Failed where the home is none of a sandbox."""
    try:
        return float(home.sandbox.read_text(encoding="ascii"))
    except FileNotFoundError:
        raise Failed(f"{home.path} is no sandbox: `motcua up --sandbox` makes one") from None


def now(home: Home) -> datetime:
    """The sandbox's clock."""
    return datetime.now(UTC) + timedelta(seconds=seconds_ahead(home))


def forward(home: Home, by: timedelta) -> datetime:
    """Moves the clock of a running sandbox; what it says then.

    The weeks in which repeated requests are kept come first, so that nothing is recorded in a week that is not there; then the services,
    then their databases: a service behind its database would refuse to record.
    Guarantee: time passes in a sandbox as it does outside: limits end, deadlines lapse, and what is recorded bears that time.
    Test: test_a_sandboxs_time_is_moved.
    """
    while by > STRIDE:
        forward(home, STRIDE)
        by -= STRIDE
    ahead = seconds_ahead(home) + by.total_seconds()
    postgres = Postgres.of_environment(home.path, home.port("postgres"), secrets_of(home.path).postgres)
    day = (datetime.now(UTC) + timedelta(seconds=ahead)).date()

    async def each(statement: str, told: object, only_where: str = "SELECT true") -> None:
        for service in SERVICES:
            connection = await asyncpg.connect(postgres.dsn(SUPERUSER, service), timeout=10)
            try:
                if await connection.fetchval(only_where):
                    await connection.execute(statement, told)
            finally:
                await connection.close()

    try:
        in_thread(each("SELECT keep_idempotency_weeks($1)", day, HAS_WEEKS))
        write_private(home.sandbox, f"{ahead:.0f}")
        in_thread(each(SAY_AHEAD, ahead))
    except (OSError, asyncpg.PostgresError) as error:
        raise Failed(f"the sandbox's databases do not answer ({type(error).__name__}): is it up?") from None
    return now(home)


def move_databases(home: Home, postgres: Postgres) -> None:
    """At each start: the databases go by the sandbox's clock, whatever migrations brought, and by as much as its services do."""
    ahead = seconds_ahead(home)

    async def prepare() -> None:
        for service in SERVICES:
            connection = await asyncpg.connect(postgres.dsn(SUPERUSER, service), timeout=10)
            try:
                await connection.execute(SQL.read_text(encoding="utf-8"))
                await connection.execute(SAY_AHEAD, ahead)
            finally:
                await connection.close()

    in_thread(prepare())
