"""What officers are called, as a service that shows it keeps it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson
import pytest

from services.chassis.kafka import names
from services.chassis.kafka.names import Named, parse
from services.chassis.kafka.ordering import Delivered
from services.chassis.kafka.records import NO_STREAM
from services.chassis.log.migrations import chassis_sql, read_sql
from tests.databases import Database

AT = datetime(2026, 3, 2, tzinfo=UTC)


def value(**changes: Any) -> bytes:
    return orjson.dumps({"officer": "kim", "change": 5, "name": "Trần Thị Thử"} | changes)


@pytest.fixture
async def keeping(plain: Database, pool: asyncpg.Pool[Any]) -> AsyncIterator[asyncpg.Pool[Any]]:
    owner = await asyncpg.connect(plain.owner_dsn)
    await owner.execute(read_sql(chassis_sql("officer_names"), "intake"))
    await owner.close()
    yield pool


async def keep(pool: asyncpg.Pool[Any], *batch: Named) -> list[tuple[Any, ...]]:
    told = [
        Delivered("officers", 0, 0, NO_STREAM, "", "", NO_STREAM, 0, AT, AT, None, None, each)
        for each in batch
    ]
    async with pool.acquire() as connection, connection.transaction():
        await names.apply(connection, told)
    return [
        tuple(row) for row in await pool.fetch("SELECT officer, change, name FROM officer_names ORDER BY 1")
    ]


def test_a_name_is_one_line_of_what_can_be_seen() -> None:
    assert parse(b"kim", value(more=1), []) == Named("kim", 5, "Trần Thị Thử")
    assert parse(b"kim", value(name="  Trần\n\x07 Thử "), []).name == "Trần Thử"
    assert parse(b"kim", value(name=" \x07 "), []).name is None
    assert parse(b"kim", None, [("change", b"9")]) == Named("kim", 9, None)


@pytest.mark.parametrize(
    ("key", "said", "headers"),
    [
        (b"kim", None, []),
        (b"kim", None, [("change", b"soon")]),
        (b"kim", b"{", []),
        (b"lan", value(), []),
        (b"kim", value(name=None), []),
        (b"\xff", value(), []),
    ],
)
def test_what_names_nobody_is_refused_without_quoting_it(
    key: bytes, said: bytes | None, headers: Sequence[tuple[str, bytes]]
) -> None:
    with pytest.raises(ValueError) as refused:
        parse(key, said, headers)
    assert "Trần" not in str(refused.value)


async def test_an_older_name_never_comes_back(keeping: asyncpg.Pool[Any]) -> None:
    assert await keep(keeping, Named("kim", 5, "New"), Named("kim", 4, "Old")) == [("kim", 5, "New")]
    assert await keep(keeping, Named("kim", 4, "Old"), Named("lan", 1, "Lan")) == [
        ("kim", 5, "New"),
        ("lan", 1, "Lan"),
    ]


async def test_a_name_is_gone_with_its_tombstone(keeping: asyncpg.Pool[Any]) -> None:
    await keep(keeping, Named("kim", 5, "Name"))
    assert await keep(keeping, Named("kim", 6, None), Named("kim", 5, "Name")) == [("kim", 6, None)]
