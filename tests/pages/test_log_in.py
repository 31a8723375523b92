"""Log-in, sessions and log-out, at the real provider of the demonstration, over HTTP as a browser does it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from deploy.local.issuer import Issuer
from services.chassis.http.oidc import ENDED
from services.chassis.http.sessions import IDLE, KNOWN, WHOLE, Identity, Sessions
from tests.pages.town import Town, Visitor, form_of

Visit = Callable[[str], Visitor]
SESSION = "motcua-processing"
WAITING = f"{SESSION}-log-in"
SOMEBODY = Identity(
    "an",
    "officer",
    "",
    "H29.015.00",
    "Người Thử",
    {"identifier_number": "097190000009"},
    "access",
    "id",
    "sid-1",
)


async def test_somebody_logs_in_and_is_where_they_wanted_to_be(town: Town, visit: Visit) -> None:
    officer = visit("processing")
    first = await officer.get("/queues/overdue?desk=H29.015.00")
    assert first.status_code == 303
    assert first.headers["location"] == "/log-in?next=%2Fqueues%2Foverdue%3Fdesk%3DH29.015.00"
    back = await officer.log_in("mot-cua", "/queues/overdue")
    assert (back.status_code, back.headers["location"]) == (303, "/queues/overdue")
    page = await officer.get("/queues/overdue")
    assert page.status_code == 200 and "Cán bộ bộ phận một cửa" in page.text
    assert "Quá hạn trả kết quả" in page.text and "Không có hồ sơ nào" in page.text


async def test_the_provider_is_asked_with_a_challenge(visit: Visit) -> None:
    """Authorization code with PKCE, state and nonce; what the browser keeps is read by no script and goes to no other site."""
    officer = visit("processing")
    away = await officer.get("/log-in")
    asked = parse_qs(urlsplit(away.headers["location"]).query)
    assert asked["response_type"] == ["code"] and asked["code_challenge_method"] == ["S256"]
    assert all(len(asked[name][0]) >= 32 for name in ("state", "nonce", "code_challenge"))
    kept = away.headers["set-cookie"]
    assert (
        kept.startswith(WAITING) and "HttpOnly" in kept and "SameSite=Lax" in kept and "Max-Age=600" in kept
    )


async def test_a_log_in_makes_a_session_of_its_own(visit: Visit) -> None:
    officer = visit("processing")
    officer.http.cookies.set(SESSION, "planted", domain="127.0.0.1", path="/")
    assert (await officer.get("/")).status_code == 303
    officer.http.cookies.clear()
    back = await officer.log_in("mot-cua")
    said = next(each for each in back.headers.get_list("set-cookie") if each.startswith(f"{SESSION}="))
    assert "HttpOnly" in said and "SameSite=Lax" in said and "Path=/" in said
    first = officer.http.cookies[SESSION]
    await officer.log_in("mot-cua")
    second = officer.http.cookies[SESSION]
    assert first != second
    officer.http.cookies.clear()
    officer.http.cookies.set(SESSION, first)
    assert (await officer.get("/")).status_code == 303, "the session before is over"


async def test_an_answer_that_is_not_to_this_question_names_nobody(town: Town, visit: Visit) -> None:
    """Another browser's answer, one without a question, a used code, another state, another issuer, a refusal."""
    attacker, victim = visit("processing"), visit("processing")
    away = await attacker.get("/log-in")
    chosen = await attacker.http.get(away.headers["location"])
    fields = {**dict(form_of(chosen, "/authorize")), "person": "mot-cua"}
    back = (await attacker.http.post(f"{town.provider}/authorize", data=fields)).headers["location"]

    async def refused(visitor: Visitor, url: str) -> None:
        answer = await visitor.http.get(url)
        assert answer.status_code == 400 and "log-in-failed" in answer.text, answer.text
        assert not any(each.startswith(f"{SESSION}=") for each in answer.headers.get_list("set-cookie"))

    await refused(victim, back)
    await victim.get("/log-in")
    await refused(victim, back)
    await refused(attacker, back.replace("iss=", "iss=x"))
    await refused(attacker, back.split("?")[0] + "?error=access_denied&" + back.split("&", 1)[1])
    kept = dict(attacker.http.cookies)
    assert (await attacker.http.get(back)).status_code == 303
    attacker.http.cookies.update(kept)
    await refused(attacker, back)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("another nonce", {"nonce": "n" * 32}),
        ("no nonce", {"nonce": None}),
        ("another audience", {"aud": "intake"}),
        ("another issuer", {"iss": "http://elsewhere.example"}),
        ("expired", {"exp": 1}),
        ("from the future", {"iat": 9_999_999_999}),
        ("no role", {"role": None}),
        ("a role that is none", {"role": "root"}),
        ("no subject", {"sub": ""}),
        ("two audiences, made for another", {"aud": ["processing", "x"], "azp": "x"}),
        ("another access token", {"at_hash": "x" * 22}),
    ],
)
async def test_a_token_that_is_not_for_us_names_nobody(
    town: Town, visit: Visit, monkeypatch: pytest.MonkeyPatch, wrong: str, told: dict[str, Any]
) -> None:
    """Signed by the provider's own key, and wrong in one claim alone."""
    sign = Issuer.sign

    def other(self: Issuer, claims: Any) -> str:
        changed = {**claims, **told} if "nonce" in claims else claims
        return sign(self, {name: value for name, value in changed.items() if value is not None})

    monkeypatch.setattr(Issuer, "sign", other)
    officer = visit("processing")
    answer = await officer.log_in("mot-cua")
    assert answer.status_code == 400, wrong
    assert SESSION not in officer.http.cookies


