"""The weeks of idempotency keys, made and dropped while others write and read."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg

from services.chassis.log.event_store import EventStore, Repeated, RepeatKey
from tests.chassis.conftest import item
from tests.databases import Database


async def test_a_dump_holds_up_no_append(plain: Database, store: EventStore) -> None:
    """It reads every table until it has ended: weeks are made meanwhile, and an old one is dropped when it is over. Nobody ever finds
    another one waiting for a lock, behind whom he would wait."""
    dump, keeper = await asyncpg.connect(plain.admin_dsn), await asyncpg.connect(plain.dsn)
    writer, looks = await asyncpg.connect(plain.owner_dsn), 0
    today = datetime.now(UTC).date()
    later = today + timedelta(days=36)
    weeks = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'idempotency_keys'::regclass"

    async def held() -> set[str]:
        return {row[0] for row in await keeper.fetch(weeks)}

    async def write_at_once() -> None:
        nonlocal looks
        while True:
            async with writer.transaction():
                await writer.execute("LOCK TABLE idempotency_keys IN ROW EXCLUSIVE MODE NOWAIT")
            looks += 1
            await asyncio.sleep(0.002)

    before = await held()
    async with asyncio.timeout(30):
        async with dump.transaction():
            for table in ("idempotency_keys", "events", "log_head", *before):
                await dump.execute(f"LOCK TABLE {table} IN ACCESS SHARE MODE")
            writing = asyncio.create_task(write_at_once())
            await asyncio.gather(
                keeper.execute("SELECT keep_idempotency_weeks($1)", later),
                *(store.append(item(repeat=RepeatKey("a", f"k{n}", b"1"))) for n in range(20)),
            )
            assert looks and not writing.done()
            writing.cancel()
            during = await held()
            assert before < during and len(during) == len(before) + 3
            assert isinstance(await store.append(item(repeat=RepeatKey("a", "k0", b"1"))), Repeated)
        await keeper.execute("SELECT keep_idempotency_weeks($1)", later)
    assert await held() == during - before
    for connection in (keeper, dump, writer):
        await connection.close()
