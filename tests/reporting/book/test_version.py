"""The rules of the book bear a version: code that counts otherwise under an old one is found here."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path

from services.reporting.book.version import PROJECTION, VERSIONS, changes_since

ROOM = Path(__file__).parents[3] / "services" / "reporting"
FOLD = (
    "book/fold.py",
    "book/lines.py",
    "book/refiling.py",
    "book/reversal.py",
    "report/by_lines.py",
    "report/columns.py",
)


def digest() -> str:
    """Of what the code does: comments, docstrings and layout count for nothing."""
    told = hashlib.sha256()
    for name in FOLD:
        tree = ast.parse((ROOM / name).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list):
                node.body = [line for line in body if not is_said(line)]  # type: ignore[attr-defined]
        told.update(repr(written(tree)).encode())
    return told.hexdigest()[:16]


def written(node: object) -> object:
    """A tree as every Python that we run on has it: what one version alone knows of a node is empty in code that the others read too."""
    if isinstance(node, list):
        return [written(each) for each in node]
    if not isinstance(node, ast.AST):
        return node
    members = ((name, getattr(node, name, None)) for name in node._fields)
    kept = [(name, written(told)) for name, told in members if name == "value" or told not in (None, [])]
    return type(node).__name__, kept


def is_said(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def test_a_changed_fold_is_a_new_version() -> None:
    assert VERSIONS[PROJECTION].digest == digest(), "add a version to services/reporting/book/version.py"
    assert list(VERSIONS) == list(range(1, PROJECTION + 1))
    assert len({rules.digest for rules in VERSIONS.values()}) == len(VERSIONS)


def test_what_changed_since_is_told() -> None:
    assert changes_since(PROJECTION) == []
    assert changes_since(0)[0] == f"1: {VERSIONS[1].said}"
