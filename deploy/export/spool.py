"""What an export has gathered so far: one file beside the one that is to come, which outlives a kill.

Rows are kept under a key and in its order: what comes twice is kept once, and a file is the same whatever came first. Memory does not grow
with it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from deploy.local.process import Failed

Row = dict[str, Any]

_TABLES = """
CREATE TABLE IF NOT EXISTS rows (key BLOB PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS told (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Spool:
    """Rows of one question, and how far it was answered. `begun`: before, by an export that was cut short."""

    def __init__(self, file: Path, question: Mapping[str, Any]) -> None:
        """Of the export of `file`, begun before or begun now; Failed where what was begun is another question's, or is being written."""
        self.path = part_of(file)
        try:
            self._database = sqlite3.connect(self.path, isolation_level=None, timeout=0)
            self._database.executescript("PRAGMA locking_mode = EXCLUSIVE;" + _TABLES)
            asked = self.told("question")
            self.begun = asked is not None
            if asked is None:
                self._tell({"question": question})
        except sqlite3.OperationalError as fault:
            if "locked" in str(fault):
                raise Failed(f"{self.path}: another export writes it") from None
            raise Failed(f"{self.path}: {fault}") from None
        except sqlite3.DatabaseError as fault:
            raise Failed(f"{self.path} is damaged ({fault}): remove it and begin again") from None
        if asked is not None and asked != json.loads(orjson.dumps(question)):
            told = ", ".join(f"{name} {value}" for name, value in asked.items() if value)
            self.close()
            raise Failed(
                f"{self.path} was begun with {told}: give the same words to go on, or --anew to begin again"
            )

    def told(self, name: str) -> Any:
        """What was kept under a name, as JSON has it; None before."""
        found = self._database.execute("SELECT value FROM told WHERE name = ?", (name,)).fetchone()
        return json.loads(found[0]) if found else None

    def keep(
        self, rows: Iterable[tuple[bytes, Mapping[str, Any]]], *, alone: bool = False, **told: Any
    ) -> None:
        """Rows by their keys, and how far they lead, together or not at all; `alone`: in the place of all that were kept.

        Guarantee: an export that was killed goes on where it was, and has each row once. Test: test_a_killed_export_goes_on_where_it_was.
        """
        try:
            self._database.execute("BEGIN")
            if alone:
                self._database.execute("DELETE FROM rows")
            self._database.executemany(
                "INSERT OR IGNORE INTO rows VALUES (?, ?)", ((key, orjson.dumps(row)) for key, row in rows)
            )
            self._tell(told)
            self._database.execute("COMMIT")
        except sqlite3.Error as fault:
            raise Failed(f"{self.path}: {fault}; what was gathered before stays") from None

    def __len__(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM rows").fetchone()[0])

    def rows(self) -> Iterator[Row]:
        """All of them in the order of their keys; times and days as text."""
        for (row,) in self._database.execute("SELECT row FROM rows ORDER BY key"):
            yield orjson.loads(row)

    def close(self) -> None:
        self._database.close()

    def remove(self) -> None:
        self.close()
        _unlink(self.path)

    def _tell(self, told: Mapping[str, Any]) -> None:
        self._database.executemany(
            "INSERT OR REPLACE INTO told VALUES (?, ?)",
            [(name, orjson.dumps(value).decode()) for name, value in told.items()],
        )


def part_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.part")


def discard(file: Path) -> None:
    """Forgets what was gathered for it."""
    _unlink(part_of(file))


def _unlink(path: Path) -> None:
    """Its journal first: a journal alone would be taken for another file's."""
    for each in (path.with_name(f"{path.name}-journal"), path):
        each.unlink(missing_ok=True)
