"""Spectral finds nothing in the OpenAPI documents, not so much as a hint."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from contracts.topics import SERVICES

HERE = Path(__file__).with_name("spectral")
SPECTRAL = HERE / "node_modules" / ".bin" / "spectral"
DOCUMENTS = Path(__file__).parents[2] / "contracts" / "openapi"


@pytest.mark.long
def test_the_linter_of_openapi_finds_nothing(tmp_path: Path) -> None:
    if not SPECTRAL.exists():
        reason = "Spectral is not installed: `npm ci --prefix tests/contracts/spectral` (.ci/run does that)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    wrong = tmp_path / "wrong.json"
    document = json.loads((DOCUMENTS / "intake.json").read_text(encoding="utf-8"))
    del document["info"]["contact"]
    wrong.write_text(json.dumps(document), encoding="utf-8")
    assert "info-contact" in lint(wrong).stdout, "it looks"
    done = lint(*(DOCUMENTS / f"{service}.json" for service in SERVICES))
    assert done.returncode == 0, done.stdout + done.stderr


def lint(*documents: Path) -> subprocess.CompletedProcess[str]:
    options = ["--ruleset", str(HERE / "ruleset.yaml"), "--fail-severity", "hint", "--quiet"]
    return subprocess.run(
        [SPECTRAL, "lint", *options, *documents], capture_output=True, text=True, check=False, timeout=120
    )
