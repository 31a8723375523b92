"""What a page of a queue and its count cost, by the database's own count of pages."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import asyncpg

from services.processing.clock.working_days import shipped
from services.processing.desk import queues
from tests.processing.conftest import House
from tests.processing.examples import OFFICE, UNIT

FILL = """
INSERT INTO dossiers (
    dossier_id, procedure, office, channel, submitted_at, intake_due_at, own_status, unit, officer, accepted_at, number, due_on,
    deadline_on, requested, apologised
)
SELECT gen_random_uuid(), '1.009982', $3, 'online', at, CASE WHEN status = 'submitted' THEN at + interval '1 day' END, status,
    CASE WHEN status <> 'submitted' THEN $4 END, CASE WHEN n % 3 = 0 AND status <> 'submitted' THEN 'an' END,
    CASE WHEN status <> 'submitted' THEN at END, CASE WHEN status <> 'submitted' THEN n END,
    CASE WHEN status = 'accepted' THEN at::date + 20 END, CASE WHEN status = 'payment_requested' THEN at::date + 20 END, 2, n % 7 = 0
FROM (
    SELECT n, timestamptz '2022-01-03 08:00+07' + n % 31 * interval '1 day' + n % 480 * interval '1 minute' AS at,
        CASE n % 100 WHEN 0 THEN 'submitted' WHEN 1 THEN 'resolved' WHEN 2 THEN 'payment_requested'
            WHEN 3 THEN 'accepted' WHEN 6 THEN 'accepted' WHEN 9 THEN 'accepted' WHEN 12 THEN 'accepted'
            WHEN 15 THEN 'accepted' ELSE 'returned' END AS status
    FROM generate_series($1::int, $2::int) n
) made
"""


COUNTERS_MAX = 60


async def buffers(pool: Any, run: Any) -> int:
    """Database pages that the statements of `run` touch."""

    class Explaining:
        touched = 0

        async def fetch(self, query: str, *arguments: Any) -> Any:
            explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}"
            ((plan,),) = (json.loads(await pool.fetchval(explain, *arguments)),)
            self.touched += plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
            return await pool.fetch(query, *arguments)

    explaining = Explaining()
    await run(explaining)
    return explaining.touched


async def test_a_page_of_a_queue_costs_the_same_however_long_it_is(fresh_house: House) -> None:
    """Of one desk: 300 dossiers in its queues, and 5,400."""
    minute = datetime(2022, 2, 14, 9, 0)  # noqa: DTZ001
    connection = await asyncpg.connect(fresh_house.database.admin_dsn)
    try:
        await connection.execute(queues.IN_ORDER.replace("LOCAL ", ""))
        measured: list[dict[str, int]] = []
        for first, last in ((1, 3_000), (3_001, 60_000)):
            await connection.execute(FILL, first, last, OFFICE, UNIT)
            await connection.execute("VACUUM ANALYZE dossiers")
            await connection.execute("VACUUM ANALYZE desk_counts")
            touched: dict[str, int] = {}
            for queue in queues.QUEUES:
                cut = queues.cut_of(queue, minute, 2, shipped(), ("an",))
                desk = OFFICE if queue in queues.AT_THE_OFFICE else UNIT

                async def one(pool: Any, desk: str = desk, cut: queues.Cut = cut) -> None:
                    await queues.page(pool, desk, cut, None, 2)

                async def count(pool: Any, desk: str = desk, cut: queues.Cut = cut) -> None:
                    await queues.counts(pool, desk, [cut])

                touched[queue] = await buffers(connection, one)
                touched[f"{queue}, its count"] = await buffers(connection, count)
            measured.append(touched)
        short, long = measured
        pages = {queue: (short[queue], long[queue]) for queue in queues.QUEUES}
        assert {queue: touched for queue, touched in pages.items() if touched[1] > touched[0] + 3} == {}
        # Its count reads a row for each month, each day of a month and each minute of a day at most.
        assert max(long[f"{queue}, its count"] for queue in queues.QUEUES) <= COUNTERS_MAX
    finally:
        await connection.close()
