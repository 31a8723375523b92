"""Opens a service's database as an asyncpg pool, and knows which errors pass by themselves. It owns no statement."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from services.chassis.process import clock

TRANSIENT: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server's last word came between two statements: the driver is not ready for a third
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidCatalogNameError,  # the database is being restored under us
)

BY_KEY = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
"""Said first in a transaction that finds all its rows by key: the plan that a connection keeps was made while the tables were
short, and must not read all of them when they are long (seen: a batch cost half as much again after 20,000 messages).

Guarantee: a batch costs a reader the same however much it has read before. Test: test_a_batch_finds_its_rows_by_key.
"""


def is_transient(error: BaseException) -> bool:
    """Whether a lost or overloaded server raised it, so that the same call may succeed later; never true of bad arguments."""
    return isinstance(error, TRANSIENT) and not isinstance(error, ValueError)


def years_ago(years: int) -> datetime:
    """Before which what is kept for so many years may go."""
    return clock.now() - timedelta(days=365.25 * years)


async def _no_reset(_: asyncpg.Connection[Any]) -> None:
    """Nothing of ours changes a session, and a reset costs a round trip on every release."""


@asynccontextmanager
async def open_pool(
    dsn: str,
    *,
    size: int = 8,
    name: str = "motcua",
    idle_in_transaction_seconds: float = 30,
    pooled: bool = False,
) -> AsyncIterator[asyncpg.Pool[Any]]:
    """A pool that opens its connections when they are first asked for, so that a service starts while its database is away.

    `pooled`: PgBouncer stands between in transaction mode. Another transaction may find another server, so no statement is kept by
    name; and it takes no settings of a session, so the role's own hold (deploy/postgres/roles.sql).

    Guarantee: a process stopped inside a transaction does not keep its locks for ever. Test: test_a_stopped_process_lets_go_of_its_locks.
    Guarantee: through a pooler nothing is lost, doubled or answered with another's rows.
    Test: test_a_log_is_written_and_read_through_a_pooler.
    """
    session = {
        "jit": "off",  # compiling a plan costs more than our short ones take
        "idle_in_transaction_session_timeout": str(int(idle_in_transaction_seconds * 1000)),
    }
    pool = asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=size,
        reset=_no_reset,
        timeout=10,
        command_timeout=60,
        server_settings={"application_name": name} | ({} if pooled else session),
        **({"statement_cache_size": 0} if pooled else {}),
    )
    await pool
    try:
        yield pool
    finally:
        pool.terminate()
