"""`motcua export` of the book: what is counted from a file is what the report counts, and what was cut short goes on."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import asyncpg
import duckdb
import pyarrow.parquet
import pytest

from deploy.export import book, files
from deploy.export.spool import Spool
from deploy.local.postgres.run import Postgres
from deploy.local.process import Failed
from tests.databases import Database
from tests.reporting.conftest import Served

INSTANTS = (None, datetime(2023, 3, 1, 2, 30, tzinfo=UTC), datetime(2023, 7, 14, 9, tzinfo=UTC))
WINDOWS = (("2023-01-01", "2023-09-30"), ("2023-02-15", "2023-03-14"))
FROM_LINES = """
SELECT coalesce(sum(amount) FILTER (flow = 'received_new' AND on_date <= $to), 0)
         - coalesce(sum(amount) FILTER (flow = 'resolved' AND on_date < $first), 0),
       coalesce(sum(amount) FILTER (flow = 'resolved' AND on_date BETWEEN $first AND $to), 0),
       coalesce(sum(amount) FILTER (timeliness = 'late' AND on_date BETWEEN $first AND $to), 0),
       coalesce(sum(amount) FILTER (flow = 'submitted' AND on_date BETWEEN $first AND $to), 0)
FROM read_parquet($file)
"""
FROM_DOSSIERS = """
SELECT count(*) FILTER (accepted_on <= $to AND (ended_on IS NULL OR ended_on >= $first)),
       count(*) FILTER (accepted_on IS NOT NULL AND ended_on BETWEEN $first AND $to),
       count(*) FILTER (timeliness = 'late' AND ended_on BETWEEN $first AND $to),
       count(*) FILTER (submitted_on BETWEEN $first AND $to)
