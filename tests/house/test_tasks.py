"""Tasks of the house: each has an owner that ends it, and nothing waits in a way that loses a cancellation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.house.test_house import ROOT, nodes, tracked

ENDS_WITH_ITS_QUEUE = {
    "services/chassis/log/event_store.py": "the flusher: each waiter holds a future that it answers, also when it is cancelled",
    "services/chassis/log/gathering.py": "the flusher, likewise",
}


def test_no_task_is_without_an_owner() -> None:
    """Whoever makes a task keeps it under a name and ends it in the same function; one that nobody holds may vanish, or go on for ever."""
    orphans = {}
    for path in (*tracked("services/**/*.py"), *tracked("deploy/**/*.py")):
        if not re.search(r"create_task|ensure_future", path.read_text(encoding="utf-8")):
            continue
        functions = [n for n in nodes(path) if isinstance(n, ast.AsyncFunctionDef | ast.FunctionDef)]
        for function in functions:
            owned = {
                name for call in _calls(function, {"end", "_end", "first_failure"}) for name in _names(call)
            }
            groups = {
                each.optional_vars.id
                for node in ast.walk(function)
                if isinstance(node, ast.AsyncWith)
                for each in node.items
                if "TaskGroup" in ast.unparse(each.context_expr) and isinstance(each.optional_vars, ast.Name)
            }
            begun = {
                id(call): call
                for call in _calls(function, {"create_task", "ensure_future"})
                if not (isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) in groups)
            }
            for statement in ast.walk(function):
                kept: set[str] = set()
                if isinstance(statement, ast.Assign):
                    kept = {name for target in statement.targets for name in _names(target)}
                elif isinstance(statement, ast.Call) and ast.unparse(statement.func).endswith(".append"):
                    kept = _names(statement.func)
                if kept & owned:
                    for call in _calls(statement, {"create_task", "ensure_future"}):
                        begun.pop(id(call), None)
            for call in begun.values():
                orphans[str(path.relative_to(ROOT))] = call.lineno
    assert set(orphans) == set(ENDS_WITH_ITS_QUEUE), orphans


def _calls(tree: ast.AST, names: set[str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in names:
            yield node


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def test_nothing_waits_by_wait_for() -> None:
    """On Python 3.11 it loses a cancellation that arrives in the moment in which what it waits for is done."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in (*tracked("services/**/*.py"), *tracked("deploy/**/*.py"))
        for node in nodes(path)
        if (isinstance(node, ast.Attribute) and node.attr == "wait_for")
        or (isinstance(node, ast.ImportFrom) and "wait_for" in {alias.name for alias in node.names})
    ]
    assert found == []
