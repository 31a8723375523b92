"""Clients that a generator makes of the services' documents file a dossier, follow it, and read every answer by its shape."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from contracts.topics import SERVICES
from tests.journeys.conftest import ROOT, House

pytestmark = pytest.mark.servers
GENERATOR = Path(sys.executable).with_name("openapi-python-client")
PATIENCE_SECONDS = 20.0
# The first program of the guide, which is one on a client that is made so.
GUIDE, *_ = re.findall(
    r"^```python\n(.*?)^```$", (ROOT / "docs" / "portals.md").read_text(encoding="utf-8"), re.M | re.S
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], ModuleType]]:
    """made("intake.api.dossiers.submit_dossier"): a module of a client; each was made without a single warning."""
    folder = tmp_path_factory.mktemp("clients")
    (folder / "config.yml").write_text("post_hooks: []\n", encoding="utf-8")
    for service in SERVICES:
        document = ROOT / "contracts" / "openapi" / f"{service}.json"
        words = [
            "generate",
            "--path",
            str(document),
            "--config",
            "config.yml",
            "--meta",
            "none",
            "--fail-on-warning",
        ]
        done = subprocess.run(
            [GENERATOR, *words, "--output-path", f"made_{service}"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield lambda name: importlib.import_module(f"made_{name}")
    sys.path.remove(str(folder))


def until(asked: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not good(answer := asked()):
        assert time.monotonic() < deadline, answer
        time.sleep(0.05)
    return answer


def test_a_client_files_a_dossier_and_follows_it(
    first_house: House, made: Callable[[str], ModuleType]
) -> None:
    def client(service: str, role: str) -> Any:
        token = first_house.motcua("token", "--role", role).stdout.strip()
        url = f"http://127.0.0.1:{first_house.port_base + 1 + SERVICES.index(service)}"
        return made(f"{service}.client").AuthenticatedClient(base_url=url, token=token)

    def call(name: str, *ids: Any, by: Any, **rest: Any) -> Any:
        return made(name).sync(*ids, client=by, **rest)

    portal, officer = client("intake", "portal"), client("processing", "officer")
    shown = made("intake.models.new_dossier").NewDossier.from_dict(
        {
            "procedure": "1.009982",
            "office": "H29.015.00",
            "channel": "online",
            "applicant": {"name": "Nguyễn Thị Mai", "identifier": {"kind": "cccd", "number": "097190123456"}},
            "content": {"certificate_class": "II"},
        }
    )
    submit = "intake.api.dossiers.submit_dossier"
    key = f"made-{time.time_ns()}"
    filed = call(submit, by=portal, body=shown, idempotency_key=key)
    assert type(filed).__name__ == "SubmittedDossier"
    assert call(submit, by=portal, body=shown, idempotency_key=key) == filed
    shown.procedure = "9.999999"
    refused = call(submit, by=portal, body=shown, idempotency_key=key + "-other")
    assert (refused.code, refused.status) == ("procedure-unknown", 422)

    one = "processing.api.dossiers.get_dossier"
    until(lambda: call(one, filed.dossier_id, by=officer), lambda seen: type(seen).__name__ == "Listed")
    accept = made("processing.models.accept").Accept()
    done = call(
        "processing.api.dossiers.accept",
        filed.dossier_id,
        by=officer,
        body=accept,
        if_match='"0"',
        idempotency_key=key,
    )
    assert (type(done).__name__, done.status.value) == ("Standing", "accepted")
    follow = "intake.api.dossiers.follow_dossier"
    seen = until(
        lambda: call(follow, filed.dossier_id, by=portal), lambda seen: seen.status.value == "accepted"
    )
    assert seen.code == done.code and seen.history[0].what == "DossierSubmitted"
    notices = until(
        lambda: call(
            "notify.api.notices.list_notices", by=client("notify", "officer"), dossier_id=filed.dossier_id
        ),
        lambda told: getattr(told, "items", None),
    )
    assert {each.about for each in notices.items} >= {"DossierSubmitted"}
    counts = call("reporting.api.counts.count_dossiers", by=client("reporting", "portal"))
    assert type(counts).__name__ == "CountsAnswer" and counts.received > 0


def test_the_guides_client_files_follows_and_brings_what_is_asked_for(
    first_house: House, made: Callable[[str], ModuleType]
) -> None:
    folder = Path(str(made("intake").__file__)).parents[1]
    token = first_house.motcua("token", "--role", "portal").stdout.strip()
    told = {"PORTAL_INTAKE": f"http://127.0.0.1:{first_house.port_base + 1}", "PORTAL_TOKEN": token}
    program = [sys.executable, "-c", GUIDE.replace("intake_client", "made_intake")]
    with subprocess.Popen(
        program, cwd=folder, env=os.environ | told, stdout=subprocess.PIPE, text=True
    ) as portal:
        assert portal.stdout is not None
        dossier = portal.stdout.readline().strip()
        officer = made("processing.client").AuthenticatedClient(
            base_url=f"http://127.0.0.1:{first_house.port_base + 2}",
            token=first_house.motcua("token", "--role", "officer").stdout.strip(),
        )
        one = made("processing.api.dossiers.get_dossier")
        until(lambda: one.sync(dossier, client=officer), lambda seen: type(seen).__name__ == "Listed")
        asked = {"papers": [{"paper": 1, "fault": "unreadable"}]}
        for version, act, kind, body in (
            (0, "accept", "Accept", {}),
            (1, "request_supplement", "RequestSupplement", asked),
        ):
            done = made(f"processing.api.dossiers.{act}").sync(
                dossier,
                client=officer,
                body=getattr(made("processing.models"), kind).from_dict(body),
                if_match=f'"{version}"',
                idempotency_key=f"guide-{dossier}-{version}",
            )
            assert type(done).__name__ == "Standing", done
        said = portal.stdout.read()
        assert portal.wait(PATIENCE_SECONDS) == 0
    assert said.startswith("supplement_requested ") and "SupplementProvided recorded" in said, said
