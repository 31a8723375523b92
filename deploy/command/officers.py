"""`motcua officers FILE`: tells processing who serves in which unit, from a CSV file; and the embedded run its demonstration people.

Columns: subject, name, unit, since, until (the last day, empty for until further notice).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deploy.command.calendar import Door, Say, day_of
from deploy.local.home import Home
from deploy.local.issuer import Issuer
from deploy.local.people import PEOPLE
from deploy.local.process import Failed

COLUMNS = ["subject", "name", "unit", "since", "until"]
ROWS_AT_ONCE = 1_000


def tell(home: Home, file: Path, token: str, say: Say) -> int:
    """Sends the file's rows; Failed with the line of the first that is none."""
    rows = list(read(file))
    door = Door(home, token or Issuer(home.path).token("operator"))
    for begin in range(0, len(rows), ROWS_AT_ONCE):
        try:
            door.ask("/v1/officers", {"officers": rows[begin : begin + ROWS_AT_ONCE]})
        except Failed as refused:
            raise Failed(f"{file}, rows from {begin + 1} on: {refused}") from None
    say(f"{len(rows)} rows are in the register")
    return 0


def read(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of a file as the door takes them; Failed with the line of one that is none."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeError) as fault:
        raise Failed(f"{file} cannot be read: {fault}") from None
    told = csv.DictReader(lines)
    if told.fieldnames != COLUMNS:
        raise Failed(f"{file}: the first line is {','.join(COLUMNS)}")
    for row in told:
        if None in row or None in row.values():
            raise Failed(f"{file}, line {told.line_num}: five columns")
        try:
            since, until = day_of(row["since"]), day_of(row["until"]) if row["until"] else None
        except Failed as fault:
            raise Failed(f"{file}, line {told.line_num}: {fault}") from None
        yield {
            "subject": row["subject"],
            "name": row["name"] or None,
            "unit": row["unit"],
            "since": str(since),
            "until": until and str(until),
        }


def tell_people(home: Home) -> None:
    """The demonstration's officers, so that a supervisor can give something to one who has not logged in yet."""
    rows = [
        {"subject": each.subject, "name": each.name, "unit": place, "since": "2000-01-01"}
        for each in PEOPLE
        for place in (each.unit, each.office)
        if place and each.service == "processing"
    ]
    Door(home, Issuer(home.path).token("operator")).ask("/v1/officers", {"officers": rows})
