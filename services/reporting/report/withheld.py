"""Which numbers of a breakdown the public is not shown: small ones, and as many beside them as it takes that nobody can compute them. Pure.

A small number tells of single persons. Withheld alone it would be the total less the others, and a sum less its parts. So for each small
number two rows and a few columns are found between which dossiers could be moved without any total or sum being another one: all cells of
such a move are withheld, and what is shown fits more than one table. Totals stay, and so do months and days: each is the total of a window
that anybody may ask for.
"""

from __future__ import annotations

import heapq
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from contracts.catalogue import shipped as catalogue

SMALL = range(1, 5)
PARTNERS_MOST = 6
SUPPORT_MOST = 5

# Of every row: each sums up to 0. A column that stands in none is bound by its total alone.
SUMS: tuple[Mapping[str, int], ...] = (
    {"received": -1, "received_online": 1, "received_otherwise": 1, "carried_over": 1},
    {"received_new": -1, "received_online": 1, "received_otherwise": 1},
    {"received_online": -1, "online_full": 1, "online_partial": 1},
    {"resolved": -1, "early": 1, "on_time": 1, "late": 1},
    {"late": -1, "late_with_apology": 1, "late_without_apology": 1},
    {"pending": -1, "in_due": 1, "overdue": 1},
    {"overdue": -1, "overdue_with_apology": 1, "overdue_without_apology": 1},
    {"received": -1, "resolved": 1, "pending": 1},
    {"waiting_before": 1, "submitted": 1, "waiting": -1, "not_accepted": -1, "received_new": -1},
    {"not_accepted": -1, "rejected": 1, "withdrawn_before_acceptance": 1},
)

Row = Mapping[str, int]
Hidden = Mapping[str, frozenset[str]]
"""Of each row the columns that are withheld."""


class Move(NamedTuple):
    """Dossiers that could be in one row as well as in another: `by` is added to the cells of `one` and taken from those of `other`."""

    one: str
    other: str
    by: Mapping[str, int]


def hidden(rows: Mapping[str, Any], by: str | None) -> Hidden:
    """What the public is not shown of the official report's rows by an attribute.

    Guarantee: no number that is withheld can be computed from what is shown. Test: test_no_withheld_number_can_be_computed.
    """
    if by is None or len(rows) < 2:
        return {}
    cells = {key: _cells(row) for key, row in rows.items()}
    moves = _of_procedures(cells) if by == "procedure" else _moves(cells, by)
    found: dict[str, set[str]] = defaultdict(set)
    for move in moves:
        found[move.one].update(move.by)
        found[move.other].update(move.by)
    return {key: frozenset(columns) for key, columns in found.items()}


def shown(key: str, row: Mapping[str, int], hidden: Hidden) -> dict[str, int | None]:
    """A row's numbers, None where they are withheld."""
    columns = hidden.get(key, frozenset())
    return {name: None if name in columns else value for name, value in row.items()}


def count(hidden: Hidden) -> int:
    """How many cells are withheld, of all columns of the report."""
    return sum(map(len, hidden.values()))


def _cells(row: Any) -> dict[str, int]:
    cells = dict(row) if isinstance(row, Mapping) else {n: getattr(row, n) for n in row.__dataclass_fields__}
    cells["received_new"] = cells["received_online"] + cells["received_otherwise"]
    return cells


def _of_procedures(cells: Mapping[str, Row]) -> list[Move]:
    """Rows by procedure lie inside rows by field, which are shown too: what is withheld of fields is withheld of a procedure in each, and
    all else is moved inside one field."""
    fields: dict[str, list[str]] = defaultdict(list)
    for code in sorted(cells):
        found = catalogue.find(code)
        fields[found.field if found else ""].append(code)
    sums = {
        field: {name: sum(cells[code][name] for code in codes) for name in cells[codes[0]]}
        for field, codes in fields.items()
    }
    moves = []
    for one, other, by in _moves(sums, "field"):
        pairs = [Move(a, b, by) for a in fields[one] for b in fields[other]]
        moves.append(min(pairs, key=lambda move: (_cost(cells, move, set()), move.one, move.other)))
    for codes in fields.values():
        moves = _moves({code: cells[code] for code in codes}, "procedure", moves)
    return moves