FROM read_csv($file)
"""

LINE = """
INSERT INTO entries SELECT $1, 1, 0, 0, $2, 1, '', '2023-01-02', 'submitted', '', 'p', 'f', 'o', 'online', 'full', '', 'infinity', false
"""


@pytest.fixture
def dsn(served: Served, postgres: Postgres) -> str:
    return postgres.dsn("analyst", served.database.name)


async def exported(
    dsn: str, path: Path, what: str, kind: str, as_of: datetime | None = None, since: datetime | None = None
) -> Path:
    spool = Spool(path, {"what": what})
    about = await book.gather(dsn, spool, what, since, as_of, lambda _: None)
    columns = book.ENTRIES if what == "entries" else book.DOSSIERS
    with files.whole(path) as draft:
        files.write(kind, draft, columns, spool.rows(), about)
    spool.remove()
    return path


async def test_the_exports_count_what_the_report_counts(served: Served, dsn: str, tmp_path: Path) -> None:
    for number, as_of in enumerate(INSTANTS):
        lines = await exported(dsn, tmp_path / f"{number}.parquet", "entries", "parquet", as_of)
        dossiers = await exported(dsn, tmp_path / f"{number}.csv", "dossiers", "csv", as_of)
        async with served.client() as client:
            for (first, last), (query, file) in product(
                WINDOWS, ((FROM_LINES, lines), (FROM_DOSSIERS, dossiers))
            ):
                asked = {"from": first, "to": last} | ({"as_of": as_of.isoformat()} if as_of else {})
                told = (await client.get("/v1/report", params=asked)).raise_for_status().json()
                given = {"first": first, "to": last, "file": str(file)}
                [counted] = duckdb.execute(
                    query.replace("$first", "CAST($first AS DATE)").replace("$to", "CAST($to AS DATE)"), given
                ).fetchall()
                assert counted == tuple(told[name] for name in ("received", "resolved", "late", "submitted"))
                if as_of is None and first == "2023-01-01":
                    assert counted[:2] == (13_276, 12_467)


async def test_what_became_known_since_is_a_file_of_its_own(dsn: str, tmp_path: Path) -> None:
    cut = INSTANTS[1]
    whole, before, after = [
        pyarrow.parquet.read_table(
            await exported(dsn, tmp_path / f"{name}.parquet", "entries", "parquet", as_of, since)
        )
        for name, as_of, since in (("whole", None, None), ("before", cut, None), ("after", None, cut))
    ]
    assert len(before) and len(after) and len(before) + len(after) == len(whole)
    assert (
        pyarrow.concat_tables([before, after])
        .replace_schema_metadata()
        .equals(whole.replace_schema_metadata())
    )
    assert whole.schema.metadata[b"made_up"] == b"false" and b"as_of" in whole.schema.metadata


@pytest.mark.parametrize("what", ["entries", "dossiers"])
async def test_a_killed_export_goes_on_where_it_was(dsn: str, tmp_path: Path, what: str) -> None:
    path, said = tmp_path / "file.csv", list[str]()
    whole = await exported(dsn, tmp_path / "whole.csv", what, "csv")

    def cut(line: str) -> None:
        said.append(line)
        if len(said) in (2, 5):
            raise KeyboardInterrupt

    for times in (2, 5, None):
        spool = Spool(path, {"what": what})
        try:
            await book.gather(dsn, spool, what, None, None, cut, page_lines=2_000)
            assert times is None
        except KeyboardInterrupt:
            assert len(said) == times
            spool.close()
    assert said[0].startswith("2,000 of" if what == "entries" else "1,99") and len(set(said)) == len(said)
    with files.whole(path) as draft:
        files.write("csv", draft, book.ENTRIES if what == "entries" else book.DOSSIERS, spool.rows(), {})
    assert path.read_bytes() == whole.read_bytes()
    spool.remove()
    assert sorted(os.listdir(tmp_path)) == ["file.csv", "whole.csv"]


async def test_a_book_that_moved_is_gathered_again(
    database: Any, postgres: Postgres, served: Served, tmp_path: Path
) -> None:
    made: Database = database("reporting")
    dsn = postgres.dsn("analyst", made.name)
    owner = await asyncpg.connect(made.admin_dsn)
    at = datetime(2023, 1, 2, tzinfo=UTC)
    dossiers = [f"0185{number:04d}-0000-7000-8000-000000000000" for number in range(4)]
    for number, dossier in enumerate(dossiers[1:]):
        await owner.execute(LINE, dossier, at.replace(hour=number + 1))
    spool = Spool(tmp_path / "file.csv", {})

    async def gathered() -> None:
        await book.gather(dsn, spool, "entries", None, None, lambda _: None, page_lines=1)

    spool.keep((), as_of=at.replace(hour=3), lines=1, after=(at.replace(hour=1).isoformat(), dossiers[1], 1))
    await owner.execute(LINE, dossiers[0], at)
    with pytest.raises(Failed, match="the same words again"):
        await gathered()
    await owner.execute(LINE, "01850009-0000-7000-8000-000000000000", at.replace(hour=4))
    await gathered()
    assert [row["dossier_id"] for row in spool.rows()] == dossiers and spool.told("lines") == 4
    spool.remove()
    await owner.close()


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("of before")

    def rows() -> Iterator[dict[str, Any]]:
        yield {"amount": 1}
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), files.whole(path) as draft:
        files.write("csv", draft, book.ENTRIES, rows(), {})
    assert [each.name for each in tmp_path.iterdir()] == ["file.csv"] and path.read_text() == "of before"


def test_what_was_begun_for_another_question_is_told(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    first = Spool(path, {"what": "entries", "since": None})
    with pytest.raises(Failed, match="another export writes it"):
        Spool(path, {"what": "entries", "since": None})
    first.close()
    with pytest.raises(Failed, match="was begun with what entries: give the same words"):
        Spool(path, {"what": "dossiers", "since": None})
    first.path.write_bytes(b"no database, but long enough to be looked at as one would be" * 20)
    with pytest.raises(Failed, match="is damaged"):
        Spool(path, {"what": "entries"})
    with pytest.raises(Failed, match="unable to open"):
        Spool(tmp_path / "nowhere" / "file.csv", {})
    assert sqlite3.sqlite_version_info > (3, 8)