async def test_a_session_ends_by_itself(town: Town) -> None:
    now = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
    sessions = Sessions(town.house.pool, lambda: now)
    cookie, began = await sessions.open(SOMEBODY), now
    for _ in range(30):
        now += IDLE - timedelta(minutes=1)
        if now - began >= WHOLE:
            break
        found = await sessions.find(cookie)
        assert found is not None and not found.idle and found.identity == SOMEBODY
    found = await sessions.find(cookie)
    assert found is not None and found.idle, "12 hours in all, however busy"
    now = began + KNOWN
    assert await sessions.find(cookie) is None
    now = began + timedelta(days=2)
    cookie = await sessions.open(SOMEBODY)
    now += IDLE
    found = await sessions.find(cookie)
    assert found is not None and found.idle
    assert await sessions.find("") is None and await sessions.find("x" * 1_000) is None
    await sessions.end_those("an", "")


async def test_the_table_of_sessions_names_nobody(town: Town) -> None:
    sessions = Sessions(town.house.pool, lambda: datetime.now(UTC))
    cookie = await sessions.open(SOMEBODY)
    rows = await town.house.pool.fetch(
        "SELECT sessions::text AS line, sealed FROM sessions WHERE subject = 'an'"
    )
    assert rows
    for row in rows:
        for secret in ("Người Thử", "097190000009", "access", cookie, "sealed"):
            assert secret not in row["line"] and secret.encode() not in row["sealed"]
    await town.house.pool.execute("UPDATE sessions SET seen_at = seen_at WHERE subject = 'an'")
    assert await sessions.find(cookie + "x") is None
    await sessions.end_those("an", "")
    assert await sessions.find(cookie) is None


async def test_a_log_out_ends_every_session_of_the_person(town: Town, visit: Visit) -> None:
    """Here on every device, at the provider, and at the other services that this browser was logged in to."""
    desk, other_device, colleague = visit("processing"), visit("processing"), visit("processing")
    await desk.log_in("mot-cua")
    await other_device.log_in("mot-cua")
    await colleague.log_in("chuyen-vien-1")
    portal = Visitor(town.intake)
    portal.http = desk.http
    await portal.log_in("nguoi-nop-1")
    assert "Người nộp hồ sơ" in (await portal.get("/")).text
    before = desk.http.cookies[SESSION]
    onwards = await desk.send(await desk.get("/"), "/log-out")
    assert onwards.status_code == 303 and onwards.headers["location"].startswith(f"{town.provider}/log-out?")
    gone = await desk.http.get(onwards.headers["location"])
    assert (gone.status_code, gone.headers["location"]) == (303, f"{town.processing}/")
    desk.http.cookies.set(SESSION, before)
    for each in (desk, other_device):
        assert (await each.get("/")).status_code == 303
    assert "Người nộp hồ sơ" not in (await portal.get("/")).text
    assert (await colleague.get("/")).status_code == 200


async def test_only_the_provider_ends_sessions_from_outside(town: Town, visit: Visit) -> None:
    officer = visit("processing")
    await officer.log_in("mot-cua")
    now = int(time.time())
    sound = {"iss": town.provider, "aud": "processing", "iat": now, "sub": "mot-cua", "events": {ENDED: {}}}
    own, stranger = town.house.issuer, Issuer(town.house.issuer.jwks.parent / "stranger")
    for token in (
        "",
        "x.y.z",
        stranger.sign(sound),
        own.sign(sound | {"iss": "http://elsewhere.example"}),
        own.sign(sound | {"aud": "intake"}),
        own.sign(sound | {"events": {}}),
        own.sign(sound | {"nonce": "n"}),
        own.sign(sound | {"iat": now - 600}),
        own.sign({name: value for name, value in sound.items() if name != "sub"}),
        own.token("officer", subject="mot-cua"),
    ):
        assert (await officer.post("/log-out/told", {"logout_token": token})).status_code == 400
        assert (await officer.get("/")).status_code == 200
    assert (await officer.post("/log-out/told", {"logout_token": own.sign(sound)})).status_code == 200
    assert (await officer.get("/")).status_code == 303
