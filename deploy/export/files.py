"""Rows as a file: Parquet, CSV or a line of JSON each. A file appears under its name whole or not at all."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

import orjson

from deploy.export.spool import Row
from deploy.local.process import Failed

Kind = Literal["text", "whole", "flag", "day", "instant"]
AT_ONCE = 20_000


class Column(NamedTuple):
    name: str
    kind: Kind


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A draft to write; it gets its name when all of it is on disk.

    Guarantee: who finds a file under its name finds all of it. Test: test_a_file_appears_whole_or_not_at_all.
    """
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    try:
        yield draft
        _sync(draft)
        os.replace(draft, path)
        _sync(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def write(
    kind: str, path: Path, columns: Sequence[Column], rows: Iterable[Row], about: Mapping[str, str]
) -> None:
    """`about` is what is said of them all; Parquet alone has a place for it."""
    if kind == "parquet":
        _parquet(path, columns, rows, about)
    elif kind == "csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            lines = csv.writer(file, lineterminator="\n")
            lines.writerow(column.name for column in columns)
            lines.writerows([_cell(row.get(column.name)) for column in columns] for row in rows)
    else:
        with path.open("wb") as file:
            for row in rows:
                file.write(
                    orjson.dumps(
                        {column.name: row.get(column.name) for column in columns},
                        option=orjson.OPT_APPEND_NEWLINE,
                    )
                )


def _cell(value: Any) -> Any:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else value


def _parquet(path: Path, columns: Sequence[Column], rows: Iterable[Row], about: Mapping[str, str]) -> None:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise Failed(
            "Parquet needs pyarrow, which is not installed here: `make setup`, or --format csv"
        ) from None
    types = {
        "text": pyarrow.string(),
        "whole": pyarrow.int64(),
        "flag": pyarrow.bool_(),
        "day": pyarrow.date32(),
        "instant": pyarrow.timestamp("us", tz="UTC"),
    }
    schema = pyarrow.schema([(column.name, types[column.kind]) for column in columns], metadata=dict(about))
    read = {"day": date.fromisoformat, "instant": datetime.fromisoformat}
    rows = iter(rows)
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as file:
        while batch := list(islice(rows, AT_ONCE)):
            arrays = []
            for name, kind in columns:
                values = [row.get(name) for row in batch]
                if made := read.get(kind):
                    values = [None if value is None else made(value) for value in values]
                arrays.append(pyarrow.array(values, types[kind]))
            file.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
