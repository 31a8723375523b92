"""What docstrings name is there: members and parameters in backticks, and files by their names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.house.test_house import ROOT, tracked

WORD = re.compile(r"`([a-z][a-z0-9_]*)(?:\(\))?`")
FILE = re.compile(r"(?<![\w/.])([a-z_]+\.py)\b")
PROSE = re.compile(r'"""(?s:.*?)"""|(?:#|--) .*')
SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
# Names that stand elsewhere: topics, tables, a role, a command; functions that are handed over; what the log writes into an event.
OF_THE_HOUSE = {
    *("progress", "contacts", "dossiers", "entries", "counters", "corrections", "postgres"),
    *("apply", "decide", "object_pairs_hook", "number", "due", "reverse"),
}


def documented() -> Iterator[tuple[Path, ast.Module, SCOPES, str]]:
    for path in tracked("services/**/*.py", "contracts/**/*.py", "deploy/**/*.py"):
        module = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(module):
            if isinstance(node, SCOPES) and (told := ast.get_docstring(node)):
                yield path, module, node, told


@cache
def names(node: ast.AST) -> set[str]:
    """Whatever stands in the code of a node, docstrings left out."""
    within = list(ast.walk(node))
    docstrings = {
        id(each.body[0].value)
        for each in within
        if isinstance(each, SCOPES | ast.Module) and each.body and isinstance(each.body[0], ast.Expr)
    }
    found: set[str] = set()
    for each in within:
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in docstrings:
            found |= set(re.findall(r"\w+", each.value))
        for member in ("id", "attr", "arg", "name", "asname"):
            if isinstance(name := getattr(each, member, None), str):
                found.add(name)
    return found


@cache
def defined(module: ast.Module) -> set[str]:
    """What a module defines on top."""
    found: set[str] = set()
    for node in module.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            found |= names(node)
        elif isinstance(node, SCOPES):
            found.add(node.name)
    return found


def bases(node: SCOPES, classes: dict[str, ast.ClassDef]) -> set[str]:
    found: set[str] = set()
    for base in getattr(node, "bases", ()):
        known = classes.get(ast.unparse(base).split("[")[0].split(".")[-1])
        if known is not None and known is not node:
            found |= names(known) | bases(known, classes)
    return found


def test_a_docstring_names_what_is_there() -> None:
    found = list(documented())
    classes = {node.name: node for _, _, node, _ in found if isinstance(node, ast.ClassDef)}
    lost = []
    for path, module, node, told in found:
        of_class = isinstance(node, ast.ClassDef)
        known = names(node) | bases(node, classes) | defined(module) if of_class else names(module)
        lost += [
            f"{path.relative_to(ROOT)}: {node.name}: {word}"
            for word in WORD.findall(told)
            if word not in known and word not in OF_THE_HOUSE
        ]
    names.cache_clear()  # every node of every source: the collector would look at them in all tests behind
    assert lost == []
    assert len(found) > 500


def test_a_field_that_stands_elsewhere_in_the_module_is_not_the_classs() -> None:
    module = ast.parse(
        "class Held:\n  due: int\nclass Order:\n  'Said: `owed`, `held`.'\n  due_on: int\ndef f(held): return held"
    )
    order = module.body[1]
    assert isinstance(order, ast.ClassDef)
    known = names(order) | defined(module)
    assert [word for word in WORD.findall(ast.get_docstring(order) or "") if word not in known] == [
        "owed",
        "held",
    ]


def test_a_file_that_is_named_is_there() -> None:
    house = {path.name for path in tracked()}
    lost = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in tracked("services/**/*.py", "services/**/*.sql", "contracts/**/*.py", "deploy/**/*.py")
        for prose in PROSE.findall(path.read_text(encoding="utf-8"))
        for name in FILE.findall(prose)
        if name not in house
    ]
    assert lost == []