def _moves(cells: Mapping[str, Row], by: str, before: Sequence[Move] = ()) -> list[Move]:
    """The moves that hide every small cell of a table, beside those that are there already."""
    moves = list(before)
    gone = {(key, name) for move in moves for key in move[:2] for name in move.by}
    if len(cells) < 2:
        return moves
    keys = sorted(cells)
    for name in cells[keys[0]]:
        for key in keys:
            if cells[key][name] not in SMALL or (key, name) in gone:
                continue
            move = _least(cells, by, key, name, gone)
            if move:  # else the row's number is the total's, which is shown
                moves.append(move)
                gone |= {(row, column) for row in move[:2] for column in move.by}
    return moves


def _least(cells: Mapping[str, Row], by: str, key: str, name: str, gone: set[tuple[str, str]]) -> Move | None:
    """The move of a cell that costs least, the first of those that cost alike."""
    found: Move | None = None
    least: tuple[int, int, int] = (True, sys.maxsize, sys.maxsize)
    for other in _partners(cells, key, name):
        for circuit in circuits(name):
            if by == "channel" and any(_is_known(row, each) for row in (key, other) for each in circuit):
                continue
            move = Move(key, other, circuit)
            cost = _cost(cells, move, gone)
            if found is None or cost < least:
                found, least = move, cost
            if least == (False, 0, 0):
                return found
    return found


def _partners(cells: Mapping[str, Row], key: str, name: str) -> list[str]:
    """The rows that have a small number there too, then those with the least."""
    others = ((cells[other][name] == 0, cells[other][name], other) for other in cells if other != key)
    return [other for _, _, other in heapq.nsmallest(PARTNERS_MOST, others)]


def _cost(cells: Mapping[str, Row], move: Move, gone: set[tuple[str, str]]) -> tuple[int, int, int]:
    """Whether it takes a number below 0, how many cells it rests on in which there is nothing, and how many it hides for it."""
    one, other = cells[move.one], cells[move.other]
    values = [(one[name], other[name], by) for name, by in move.by.items()]
    possible = any(all(a + sign * by >= 0 and b - sign * by >= 0 for a, b, by in values) for sign in (1, -1))
    empty = sum((a == 0) + (b == 0) for a, b, _ in values)
    new = sum(
        cells[key][name] not in SMALL and (key, name) not in gone for key in move[:2] for name in move.by
    )
    return not possible, empty, new


def _is_known(door: str, column: str) -> bool:
    """Whether everybody knows that there is nothing: of each door one of two columns is always empty."""
    online = ("received_online", "online_full", "online_partial")
    return column == "received_otherwise" if door == "online" else column in online


@cache
def circuits(column: str) -> tuple[Mapping[str, int], ...]:
    """The least changes of one row that touch a column and leave all sums right."""
    found: list[dict[str, int]] = []
    _search({column: 1}, found)
    supports = [frozenset(change) for change in found]
    least = [
        change
        for change, own in zip(found, supports, strict=True)
        if not any(other < own for other in supports)
    ]
    return tuple(sorted(least, key=lambda change: (len(change), sorted(change))))


def _search(change: dict[str, int], found: list[dict[str, int]]) -> None:
    if change in found:
        return
    for terms in SUMS:
        off = sum(weight * change.get(name, 0) for name, weight in terms.items())
        if off:
            if abs(off) == 1 and len(change) < SUPPORT_MOST:
                for name, weight in terms.items():
                    if name not in change:
                        _search({**change, name: -off * weight}, found)
            return
    found.append(change)
