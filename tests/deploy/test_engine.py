"""The compose file on a real engine: built, started, and walked through once. Without an engine it is left out, and says so."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.filled import filled

ROOT = Path(__file__).parents[2]
PARTS = ("intake", "processing", "notify", "reporting", "provider", "mail", "prometheus")
PUBLISHED = (
    *("INTAKE_PORT", "PROCESSING_PORT", "NOTIFY_PORT", "REPORTING_PORT", "POSTGRES_PORT", "KAFKA_PORT"),
    *("MAIL_PORT", "GRAFANA_PORT", "PROMETHEUS_PORT", "PROVIDER_PORT"),
)
UP_SECONDS = 900
PATIENCE_SECONDS = 30
FILING = {
    "procedure": "1.009982",
    "office": "H29.015.00",
    "channel": "online",
    "applicant": {
        "name": "Nguyễn Thử Nghiệm",
        "identifier": {"kind": "cccd", "number": "098090000001"},
        "email": "thu@example.org",
    },
    "content": filled(),
}


def _engine_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "version"], capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(not _engine_answers(), reason="no container engine answers: docker version"),
]


class House:
    """A compose run of its own name on ports of its own."""

    def __init__(self, ports: dict[str, int]) -> None:
        self.ports = ports
        self._environment = os.environ | {name: str(port) for name, port in ports.items()} | _images_here()

    def compose(self, *words: str) -> str:
        done = subprocess.run(
            ["docker", "compose", "--project-name", "motcua-test", *words],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=UP_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout

    def token(self, role: str) -> dict[str, str]:
        words = self.compose("run", "--rm", "-T", "token", "--role", role).split()
        return {"Authorization": f"Bearer {words[-1]}"}

    def url(self, service: str, path: str) -> str:
        return f"http://127.0.0.1:{self.ports[f'{service.upper()}_PORT']}{path}"


def _images_here() -> dict[str, str]:
    """Images of others that this engine has under their tags without the pinned digests: stand-ins, where no registry is."""
    pinned = re.findall(r"\$\{(\w+_IMAGE):-([^@}]+)", (ROOT / "docker-compose.yml").read_text("utf-8"))

    def here(tag: str) -> bool:
        return not subprocess.run(
            ["docker", "image", "inspect", tag], capture_output=True, check=False
        ).returncode

    return {variable: tag for variable, tag in pinned if here(tag)}


@pytest.fixture(scope="module")
def house(free_ports: Callable[[int], list[int]]) -> Iterator[House]:
    found = House(dict(zip(PUBLISHED, free_ports(len(PUBLISHED)), strict=True)))
    try:
        found.compose("build", "--quiet")
        found.compose("up", "--detach", "--wait", *PARTS)
        yield found
    finally:
        found.compose("down", "--volumes", "--timeout", "10")


def until(holds: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := holds()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return found


def test_a_dossier_is_filed_accepted_told_and_counted(house: House):
    portal, officer = house.token("portal"), house.token("officer")
    filed = httpx.post(
        house.url("intake", "/v1/dossiers"), json=FILING, headers=portal | {"Idempotency-Key": "walk-1"}
    )
    assert filed.status_code == 201, filed.text
    dossier_id = filed.json()["dossier_id"]
    place = house.url("processing", f"/v1/dossiers/{dossier_id}")
    until(lambda: httpx.get(place, headers=officer).status_code == 200)
    accepted = httpx.post(
        f"{place}/accept", json={}, headers=officer | {"Idempotency-Key": "walk-2", "If-Match": '"0"'}
    )
    assert accepted.status_code == 200, accepted.text
    at = house.url("notify", f"/v1/notices?dossier_id={dossier_id}")

    def all_sent() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = httpx.get(at, headers=officer).json()["items"]
        return items if [item["status"] for item in items] == ["sent"] * 4 else []

    letters = [item["notice_id"] for item in until(all_sent) if item["channel"] == "email"]
    caught = house.compose("exec", "-T", "mail", "sh", "-c", "cat /mail/*")
    assert all(f"Message-ID: <{notice_id}@" in caught for notice_id in letters)
    until(lambda: httpx.get(house.url("reporting", "/v1/counts")).json()["received"] == 1)


def test_prometheus_sees_every_service_and_understands_every_rule(house: House):
    prometheus = house.url("prometheus", "/api/v1")
    up = until(lambda: httpx.get(f"{prometheus}/query?query=sum(up)").json()["data"]["result"])
    assert up[0]["value"][1] == "4"
    until(lambda: _health(prometheus) == {"ok"})


def _health(prometheus: str) -> set[str]:
    groups = httpx.get(f"{prometheus}/rules").json()["data"]["groups"]
    return {rule["health"] for group in groups for rule in group["rules"]}


def test_a_container_sees_its_own_secrets_only(house: House):
    assert house.compose("exec", "-T", "notify", "ls", "/run/motcua").split() == ["jwks.json", "secrets.env"]
    assert house.compose("exec", "-T", "notify", "sh", "-c", "ls /secrets/*/").count(".") == 0
    assert "KAFKA_PASSWORD" not in json.dumps(house.compose("config"))


def test_a_service_has_no_code_that_signs_tokens_and_writes_nowhere(house: House):
    for module in ("deploy", "deploy.local.issuer"):
        with pytest.raises(AssertionError, match="No module named"):
            house.compose("exec", "-T", "intake", "python", "-c", f"import {module}")
    with pytest.raises(AssertionError, match="Read-only file system"):
        house.compose("exec", "-T", "intake", "touch", "/app/written")
