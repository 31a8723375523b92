"""Only packages under licences that are looked at once, in pyproject.toml, stand in the lock."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pip-licenses"]


def check(*words: str) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).with_name("pip-licenses"))
    return subprocess.run([program, *words], cwd=ROOT, capture_output=True, text=True, check=False)


def test_every_package_has_a_licence_that_is_allowed() -> None:
    done = check()
    assert done.returncode == 0, done.stderr
    assert "sqlalchemy" in done.stdout.lower() and "hypothesis" in done.stdout


def test_a_package_under_another_licence_is_found() -> None:
    rest = [each for each in DECLARED["allow-only"].split("; ") if each.strip() != "MPL-2.0"]
    done = check("--allow-only", "; ".join(rest))
    assert done.returncode == 1
    assert "hypothesis" in done.stderr


def test_what_is_delivered_needs_no_exception() -> None:
    image = (ROOT / "requirements.image.lock").read_text("utf-8")
    exceptions = set(DECLARED["ignore-packages"])
    assert set(re.findall(r"^([a-z0-9-]+)==", image, re.MULTILINE)) & exceptions == set()
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert {name for name in exceptions - {"motcua"} if f"\n{name}==" not in f"\n{lock}"} == set()
