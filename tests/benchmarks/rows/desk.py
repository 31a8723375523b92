"""What the desk does all day: an officer's command through HTTP beside taking a dossier in, and a page of a queue.

Only the service that is measured runs, with its publication to Kafka; the broker's own CPU is left out.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from services.processing.clock.working_days import ZONE, shipped
from services.processing.desk import queues
from tests.benchmarks.filings import OFFICE, filings, key
from tests.benchmarks.house import House
from tests.benchmarks.load import CLIENTS, Answered, Failed, Job, all_created, request, send
from tests.benchmarks.measure import Spread
from tests.benchmarks.results import Row
from tests.benchmarks.sides import Services

UNIT = "H29.015.00/QLXD"
PAGE = 10
BUFFERS_MORE = 3
COMMAND_GOAL = 2.5
SETTLED_SECONDS = 1.5


async def measure(house: House, rounds: int, quick: bool) -> list[Row]:
    return [await _command(house, rounds, quick), *await _queues(house, quick)]


async def _command(house: House, rounds: int, quick: bool) -> Row:
    count = 1_000 if quick else 4_000
    chance = random.Random(1)
    cost: dict[str, list[float]] = {"submit": [], "accept": []}
    intake = Services(house, "ours", ("intake",))
    processing = Services(house, "ours", ("processing",), MOTCUA_SWEEP_SECONDS="3600")
    try:
        for services in (intake, processing):
            services.start()
        for services in (intake, processing):
            await services.ready()
        connection = await processing.connect("processing")
        all_created(await send(Job(intake.ports["intake"], filings(house.issuer, 200, chance), CLIENTS)))
        _all_done(await _accept(house, processing, await _submitted(connection, 200), chance))
        for _ in range(rounds):
            requests = filings(house.issuer, count, chance)
            # What processing hears of a submission is none of intake's work, nor of an acceptance.
            with _still(processing):
                before = intake.seconds()
                all_created(await send(Job(intake.ports["intake"], requests, CLIENTS)))
                cost["submit"].append(1e6 * (intake.seconds() - before) / count)
            ids = await _submitted(connection, count)
            await _heard_all(connection)
            before, split = processing.seconds(), processing.split()
            _all_done(await _accept(house, processing, ids, chance))
            cost["accept"].append(1e6 * (processing.seconds() - before) / count)
            parts = {name: 1e6 * (spent - split[name]) / count for name, spent in processing.split().items()}
        await connection.close()
    finally:
        for services in (intake, processing):
            services.stop()
    what = (
        "an officer accepts, 32 clients, CPU of processing and its database, beside a submission of intake's"
    )
    return Row(
        "desk",
        what,
        "µs",
        Spread(cost["accept"]),
        Spread(cost["submit"]),
        COMMAND_GOAL,
        extra={"parts_of_the_last_round": parts},
    )


@contextmanager
def _still(services: Services) -> Iterator[None]:
    pids = [process.pid for process in services.processes.values()]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def _heard_all(connection: asyncpg.Connection) -> None:
    """Waits until processing has heard of what intake took."""
    before = -1
    while (now := await connection.fetchval("SELECT count(*) FROM dossiers")) != before:
        before = now
        await asyncio.sleep(SETTLED_SECONDS)


async def _submitted(connection: asyncpg.Connection, count: int) -> list[UUID]:
    """Dossiers of which processing has heard."""
    ids = [UUID(int=uuid7().int) for _ in range(count)]
    await connection.execute(
        "INSERT INTO dossiers (dossier_id, procedure, office, channel, submitted_at, intake_due_at) "
        "SELECT id, '1.009982', $2, 'online', now(), now() + interval '1 day' FROM unnest($1::uuid[]) id",
        ids,
        OFFICE,
    )
    await connection.execute("ANALYZE dossiers")
    return ids


async def _accept(
    house: House, processing: Services, ids: list[UUID], chance: random.Random
) -> list[Answered]:
    token = house.issuer.token("officer", office=OFFICE, unit=UNIT)
    requests = [
        request(
            "POST",
            f"/v1/dossiers/{each}/accept",
            token=token,
            body=b"{}",
            headers={"idempotency-key": key(chance), "if-match": '"0"'},
        )
        for each in ids
    ]
    return await send(Job(processing.ports["processing"], requests, CLIENTS))


def _all_done(answers: list[Answered]) -> None:
    others = [answer for answer in answers if answer.status != 200]
    if others:
        raise Failed(f"{len(others)} acts were refused: {others[0].status} {others[0].body[:300]!r}")


# Of an office with one unit of ten officers: each tenth dossier open, due within sixty days around today or held up by the applicant.
FILL = """
INSERT INTO dossiers (
    dossier_id, procedure, office, channel, submitted_at, intake_due_at, own_status, unit, officer, accepted_at, number, due_on,
    deadline_on, requested, apologised
)
SELECT gen_random_uuid(), '1.009982', $3, 'online', at, CASE WHEN status = 'submitted' THEN at END, status,
    CASE WHEN status <> 'submitted' THEN $3 || '/1' END,
    CASE WHEN status <> 'submitted' THEN 'officer' || n / 20 % 10 END,
    CASE WHEN status <> 'submitted' THEN at END, CASE WHEN status <> 'submitted' THEN n END,
    CASE WHEN status = 'accepted' THEN (at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date END,
    CASE WHEN status = 'payment_requested' THEN at::date + 20 END, 2, n / 10 % 2 = 0
FROM (
    SELECT n, $4::timestamptz + (n / 7 % 61 - 20) * interval '1 day' + n % 480 * interval '1 minute' AS at,
        CASE WHEN n % 10 > 0 THEN 'returned' WHEN n % 90 = 0 THEN 'submitted' WHEN n % 90 = 10 THEN 'payment_requested'
            ELSE 'accepted' END AS status
    FROM generate_series($1::int, $2::int) n
) made
"""


async def _queues(house: House, quick: bool) -> list[Row]:
    """Database buffers that a page touches, and that its count does: with ten thousand dossiers and with a million."""
    few, many = (1_000, 50_000) if quick else (10_000, 1_000_000)
    services = Services(house, "ours", ("processing",))
    services.prepare()
    connection = await services.connect("processing")
    now = datetime.now(ZONE).replace(hour=9, minute=0, second=0, microsecond=0)
    try:
        await connection.execute(queues.IN_ORDER.replace("LOCAL ", ""))
        await connection.execute("TRUNCATE dossiers, desk_counts")
        touched: dict[int, dict[str, tuple[int, int]]] = {}
        for first, last in ((1, few), (few + 1, many)):
            for begin in range(first, last + 1, 50_000):
                end = min(begin + 49_999, last)
                await connection.execute(FILL, begin, end, OFFICE, now, timeout=300)
            await connection.execute("VACUUM ANALYZE dossiers")
            await connection.execute("VACUUM ANALYZE desk_counts")
            touched[last] = {queue: await _touched(connection, queue, now) for queue in queues.QUEUES}
    finally:
        await connection.close()
    worst = max(queues.QUEUES, key=lambda queue: touched[many][queue][0] - touched[few][queue][0])
    pages = [touched[size][worst][0] for size in (many, few)]
    counted = [max(touched[size][queue][1] for queue in queues.QUEUES) for size in (many, few)]
    told = {
        str(size): {queue: list(found) for queue, found in each.items()} for size, each in touched.items()
    }
    return [
        Row(
            "desk",
            f"a page of the queue '{worst}' of {many:,} dossiers, beside {few:,}: buffers more",
            "buffers",
            Spread([pages[0] - pages[1]]),
            None,
            BUFFERS_MORE,
            note=f"{pages[1]} → {pages[0]}, the worst of {len(queues.QUEUES)}",
            extra={"page_and_count": told},
        ),
        Row(
            "desk",
            f"the count beside it, of {many:,} dossiers beside {few:,}",
            "buffers",
            Spread([float(counted[0])]),
            Spread([float(counted[1])]),
        ),
    ]


async def _touched(connection: asyncpg.Connection, queue: queues.QueueName, now: datetime) -> tuple[int, int]:
    minute = queues.minute_of(now + timedelta(hours=1))
    cut = queues.cut_of(queue, minute, 2, shipped(), ("officer3",))
    desk = OFFICE if queue in queues.AT_THE_OFFICE else f"{OFFICE}/1"
    page, count = Explaining(connection), Explaining(connection)
    await queues.page(page, desk, cut, None, PAGE)
    await queues.counts(count, desk, [cut])
    return page.buffers, count.buffers


class Explaining:
    """A pool that also asks what each statement touched."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.buffers = 0

    async def fetch(self, query: str, *arguments: Any) -> Any:
        explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}"
        (found,) = json.loads(await self._connection.fetchval(explain, *arguments))
        self.buffers += found["Plan"]["Shared Hit Blocks"] + found["Plan"]["Shared Read Blocks"]
        return await self._connection.fetch(query, *arguments)
