"""Keeps what has been read of each case while a log is checked: a few in memory, the rest in a temporary SQLite file.

Promises memory that does not grow with the log, however its rows are mixed. Never survives the import that made it.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

DRAFTS_IN_MEMORY = 10_000


@dataclass(slots=True)
class Draft:
    """One case so far: the raw cells that must agree on all its rows, the instants found, where, and by which activity.

    `bad` is the first reason for which a row of it was bad, empty when none was.
    """

    line: int
    cells: dict[str, str] = field(default_factory=dict)
    times: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    steps: list[tuple[str, int]] = field(default_factory=list)
    by: dict[str, str] = field(default_factory=dict)
    bad: str = ""


class Drafts:
    """Drafts by case. `get` hands out the draft itself: what is changed on it is kept."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "drafts.sqlite"
        self._near: dict[str, Draft] = {}
        self._spilled = False

    def __enter__(self) -> Self:
        self._database = sqlite3.connect(self._path, isolation_level=None)
        # The file is scratch: after a crash it is made anew, so nothing waits for the disk.
        self._database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "CREATE TABLE drafts (name TEXT PRIMARY KEY, began TEXT, bad TEXT, draft BLOB) WITHOUT ROWID;"
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def get(self, name: str, line: int) -> Draft:
        """The draft of a case, a new one that begins on `line` when there is none."""
        draft = self._near.get(name)
        if draft is None:
            if len(self._near) >= DRAFTS_IN_MEMORY:
                self._spill()
            draft = (self._far(name) if self._spilled else None) or Draft(line)
            self._near[name] = draft
        return draft

    def sound(self) -> Iterator[tuple[str, Draft]]:
        """The drafts without a bad row by the instant they begin at, so that official codes rise with the days.

        They may be marked while they are told: sorting has read them all before the first.
        """
        self._spill()
        query = "SELECT name, draft FROM drafts WHERE bad = '' ORDER BY began, name"
        for name, draft in self._database.execute(query):
            yield name, Draft(**orjson.loads(draft))

    def mark_bad(self, name: str, reason: str) -> None:
        self._spill()
        self._database.execute("UPDATE drafts SET bad = ? WHERE name = ?", (reason, name))

    def bad_by_reason(self) -> dict[str, int]:
        """How many cases are left out for each reason, each case counted once; most of all first."""
        self._spill()
        query = "SELECT bad, count(*) FROM drafts WHERE bad <> '' GROUP BY bad ORDER BY count(*) DESC, bad"
        return dict(self._database.execute(query))

    def _far(self, name: str) -> Draft | None:
        row = self._database.execute("SELECT draft FROM drafts WHERE name = ?", (name,)).fetchone()
        return None if row is None else Draft(**orjson.loads(row[0]))

    def _spill(self) -> None:
        if not self._near:
            return
        rows = [
            (name, min(draft.times.values(), default=""), draft.bad, orjson.dumps(asdict(draft)))
            for name, draft in self._near.items()
        ]
        self._database.execute("BEGIN")
        self._database.executemany("INSERT OR REPLACE INTO drafts VALUES (?, ?, ?, ?)", rows)
        self._database.execute("COMMIT")
        self._near.clear()
        self._spilled = True
