"""No query is put together of words that come from outside: values go to the database as parameters."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SQL = re.compile(
    r"\b(SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE|LOCK\s+TABLE|(CREATE|ALTER|DROP)\s+[A-Z]+|GRANT|REVOKE)\b"
)
LOOKED_AT = {
    **{
        (
            "deploy/export/ocel.py",
            part,
        ): "a type's name or member in the contracts, in a file of the analyst's own"
        for part in ("first", "kind", "more", "name", "places", "side", "table")
    },
    ("services/chassis/kafka/inbox.py", "queue"): "a text that stands above it",
    (
        "services/chassis/log/event_store.py",
        "function",
    ): "which SQL function a store calls: its service says so in code",
    ("services/chassis/log/event_store.py", "rows"): "the place of a parameter, or nothing",
    ("services/chassis/log/event_store.py", "rows or ', NULL::integer[]'"): "the same",
}


def is_constant(part: ast.expr) -> bool:
    """A name in capitals, of this module or another, or one filled with literals."""
    if isinstance(part, ast.Call):
        filled = isinstance(part.func, ast.Attribute) and part.func.attr == "format"
        given = [*part.args, *(keyword.value for keyword in part.keywords)]
        return filled and is_constant(part.func.value) and all(isinstance(v, ast.Constant) for v in given)  # type: ignore[attr-defined]
    name = part.attr if isinstance(part, ast.Attribute) else part.id if isinstance(part, ast.Name) else ""
    return name.isupper()


def text_of(node: ast.AST) -> str:
    values = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(str(v.value) for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str))


def put_in(tree: ast.AST) -> Iterator[tuple[int, ast.expr]]:
    """What is put into a text of SQL, by whichever way Python has: f"", +, %, format() and join()."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and SQL.search(text_of(node)):
            yield from ((v.lineno, v.value) for v in node.values if isinstance(v, ast.FormattedValue))
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
            for one, other in ((node.left, node.right), (node.right, node.left)):
                if SQL.search(text_of(one)) and not text_of(other):
                    yield node.lineno, other
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "format"
            and SQL.search(text_of(node.func.value))
        ):
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            yield from ((node.lineno, each) for each in given if not isinstance(each, ast.Constant))


def foreign(source: str) -> list[str]:
    return [ast.unparse(part) for _, part in put_in(ast.parse(source)) if not is_constant(part)]


def test_every_query_is_put_together_of_constants() -> None:
    seen = {
        (str(path.relative_to(ROOT)), part)
        for room in ("services", "deploy", "contracts")
        for path in (ROOT / room).rglob("*.py")
        if "migrations" not in path.parts  # run once, with words of their own
        for part in foreign(path.read_text("utf-8"))
    }
    assert seen - LOOKED_AT.keys() == set()
    assert LOOKED_AT.keys() - seen == set(), "looked at, and no longer there"


def test_a_query_of_outside_words_is_found() -> None:
    for wrong in (
        'f"SELECT * FROM dossiers WHERE code = {code}"',
        '"DELETE FROM events WHERE actor = " + actor',
        '"UPDATE t SET x = %s" % value',
        '"SELECT {}".format(name)',
        'f"GRANT SELECT ON t TO {lower}"',
    ):
        assert foreign(wrong), wrong
    for right in (
        'f"SELECT {COLUMNS} FROM events"',
        "f\"SELECT {tables._COLUMNS} FROM {STANDS.format(unit='d.unit')}\"",
        '"SELECT 1 " + OPEN',
        'f"updated {count}"',
    ):
        assert not foreign(right), right
