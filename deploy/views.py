"""The data dictionary of what analysts may read in reporting's database: the comments of its views, as a page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

SQL = Path(__file__).parent.parent / "services" / "reporting" / "functions" / "show_to_analysts.sql"
_VIEW = re.compile(r"^CREATE OR REPLACE VIEW analysts\.(\w+) AS\nSELECT (.*?);$", re.M | re.S)
_COMMENT = re.compile(r"^COMMENT ON (VIEW|COLUMN) analysts\.([\w.]+) IS '((?:[^']|'')*)';$", re.M)
_COLUMN = re.compile(r"(\w+|\))::(\w+)(?: AS (\w+))?")


class View(NamedTuple):
    """What a view is, and its columns with their types and meanings."""

    meaning: str
    columns: Mapping[str, tuple[str, str]]


def views() -> dict[str, View]:
    """Every view by its name, as the file makes it; KeyError where something has no meaning."""
    text = SQL.read_text(encoding="utf-8")
    said = {name: meaning.replace("''", "'") for _, name, meaning in _COMMENT.findall(text)}
    return {
        view: View(
            said[view],
            {
                column: (kind, said[f"{view}.{column}"])
                for own, kind, other in _COLUMN.findall(body)
                for column in [other or own]
            },
        )
        for view, body in _VIEW.findall(text)
    }


def dictionary() -> str:
    """docs/views.md."""
    lines = [
        "# Views for analysts",
        "",
        "Written by `make generate` from the comments in the database; not by hand. They stand in the schema `analysts` of",
        "reporting's database, for the role `analyst`, which may read them and nothing else.",
        "[analysts.md](analysts.md) says how to enter and how to count.",
    ]
    for name, view in views().items():
        lines += [
            "",
            f"## analysts.{name}",
            "",
            view.meaning,
            "",
            "| column | type | meaning |",
            "|---|---|---|",
        ]
        lines += [f"| `{column}` | {kind} | {meaning} |" for column, (kind, meaning) in view.columns.items()]
    return "\n".join(lines) + "\n"
