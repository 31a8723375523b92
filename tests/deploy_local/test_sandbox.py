"""A sandbox's home, its clock's lengths, and the script of its officers."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.catalogue.refusals import REFUSALS
from deploy.local.home import Home
from deploy.local.keys import secrets_of
from deploy.local.process import Failed
from deploy.local.sandbox.moving import begin, length_of, seconds_ahead
from deploy.local.sandbox.officers import AFTER, WORDS, next_act

FILED = datetime.fromisoformat("2026-03-02T09:00:00+07:00")


def seen(status: str, **more: str) -> dict[str, Any]:
    times = {"submitted_at": FILED.isoformat(), "accepted_at": None, "supplied_at": None}
    return {"status": status, "procedure": "1.009982", **times, **more}


def acted(status: str, word: str = "", done: tuple[str, ...] = (), **more: str) -> str:
    act = next_act(seen(status, **more), word, done, FILED + timedelta(hours=1))
    return act.name if act else ""


def test_the_script_of_each_word() -> None:
    for status in ("submitted", "accepted", "withdrawal_requested"):
        assert next_act(seen(status), "", (), FILED + AFTER - timedelta(seconds=1)) is None
    assert (acted("submitted"), acted("accepted"), acted("in_processing")) == ("accept", "resolve", "resolve")
    assert acted("accepted", accepted_at=(FILED + timedelta(minutes=59, seconds=30)).isoformat()) == ""
    assert {word: acted("submitted", word) for word in WORDS} == {
        "sandbox-supplement": "accept",
        "sandbox-fee": "accept",
        "sandbox-reject": "reject",
        "sandbox-refuse": "accept",
        "sandbox-wait": "",
    }
    assert acted("accepted", "sandbox-supplement") == "request-supplement"
    assert acted("accepted", "sandbox-supplement", ("request-supplement",)) == "resolve"
    assert acted("supplement_requested") == ""
    assert acted("supplement_requested", supplied_at=FILED.isoformat()) == "accept-supplement"
    assert acted("accepted", "sandbox-fee") == "request-fee"
    assert acted("payment_requested", "sandbox-fee") == ""
    assert acted("accepted", "sandbox-fee", ("request-fee",)) == "resolve"
    assert acted("withdrawal_requested") == "withdraw" and acted("withdrawal_requested", "sandbox-wait") == ""
    refused = next_act(seen("accepted"), "sandbox-refuse", (), FILED + AFTER)
    assert refused and refused.body["refusal_reason"] in REFUSALS.of("1.009982")


def test_a_home_of_a_true_run_becomes_no_sandbox(tmp_path: Path) -> None:
    true, made = Home(tmp_path / "true", 20_000), Home(tmp_path / "made", 20_000)
    secrets_of(true.path)
    with pytest.raises(Failed, match="no sandbox"):
        begin(true)
    with pytest.raises(Failed, match="no sandbox"):
        seconds_ahead(true)
    begin(made)
    secrets_of(made.path)
    begin(made)
    assert seconds_ahead(made) == 0


def test_lengths_of_time() -> None:
    assert (length_of("90s"), length_of("2w")) == (timedelta(seconds=90), timedelta(days=14))
    for wrong in ("", "0d", "-3d", "3", "d", "1.5h", "9999999w", "401d", "3d "):
        with pytest.raises(Failed, match="no length of time"):
            length_of(wrong)
