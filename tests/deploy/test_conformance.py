"""What the conformance kit says of a portal, request by request."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import pytest

from deploy.conformance.points import BY_CODE, GUIDE, POINTS, ROOMS
from deploy.conformance.watch import Request, Watch
from tests.journeys.conftest import ROOT

SECRET = b"an-example-key-of-32-characters-x"
NOW = 1_772_417_700.0
DOSSIER = "01980d5e-5b7c-7c21-8a52-0d6c5f6a1b33"


class Portal:
    """Sends what it is told to; `at` is when."""

    def __init__(self, patience: float = 60) -> None:
        self.watch = Watch(patience, [SECRET])
        self.at = 0.0

    def post(self, path: str, key: str, body: Any, wait: float = 0.0, **headers: str) -> str:
        self.at += wait
        raw = json.dumps(body).encode()
        said = {"idempotency-key": key, **{name.replace("_", "-"): told for name, told in headers.items()}}
        return self.watch.ask(Request("POST", path, said if key else headers, raw, self.at, NOW + self.at))

    def file(self, key: str, name: str, wait: float = 0.0) -> str:
        return self.post("/v1/dossiers", key, {"applicant": {"name": name}}, wait)

    def pay(self, payment: str, key: bytes = SECRET, wait: float = 0.0, **body: Any) -> str:
        self.at += wait
        raw = json.dumps({"id": payment, "dossier_id": DOSSIER, "amount": 100_000, **body}).encode()
        at = str(int(NOW + self.at))
        signature = hmac.digest(key, at.encode() + b"." + raw, "sha256").hex()
        said = {"payment-timestamp": at, "payment-signature": signature}
        return self.watch.ask(Request("POST", "/v1/payments", said, raw, self.at, NOW + self.at))

    def verdict(self, point: str) -> str | None:
        assert point in BY_CODE
        return self.watch.verdicts.get(point)


def test_a_right_portal_passes() -> None:
    portal = Portal()
    failures = [portal.file(name, name) for name in ("one", "two")]
    failures += [portal.file("two", "two", 0.5)]  # its answer was lost
    failures += [portal.file("three", "three"), portal.file("three", "three", 2.0)]
    failures += [portal.file("four", "four"), portal.file("four", "four", 2.5), portal.file("five", "five")]
    assert failures == ["", "lost", "", "429", "", "503", "", ""]
    for path, failure in (("supplements", "lost"), ("withdrawal", "503")):
        assert portal.post(f"/v1/dossiers/{DOSSIER}/{path}", path, {}) == failure
        assert portal.post(f"/v1/dossiers/{DOSSIER}/{path}", path, {}, 2.0) == ""
    assert (portal.pay("pay-1"), portal.pay("pay-1", wait=1)) == ("lost", "")
    judged = (
        "lost-answer",
        "limited",
        "away",
        "keys-differ",
        "supplement",
        "withdrawal",
        "payment-signed",
        "payment",
    )
    assert {point: portal.verdict(point) for point in judged} == dict.fromkeys(judged, "")


@pytest.mark.parametrize(
    ("again", "fault"),
    [
        (("another", "two", 1.0), "under another Idempotency-Key"),
        (("two", "other", 1.0), "another body"),
        (("three", "three", 61.0), "nothing came again within 60 s"),
    ],
)
def test_a_lost_answer_that_is_taken_wrongly(again: tuple[str, str, float], fault: str) -> None:
    portal = Portal()
    assert [portal.file("one", "one"), portal.file("two", "two")] == ["", "lost"]
    portal.file(*again)
    assert fault in str(portal.verdict("lost-answer"))
    portal.file("two", "two", 1.0)
    assert portal.verdict("lost-answer"), "a fault stands"


def test_who_does_not_wait_is_told_how_long_it_should() -> None:
    portal = Portal()
    for name in ("one", "two", "two", "three"):
        portal.file(name, name)
    portal.file("three", "three", 0.3)
    assert portal.verdict("limited") == "it came again after 0.3 s, and Retry-After said 2"


def test_without_a_key_nothing_passes() -> None:
    portal = Portal()
    assert [portal.file("", name) for name in ("one", "two", "one")] == ["", "", ""]
    assert portal.watch.verdicts == {}
    assert portal.watch.remarks[0] == "POST /v1/dossiers came without Idempotency-Key"


def test_one_key_for_two_dossiers_is_told() -> None:
    portal = Portal()
    portal.file("one", "one")
    portal.file("one", "two")
    assert portal.verdict("keys-differ") == "two bodies came under one Idempotency-Key"


def test_a_payment_is_signed_and_known_by_its_id() -> None:
    forged, twice = Portal(), Portal()
    forged.pay("pay-1", b"another key, which nobody gave it")
    assert "Payment-Signature" in str(forged.verdict("payment-signed"))
    twice.pay("pay-1")
    twice.pay("pay-2", wait=1)
    assert "under another id" in str(twice.verdict("payment"))


def officers(role: str) -> dict[str, str]:
    claims = base64.urlsafe_b64encode(json.dumps({"role": role, "unit": "QLXD"}).encode()).decode()
    return {"authorization": f"Bearer head.{claims.rstrip('=')}.signature"}


class Program:
    """Reads and acts in an officer's name, dossier by dossier."""

    def __init__(self) -> None:
        self.watch = Watch(60)
        self.office = self.watch.office

    def read(self, version: int, **more: Any) -> None:
        self.office.read({"dossier_id": DOSSIER, "office": "H29.015.00", "version": version} | more)

    def act(self, if_match: str, name: str = "accept") -> bool:
        return self.office.act(f"/v1/dossiers/{DOSSIER}/{name}", {"if-match": if_match} if if_match else {})

    def refuse(self) -> None:
        self.office.refused(f"/v1/dossiers/{DOSSIER}/accept", 412)

    @property
    def verdicts(self) -> list[str | None]:
        return [self.watch.verdicts.get(point) for point in ("if-match", "changed-meanwhile")]


