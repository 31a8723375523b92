"""`motcua reconcile` over real databases: what differs is named with its way out, and an empty side proves nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import pytest

from contracts.calendar import CALENDAR_ID
from deploy.command.portal_file import compare_with_portal
from deploy.command.reconcile import READERS, reconcile
from deploy.local.process import Failed
from services.chassis.process.ids import uuid7
from tests.databases import Database

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DOSSIERS = [uuid7() for _ in range(300)]


class House(NamedTuple):
    databases: dict[str, Database]
    owners: dict[str, asyncpg.Connection[Any]]

    async def reconciled(self) -> tuple[int, list[str]]:
        said: list[str] = []
        dsns = {name: database.dsn for name, database in self.databases.items()}
        return await reconcile(dsns, said.append), said

    async def write(self, log: str, rows: list[tuple[Any, int]], at: datetime = AT) -> None:
        owner = self.owners[log]
        first = 1 + (await owner.fetchval("SELECT max(position) FROM events") or 0)
        events = [
            (
                first + n,
                stream,
                version,
                uuid7(),
                uuid7(),
                1,
                "Happened",
                1,
                at,
                at,
                "a",
                None,
                None,
                None,
                "{}",
            )
            for n, (stream, version) in enumerate(rows)
        ]
        await owner.executemany(
            f"INSERT INTO events VALUES ({', '.join(f'${n}' for n in range(1, 16))})", events
        )

    async def read(self, log: str, rows: list[tuple[Any, int]], readers: tuple[str, ...] = ()) -> None:
        for reader in readers or READERS[log]:
            await self.owners[reader].executemany(
                "INSERT INTO applied_versions VALUES ($1, $2, $3, $4) "
                "ON CONFLICT (stream_id, producer) DO UPDATE SET version = excluded.version",
                [(stream, log, version, uuid7()) for stream, version in rows],
            )


@pytest.fixture
async def house(database: Callable[[str], Database]) -> AsyncIterator[House]:
    """Both logs with 300 dossiers each, and every reader with all of it."""
    databases = {name: database(name) for name in ("intake", "processing", "notify", "reporting")}
    async with AsyncExitStack() as opened:
        owners = {}
        for name, made in databases.items():
            owners[name] = await asyncpg.connect(made.admin_dsn)
            opened.push_async_callback(owners[name].close)
        house = House(databases, owners)
        for log in READERS:
            await house.write(log, [(dossier, version) for dossier in DOSSIERS for version in (1, 2)])
            await house.read(log, [(dossier, 2) for dossier in DOSSIERS])
        await house.write("processing", [(CALENDAR_ID, 1)])
        yield house


async def test_a_reader_that_lacks_a_version_is_named(house: House) -> None:
    code, said = await house.reconciled()
    assert (code, len(said)) == (0, 6) and all("300 dossiers compared, 0 differ" in line for line in said), (
        said
    )
    behind, missing, ahead, held = DOSSIERS[7], DOSSIERS[8], DOSSIERS[9], DOSSIERS[10]
    reporting = house.owners["reporting"]
    await house.read("processing", [(behind, 1), (held, 1), (ahead, 3)], ("reporting",))
    await reporting.execute(
        "DELETE FROM applied_versions WHERE stream_id = $1 AND producer = 'processing'", missing
    )
    held_id = await reporting.fetchval(
        """INSERT INTO held (reader, stream_id, reason, cluster_id, topic, partition, "offset", headers)
        VALUES ('reporting', $1, 'poison', 'c', 'dossiers', 0, 1, '[]') RETURNING held_id""",
        held,
    )
    code, said = await house.reconciled()
    assert code == 1
    assert [line for line in said if "differ" in line and " 0 differ" not in line] == [
        "processing and reporting: 300 dossiers compared, 4 differ"
    ]
    told = {line.split()[0]: line for line in said if line.startswith("  ")}
    assert "processing says 2, reporting has 1" in told[str(behind)]
    assert "since 2026-03-02" in told[str(behind)] and told[str(behind)].endswith(
        "motcua republish processing"
    )
    assert "reporting has 0" in told[str(missing)]
    assert "processing says 2, reporting has 3  beyond its log" in told[str(ahead)]
    assert told[str(held)].endswith(f"motcua held retry reporting {held_id}")


async def test_what_is_on_its_way_is_no_difference(house: House) -> None:
    just_now = datetime.now(UTC) - timedelta(seconds=1)
    await house.write("intake", [(DOSSIERS[3], 3), (DOSSIERS[4], 3)], just_now)
    await house.read("intake", [(DOSSIERS[3], 3)], ("notify",))
    assert (await house.reconciled())[0] == 0


async def test_an_empty_side_is_no_proof(house: House) -> None:
    await house.owners["notify"].execute("DELETE FROM applied_versions WHERE producer = 'intake'")
    code, said = await house.reconciled()
    assert code == 1 and "intake and notify: notify is EMPTY, which proves nothing" in said
    for log in READERS:
        await house.owners[log].execute("ALTER TABLE events DISABLE TRIGGER USER")
        await house.owners[log].execute("DELETE FROM events")
    code, said = await house.reconciled()
    assert code == 1 and all("is EMPTY" in line for line in said), said


async def test_what_the_portal_tells_otherwise_is_named(house: House, tmp_path: Path) -> None:
    codes = [f"H29.015.00-260302-{number:04}" for number in range(1, 5)]
    steps = [
        (dossier, sequence, status, code if sequence == 1 else None)
        for dossier, code in zip(DOSSIERS[:4], codes, strict=True)
        for sequence, status in (
            (1, "accepted"),
            (2, "in_processing"),
            (3, "withdrawn" if code == codes[3] else "resolved"),
        )
    ]
    await house.owners["intake"].executemany(
        "INSERT INTO steps (dossier_id, sequence, what, status, code, happened_at) VALUES ($1, $2, 'Happened', $3, $4, $5)",
        [(*step, AT) for step in steps],
    )
    path, said = tmp_path / "portal.csv", list[str]()
    rows = [
        f"{codes[0]},9,",
        f"{codes[1].lower()},4,",
        f"{DOSSIERS[2]},5,",
        f"{codes[3]},8,",
        f"{codes[3]},8,withdrawn",
    ]
    rows += [f"{DOSSIERS[5]},1,", "H29.015.00-260302-0099,2,", f"{codes[0]},11,"]
    path.write_text("\n".join(["code,status,reason", *rows]), encoding="utf-8")
    async with asyncpg.create_pool(house.databases["intake"].dsn, min_size=1, max_size=1) as pool:
        assert await compare_with_portal(pool, path, said.append) == 1
        path.write_text("code,status\n", encoding="utf-8")
        empty: list[str] = []
        assert await compare_with_portal(pool, path, empty.append) == 1
        path.write_text(f"code,status\n{codes[0]},9\n", encoding="utf-8")
        assert await compare_with_portal(pool, path, empty.append) == 0
        path.write_text("number\n1\n", encoding="utf-8")
        with pytest.raises(Failed, match="no columns"):
            await compare_with_portal(pool, path, empty.append)
    told = {int(line.split()[1]): line for line in said if line.startswith("  line")}
    assert sorted(told) == [3, 4, 5, 8, 9]
    assert "the portal says 4 Đang xử lý, we say 9 Đã xử lý xong for" in told[3]
    assert "since 2026-03-02 09:00:00+0000" in told[3] and told[3].endswith("the portal stands behind")
    assert told[4].endswith("it never stood there with us")
    assert "the portal says 8 Dừng xử lý, we say 8 Dừng xử lý (withdrawn)" in told[5]
    assert told[8].endswith("nobody here was given this code") and "no status of the portal" in told[9]
    assert said[-1].endswith("8 dossiers compared, 5 differ")
    assert empty[0].endswith("is EMPTY, which proves nothing")
