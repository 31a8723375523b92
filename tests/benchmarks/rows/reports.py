"""What a report costs over a history of ten thousand lines and over one of a million: pages that the database touches, and time.

The lines are made by a generator: 12 dossiers a day over the 22 procedures, three lines each; the longer history begins earlier. They are
written as the service writes them, so that their sums are made as it makes them.
"""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, date, datetime
from typing import Any

import asyncpg

from deploy.local.postgres.run import SUPERUSER
from services.reporting.report.columns import tells
from services.reporting.report.counts import Window
from services.reporting.report.flows import load_flows
from services.reporting.report.queries import load_official
from tests.benchmarks.filings import PROCEDURES
from tests.benchmarks.house import House
from tests.benchmarks.measure import Spread
from tests.benchmarks.results import Row
from tests.databases import Databases

SIZES = (10_000, 1_000_000)
A_DAY = 12
TODAY = date(2023, 10, 2)
BUFFERS_MORE = 1.2
MILLISECONDS = 10.0

# A dossier of every day is 15 days under way; one in twelve 25 days and late, one in fifty is not ended.
MAKE = f"""
INSERT INTO entries
SELECT d.id, l.number, l.sequence, 0, l.on_date + l.at, 1, d.office || '/QLXD', l.on_date, l.flow, l.timeliness, d.procedure, 'xay_dung',
       d.office, d.channel, d.level, l.manner, l.due_on, false
FROM (
    SELECT ('018500000000700080' || lpad(to_hex(n), 14, '0'))::uuid AS id, n, $1::date - (n / {A_DAY})::int AS day,
           ($4::text[])[1 + n % cardinality($4::text[])] AS procedure, 'H29.01' || 5 + n % 2 || '.00' AS office,
           (ARRAY['online', 'online', 'online', 'in_person', 'postal'])[1 + n % 5] AS channel,
           (ARRAY['full', 'full', 'full', 'partial'])[1 + n % 22 % 4] AS level
    FROM generate_series($2::bigint, $3::bigint - 1) n
) d
CROSS JOIN LATERAL (
    SELECT 1, 0, day, time '09:00' + n % 480 * interval '1 minute', 'submitted', '', '', 'infinity'::date
    UNION ALL SELECT 2, 1, day + 1, time '09:00' + n % 480 * interval '1 minute', 'received_new', '', '', day + 21
    UNION ALL SELECT 3, 2, CASE WHEN n % 12 = 0 THEN day + 26 ELSE day + 16 END, time '15:00', 'resolved',
        CASE WHEN n % 12 = 0 THEN 'late' ELSE 'early' END, 'resolved', day + 21
    WHERE n % 50 > 0
) l(number, sequence, on_date, at, flow, timeliness, manner, due_on)
WHERE l.on_date <= $5 ORDER BY l.on_date, d.n
"""


class Explaining:
    """A connection that asks of each query what it costs: pages touched, milliseconds in all."""

    def __init__(self, connection: asyncpg.Connection[Any]) -> None:
        self._connection = connection
        self.buffers = 0
        self.milliseconds = 0.0

    async def fetch(self, query: str, *given: Any) -> Any:
        plan = await self._connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}", *given)
        top = json.loads(plan)[0]["Plan"]
        self.buffers += top["Shared Hit Blocks"] + top["Shared Read Blocks"]
        began = time.perf_counter()
        rows = await self._connection.fetch(query, *given)
        self.milliseconds += 1000 * (time.perf_counter() - began)
        return rows


async def made(house: House, size: int) -> asyncpg.Connection[Any]:
    """A migrated database with so many lines, the newest of today."""
    postgres = house.postgres("ours")
    database = Databases(postgres).create("reporting")
    connection = await asyncpg.connect(postgres.dsn(SUPERUSER, database.name))
    dossiers, step = size // 3, 3_000
    # The oldest first, as they come.
    for at in range(-(-dossiers // step) * step, -1, -step):
        await connection.execute(MAKE, TODAY, at, min(at + step, dossiers), list(PROCEDURES), TODAY)
    await connection.execute("VACUUM ANALYZE")
    return connection


def questions() -> list[tuple[Window, datetime | None]]:
    """Windows by the calendar and by the official days, of now and as of two instants of the last month."""
    windows = [
        Window(date(2023, 9, 1), date(2023, 9, 30)),
        Window(date(2023, 8, 15), date(2023, 9, 14)),
        Window(date(2023, 1, 1), date(2023, 9, 30)),
        Window(date(2023, 9, 12), date(2023, 9, 20)),
        Window(date(2023, 9, 2), None),
        Window(None, date(2023, 9, 27)),
    ]
    instants = [None, datetime(2023, 9, 28, 4, tzinfo=UTC), datetime(2023, 10, 2, 8, tzinfo=UTC)]
    return [(window, as_of) for window in windows for as_of in instants]


async def measure(house: House, rounds: int, quick: bool) -> list[Row]:
    sizes = (10_000, 100_000) if quick else SIZES
    if more := os.environ.get("MOTCUA_BENCH_ENTRIES"):
        sizes = (sizes[0], int(more))
    buffers: dict[int, list[float]] = {}
    slowest: dict[int, list[float]] = {}
    for size in sizes:
        connection = await made(house, size)
        buffers[size], slowest[size] = [], []
        for number in range(rounds + 1):
            times = []
            for window, as_of in questions():
                for by in ("procedure", "office", None):
                    asked = Explaining(connection)
                    await load_official(asked, window, by, tells(window.last, TODAY), as_of)  # type: ignore[arg-type]
                    times.append(asked.milliseconds)
                    if number == 0:
                        buffers[size].append(asked.buffers)
                asked = Explaining(connection)
                await load_flows(asked, window, "procedure", as_of)  # type: ignore[arg-type]
                times.append(asked.milliseconds)
            if number:
                slowest[size].append(max(times))
        await connection.close()
    small, large = sizes
    what = f"official report, any window, as of any instant, {large:,} lines"
    return [
        Row(
            *("reports", f"{what}, beside {small:,} of the same rows", "pages"),
            *(Spread(buffers[large]), Spread(buffers[small]), BUFFERS_MORE),
        ),
        Row("reports", f"{what}, the slowest", "ms", Spread(slowest[large]), None, MILLISECONDS),
    ]