def test_an_act_bears_the_version_that_was_read() -> None:
    right = Program()
    right.read(0)
    assert right.act('"0"'), "a colleague is faster"
    right.refuse()
    right.read(1)
    assert not right.act('"1"') and right.verdicts == ["", ""]
    for if_match, fault in (
        ("", "an act came without If-Match"),
        ("*", "If-Match is not one version in quotation marks"),
        ('"1"', "If-Match names a version that was not read"),
    ):
        wrong = Program()
        wrong.office.read({"items": [{"dossier_id": DOSSIER, "office": "H29.015.00", "version": 0}]})
        assert not wrong.act(if_match) and wrong.verdicts == [fault, None]


@pytest.mark.parametrize("again", ['"0"', '"1"', ""])
def test_who_was_too_slow_reads_again(again: str) -> None:
    """Neither the version of before, nor one out of the refusal."""
    program = Program()
    program.read(0)
    program.act('"0"')
    program.refuse()
    program.act(again)
    assert program.verdicts[0] == "" and "without reading the dossier again" in str(program.verdicts[1])


def test_what_bears_an_officers_token_is_no_portals() -> None:
    for role, kind in (("officer", ""), ("supervisor", ""), ("portal", "following")):
        request = Request("GET", f"/v1/dossiers/{DOSSIER}", officers(role), b"", 0.0, NOW)
        assert request.kind == kind and request.is_officers is (kind == "")


def test_calls_are_judged_by_what_they_are_answered() -> None:
    watch = Watch(60)
    for point, right, wrong in (
        ("call-taken", 204, 500),
        ("call-twice", 200, 409),
        ("call-forged", 401, 204),
        ("call-old", 400, 0),
    ):
        watch.called(point, right)
        assert watch.verdicts.pop(point) == ""
        watch.called(point, wrong)
        assert watch.verdicts.pop(point)


def test_the_report_says_where_it_stands_in_the_guide() -> None:
    guide = (ROOT / GUIDE).read_text(encoding="utf-8")
    for point in POINTS:
        assert f"\n## {point.section}\n" in guide, point.code
    watch = Watch(60, verdicts={"limited": "too early", "away": ""})
    lines = "\n".join(watch.report(ROOMS))
    assert "FAILED    limited: too early. Right is: " in lines and "docs/portals.md, “Limits”" in lines
    assert "passed    away" in lines and "not seen  lost-answer" in lines
    assert not watch.right(ROOMS) and "payment" not in "\n".join(watch.report(["submission"]))
