"""A portal on a sandbox: its clock is moved, its officers act, and the conformance kit tells a right portal from a naive one."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.deploy_local.portal import FILING
from tests.journeys.conftest import MOTCUA, ROOT, House

pytestmark = pytest.mark.servers
PATIENCE_SECONDS = 30.0
*_, GUIDE = re.findall(
    r"^```python\n(.*?)^```$", (ROOT / "docs" / "portals.md").read_text(encoding="utf-8"), re.M | re.S
)
NAIVE = """
import os, threading, time, uuid
from http.server import BaseHTTPRequestHandler, HTTPServer
import httpx

class Called(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass

client = httpx.Client(base_url=os.environ["PORTAL_INTAKE"], headers={"authorization": f"Bearer {os.environ['PORTAL_TOKEN']}"})

def send(path, body):
    while True:
        try:
            answer = client.post(path, json=body, headers={"idempotency-key": str(uuid.uuid4())})
        except httpx.TransportError:
            continue
        if answer.status_code < 400:
            return answer.json()

server = HTTPServer(("127.0.0.1", 0), Called)
threading.Thread(target=server.serve_forever, daemon=True).start()
send("/v1/subscriptions", {"url": f"http://127.0.0.1:{server.server_port}/naive"})
for name in ("Nguyễn Thị Mai", "Trần Văn Nam", "Lê Thị Lan", "Phạm Văn Bình"):
    filed = send("/v1/dossiers", FILING | {"applicant": FILING["applicant"] | {"name": name}})
headers = {"authorization": f"Bearer {os.environ['OFFICE_TOKEN']}", "idempotency-key": str(uuid.uuid4()), "if-match": '"0"'}
client.post(f"/v1/dossiers/{filed['dossier_id']}/accept", json={}, headers=headers)
time.sleep(5)
"""


class Portal:
    def __init__(self, house: House, token: str) -> None:
        self.token = token
        headers = {"authorization": f"Bearer {token}"}
        url = f"http://127.0.0.1:{house.port_base + 1}"
        self.client = httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)

    def file(self, key: str, email: str) -> dict[str, Any]:
        body = {**FILING, "applicant": {**FILING["applicant"], "email": email}}
        answer = self.client.post("/v1/dossiers", json=body, headers={"idempotency-key": key})
        assert answer.status_code == 201, answer.text
        filed: dict[str, Any] = answer.json()
        return filed

    def until(self, dossier: str, good: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            seen: dict[str, Any] = self.client.get(f"/v1/dossiers/{dossier}").raise_for_status().json()
            if good(seen):
                return seen
            assert time.monotonic() < deadline, seen
            time.sleep(0.2)


@pytest.fixture(scope="module")
def tokens(second_house: House) -> list[str]:
    told = second_house.motcua("sandbox", "tokens")
    assert told.returncode == 0, told.stderr
    return [line.split()[1] for line in told.stdout.splitlines()]


@pytest.fixture(scope="module")
def portal(second_house: House, tokens: list[str]) -> Iterator[Portal]:
    portal = Portal(second_house, tokens[0])
    with portal.client:
        yield portal


def test_a_sandbox_says_that_it_is_one(second_house: House, first_house: House) -> None:
    for number, path in ((1, "/"), (1, "/nowhere"), (2, "/nowhere"), (3, "/docs"), (4, "/")):
        url = f"http://127.0.0.1:{second_house.port_base + number}{path}"
        page = httpx.get(url, headers={"accept": "text/html"}, trust_env=False)
        assert page.headers["motcua-sandbox"].startswith("ahead="), url
        assert '<aside aria-label="sandbox">' in page.text, url
    true = httpx.get(f"http://127.0.0.1:{first_house.port_base + 4}/", trust_env=False)
    assert "motcua-sandbox" not in true.headers and "sandbox" not in true.text


def test_an_answer_is_lost_where_a_word_asks_for_it(portal: Portal) -> None:
    with pytest.raises(httpx.TransportError):
        portal.file("lost-once", "mai+sandbox-lost@example.org")
    filed = portal.file("lost-once", "mai+sandbox-lost@example.org")
    assert portal.file("lost-once", "mai+sandbox-lost@example.org") == filed


def test_a_sandboxs_time_is_moved(second_house: House, portal: Portal) -> None:
    def forward(length: str) -> datetime:
        moved = second_house.motcua("sandbox", "forward", length)
        assert moved.returncode == 0, moved.stderr
        return datetime.fromisoformat(moved.stdout.split(",")[0])

    plain = portal.file("moved-1", "mai@example.org")["dossier_id"]
    asked = portal.file("moved-2", "mai+sandbox-supplement@example.org")["dossier_id"]
    left = portal.file("moved-3", "mai+sandbox-wait@example.org")["dossier_id"]
    forward("2m")
    portal.until(plain, lambda seen: seen["status"] != "submitted")
    portal.until(asked, lambda seen: seen["status"] != "submitted")
    forward("2m")
    assert portal.until(plain, lambda seen: seen["status"] == "resolved")["outcome"] == "granted"
    assert portal.until(asked, lambda seen: seen["to_bring"])["status"] == "supplement_requested"
    now = forward("10w")
    portal.until(asked, lambda seen: "SupplementLapsed" in [each["what"] for each in seen["history"]])
    later = portal.file("moved-4", "mai+sandbox-wait@example.org")
    filed_at = datetime.fromisoformat(later["submitted_at"])
    assert timedelta() <= filed_at - now < timedelta(minutes=5)
    day = filed_at.date().isoformat()
    deadline = time.monotonic() + PATIENCE_SECONDS
    counts = second_house.counts(**{"from": day, "to": day})
    while counts["submitted"] < 1 or datetime.fromisoformat(counts["complete_up_to"]) <= filed_at:
        assert time.monotonic() < deadline, counts
        time.sleep(0.2)
        counts = second_house.counts(**{"from": day, "to": day})
    assert portal.until(left, lambda seen: True)["status"] == "submitted"
    well = second_house.motcua("doctor")
    assert well.returncode == 0, well.stdout


def conform(
    house: House, portal: str, tokens: list[str], *options: str, patience: str = "20"
) -> tuple[int, str]:
    """What the kit says of a portal, which is a program that gets its addresses by its environment."""
    secret = json.loads((house.home / "secrets.json").read_text(encoding="utf-8"))["payment_secret"]
    words = ["conform", f"http://127.0.0.1:{house.port_base + 1}", "--patience", patience, "--seconds", "60"]
    officer = house.motcua("token", "--role", "officer").stdout.strip()
    with subprocess.Popen(
        [MOTCUA, *words, *options], env=house.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as kit:
        assert kit.stdout is not None
        address = re.search(r"http://127\.0\.0\.1:\d+", kit.stdout.readline())
        assert address, "the kit does not say where it is"
        told = {"PORTAL_INTAKE": address[0], "PORTAL_NOTIFY": address[0], "PORTAL_PORT": "0"}
        told |= {"PORTAL_TOKEN": tokens[1], "PAYMENT_SECRET": secret}
        told |= {"OFFICE_PROCESSING": address[0], "OFFICE_TOKEN": officer}
        program = subprocess.Popen([sys.executable, "-c", portal], env=house.environment | told)
        said = kit.stdout.read()
        kit.wait(60)
        program.wait(60)
    return kit.returncode, said


def test_the_portal_of_the_guide_is_right(second_house: House, tokens: list[str]) -> None:
    code, said = conform(second_house, GUIDE, tokens, "--office")
    assert code == 0, said
    assert "FAILED" not in said and said.count("passed    ") == 17


def test_a_naive_portal_is_told_what_it_does_wrong(second_house: House, tokens: list[str]) -> None:
    naive = f"FILING = {FILING!r}\n{NAIVE}"
    leaves_out = ("--without", "following,supplement,withdrawal,payment", "--office")
    code, said = conform(second_house, naive, tokens, *leaves_out)
    assert code == 1
    assert "FAILED    if-match: If-Match names a version that was not read" in said
    for point in ("lost-answer", "limited", "away"):
        assert f"FAILED    {point}: it came again under another Idempotency-Key" in said
    assert "FAILED    call-forged: it was answered 204" in said and "FAILED    call-old" in said
    assert "passed    first-submission" in said and "passed    call-taken" in said
    assert "docs/portals.md, “Repeats”" in said and "docs/portals.md, “Acts of an office”" in said


def test_only_a_sandbox_is_tried_against(first_house: House, second_house: House) -> None:
    """Neither as intake, nor as what stands beside a sandbox's."""
    beside = first_house.motcua("conform", f"http://127.0.0.1:{second_house.port_base + 1}", "--seconds", "1")
    assert beside.returncode == 1 and "is no sandbox's processing" in beside.stderr
    refused = first_house.motcua("conform", f"http://127.0.0.1:{first_house.port_base + 1}", "--seconds", "1")
    assert refused.returncode == 1 and "is no sandbox's intake" in refused.stderr
    assert first_house.motcua("sandbox", "forward", "1d").returncode == 1
