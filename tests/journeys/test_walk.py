"""The README's walk, run as it stands there: one dossier from the citizen to the counts."""

import re
import subprocess

import pytest

from tests.journeys.conftest import ROOT, House

pytestmark = pytest.mark.servers


def walk() -> str:
    """The shell blocks of the README's sections about one dossier and its report, in order."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = []
    for heading in ("The walk", r"Why is it due that day\?", "A report that can be signed"):
        [section] = re.findall(rf"^## {heading}$(.*?)^## ", readme, re.M | re.S)
        blocks += re.findall(r"^```sh\n(.*?)^```$", section, re.M | re.S)
    assert len(blocks) >= 8
    return "set -euo pipefail\n" + "\n".join(
        f"echo; echo '--- {number}'\n{block}" for number, block in enumerate(blocks)
    )


def test_the_walk_goes_as_it_is_written(first_house: House) -> None:
    done = subprocess.run(
        ["bash", "-c", walk()],
        cwd=ROOT,
        env=first_house.environment,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    parts = done.stdout.split("\n--- ")
    called, filed, queued, accepted, resolved, answered, counted, died, returned = parts[2:11]
    assert "whsec_" in called or "subscription-exists" in called
    [dossier] = re.findall(r'"dossier_id": ?"([0-9a-f-]{36})"', filed)
    assert dossier in queued
    [code] = set(re.findall(r"H29\.015\.00-\d{6}-\d{4,}", accepted))
    assert '"status":"resolved"' in resolved.replace(" ", "")
    assert code in answered and "DossierResolved" in answered
    assert '"channel":"sms","status":"delivered"' in died
    assert "sent by the second provider, 1 units" in died
    assert '"type":"DossierResolved"' in answered and '"receipt":"no_such_mailbox"' in returned
    # A letter repeats nothing that was typed.
    assert "was decided" in answered and "Nguyễn Thị Mai" not in answered
    assert '"complete_up_to"' in counted
    supplemented, across_a_holiday, published, rebuilt = parts[-4:]
    assert '"status":"supplement_requested"' in supplemented and '"name_vi":"' in supplemented
    assert '"outcome":"recorded"' in supplemented and '"pauses":[{"began_on"' in supplemented
    before, after = re.findall(
        r'"status":"accepted","version":[13],"code":"[^"]*","due_on":"([-0-9]+)"', supplemented
    )
    # Asked and taken on one day: the clock began anew that day, so the date is the same one, and there was none in between.
    assert after == before and '"version":2' in supplemented
    days = across_a_holiday.splitlines()
    assert "2026-05-12" in days and days[-1] == "thứ Ba 12/05/2026: tính 5 · Tuesday 12 May 2026: counted 5"
    assert any(
        "Thursday 30 April 2026: paused – Liberation Day/Reunification Day – Bộ luật Lao động 45/2019/QH14"
        in day
        for day in days
    )

    told = '"difference":{"resolved":1,"early":1,"pending":-1,"overdue":-1,"overdue_without_apology":-1}'
    assert told in published and '"count":1,' in published
    assert re.findall(r"^report [0-9]+ is proven: sha256:[0-9a-f]{64}$", published, re.M)
    assert "differs" not in published
    assert (
        "the new book is in place" in rebuilt and "is in place again" in rebuilt and "differs" not in rebuilt
    )


def test_the_counts_of_the_walk_follow_the_laws(first_house: House) -> None:
    counts = first_house.counts()
    assert counts["waiting_before"] + counts["submitted"] == (
        counts["waiting"] + counts["not_accepted"] + counts["received_new"]
    )
    assert counts["received"] == counts["resolved"] + counts["pending"]
