"""An operator follows one dossier through four services: by their logs, and from another machine by addresses alone."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.topics import SERVICES
from tests.deploy_local.portal import FILING
from tests.journeys.conftest import MOTCUA, House

pytestmark = pytest.mark.servers
PATIENCE_SECONDS = 20.0
TRACE = "0af7651916cd43dd8448eb211c80319c"
OWN = "7d3c9f0a-4b52-4e0e-9a51-0d7c1c1f2b33"


@pytest.fixture(scope="module")
def dossier(second_house: House) -> str:
    """Filed by a portal that says in which trace, and what it calls the request itself."""
    token = second_house.motcua("token", "--role", "portal").stdout.strip()
    answer = httpx.post(
        f"http://127.0.0.1:{second_house.port_base + 1}/v1/dossiers",
        json=FILING,
        headers={
            "authorization": f"Bearer {token}",
            "idempotency-key": "followed",
            "traceparent": f"00-{TRACE}-b7ad6b7169203331-01",
            "x-correlation-id": OWN,
        },
        trust_env=False,
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["dossier_id"])


def lines(house: House, service: str, word: str) -> Iterator[dict[str, Any]]:
    for line in (house.home / "log" / f"{service}.log").read_text(encoding="utf-8").splitlines():
        if word in line:
            yield json.loads(line)


def test_one_id_finds_a_submission_in_all_four_logs(second_house: House, dossier: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    for service in SERVICES:
        for word in (dossier, TRACE, OWN):
            while not (found := list(lines(second_house, service, word))):
                assert time.monotonic() < deadline, f"{service} says nothing of {word}"
                time.sleep(0.1)
            assert all(line["service"] == service and line["release"] for line in found)
    (request,) = [line for line in lines(second_house, "intake", dossier) if line["what"] == "request"]
    assert (request["subject"], request["trace_id"], request["status"]) == (dossier, TRACE, 201)
    assert request["correlation_id"] == OWN
    counted = next(line for line in lines(second_house, "reporting", dossier))
    assert (counted["what"], counted["reader"]) == ("applied", "reporting")
    assert (
        dossier in counted["subjects"] and TRACE in counted["trace_ids"] and OWN in counted["correlation_ids"]
    )
    assert FILING["applicant"]["name"] not in str([list(lines(second_house, s, dossier)) for s in SERVICES])


def test_an_operator_looks_from_anywhere(
    second_house: House, dossier: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another machine: a home of nobody, and addresses in the environment."""
    passwords = json.loads((second_house.home / "secrets.json").read_text(encoding="utf-8"))["postgres"]
    named = {}
    for number, service in enumerate(SERVICES, 1):
        host = f"127.0.0.1:{second_house.port_base + 5}"
        named[f"MOTCUA_{service.upper()}_DSN"] = (
            f"postgresql://{service}:{passwords[service]}@{host}/{service}"
        )
        named[f"MOTCUA_{service.upper()}_URL"] = f"http://127.0.0.1:{second_house.port_base + number}"
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    from_elsewhere = Elsewhere(tmp_path, 1)
    traced = from_elsewhere.motcua("trace", dossier)
    assert traced.returncode == 0, traced.stderr
    assert "DossierSubmitted" in traced.stdout and TRACE in traced.stdout
    assert traced.stdout.count("has applied intake up to version 1") == 3  # intake applies the others' alone
    assert from_elsewhere.motcua("trace", OWN).stdout == f"dossier {dossier}\n{traced.stdout}"
    assert from_elsewhere.motcua("held", "list").stdout == "nothing is held\n"
    well = from_elsewhere.motcua("doctor")
    assert well.returncode == 0, well.stdout + well.stderr
    assert [line.split()[0] for line in well.stdout.splitlines()] == list(SERVICES)
    unknown = from_elsewhere.motcua("trace", "01980d5e-5b7c-7c21-8a52-0d6c5f6a1b33")
    assert unknown.returncode == 1 and "no service knows this dossier" in unknown.stderr
    monkeypatch.setenv("MOTCUA_NOTIFY_URL", "http://127.0.0.1:1")
    ill = from_elsewhere.motcua("doctor")
    assert ill.returncode == 1 and "notify     -        does not answer at http://127.0.0.1:1" in ill.stdout
    assert "passwords" not in ill.stdout + ill.stderr and passwords["notify"] not in ill.stdout + ill.stderr


def test_who_reads_no_further_is_told_of_no_fault(second_house: House) -> None:
    """As `motcua held list | head -1` does."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        left = subprocess.run(
            [str(MOTCUA), "held", "list"],
            env=second_house.environment,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    assert (left.returncode, left.stderr) == (130, "")


class Elsewhere(House):
    """A machine without a run."""

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "MOTCUA_HOME": str(self.home / "none")}
