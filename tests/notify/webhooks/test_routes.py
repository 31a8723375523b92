"""The doors of subscriptions, as portals use them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from uuid_utils.compat import uuid7

from services.notify.app import build, now
from services.notify.settings import NotifySettings
from services.notify.webhooks.call import Caller
from services.notify.webhooks.calling import Webhooks
from tests.notify.desk import Desk
from tests.notify.examples import CODE_KEY, Life
from tests.notify.issuer import AUDIENCE, ISSUER, Issuer
from tests.notify.webhooks.portal import Portal, call_due, open_portal

Ask = Callable[..., Any]


@pytest.fixture
async def portal(free_ports: Callable[[int], list[int]]) -> AsyncIterator[Portal]:
    async with open_portal(free_ports) as opened:
        yield opened


@pytest.fixture
async def ask(desk: Desk, tmp_path: Path) -> AsyncIterator[Ask]:
    issuer = Issuer(tmp_path)
    settings = NotifySettings(
        database_dsn="postgresql://nobody@127.0.0.1/nowhere",
        kafka_bootstrap="127.0.0.1:1",
        port=1,
        jwks=str(issuer.jwks),
        jwt_issuer=ISSUER,
        jwt_audience=AUDIENCE,
        code_key=CODE_KEY.hex(),
        webhook_private_addresses=True,
    )
    app = build(settings, desk.pool, desk.texts, lambda: {"dossiers": True, "contacts": True})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://notify") as client:

        async def asked(
            method: str, path: str = "", *, of: str = "test", role: str = "portal", **body: Any
        ) -> httpx.Response:
            headers = {"Authorization": f"Bearer {issuer.token(role, subject=of)}"}
            return await client.request(
                method, f"/v1/subscriptions{path}", headers=headers, json=body or None
            )

        yield asked


async def test_a_portal_is_called_from_its_subscription_on(desk: Desk, ask: Ask, portal: Portal) -> None:
    before = Life()
    await desk.hear(before.hears("DossierSubmitted"))
    made = await ask("POST", url=portal.url, types=["DossierSubmitted"])
    assert made.status_code == 201
    life = Life()
    await desk.hear(life.hears("DossierSubmitted"))
    (shown,) = (await ask("GET")).json()["items"]
    assert (shown["state"], shown["waiting"], shown["url"]) == ("active", 1, portal.url)
    assert "secret" not in shown
    assert await call_due(Webhooks(desk.pool, Caller(private=True), [CODE_KEY], now)) == 1
    assert [said["data"]["dossier_id"] for said in portal.bodies] == [str(life.dossier_id)]
    of = f"/{made.json()['subscription_id']}"
    again = await ask("POST", f"{of}/again", since="2020-01-01T00:00:00Z")
    assert again.json() == {"calls": 1}
    assert await call_due(Webhooks(desk.pool, Caller(private=True), [CODE_KEY], now)) == 1
    assert portal.ids[0] == portal.ids[1]


async def test_an_address_is_subscribed_once_and_a_portal_has_few(ask: Ask) -> None:
    assert (await ask("POST", url="https://a.example.vn/")).status_code == 201
    twice = await ask("POST", url="https://a.example.vn/")
    assert (twice.status_code, twice.json()["code"], twice.json()["field"]) == (
        409,
        "subscription-exists",
        "url",
    )
    assert (await ask("POST", url="https://a.example.vn/", of="other")).status_code == 201
    for number in range(9):
        assert (await ask("POST", url=f"https://a.example.vn/{number}")).status_code == 201
    more = await ask("POST", url="https://a.example.vn/10")
    assert (more.status_code, more.json()["code"]) == (409, "subscriptions-too-many")


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"url": "ftp://a.example.vn/"}, "url-not-allowed", "url"),
        ({"url": ""}, "invalid", "url"),
        ({"url": "https://a.example.vn/", "types": ["Nothing"]}, "invalid", "types.0"),
        ({"url": "https://a.example.vn/", "more": 1}, "invalid", "more"),
    ],
)
async def test_what_cannot_be_subscribed_is_told(ask: Ask, body: Any, code: str, field: str) -> None:
    answer = await ask("POST", **body)
    told = answer.json()
    assert answer.status_code == 422
    assert told["code"] == code or told["errors"]
    assert told.get("field") == field or told["errors"][0]["field"] == field
    assert (await ask("GET")).json() == {"items": []}


async def test_a_test_call_says_what_was_answered_and_which_secrets_sign(ask: Ask, portal: Portal) -> None:
    of = f"/{(await ask('POST', url=portal.url)).json()['subscription_id']}"
    portal.answers = [200, 503]
    assert (await ask("POST", f"{of}/test")).json() == {"taken": True, "status": 200, "failure": ""}
    assert (await ask("POST", f"{of}/test")).json() == {
        "taken": False,
        "status": 503,
        "failure": "status-503",
    }
    changed = await ask("POST", f"{of}/rotate")
    assert changed.json()["secret"].startswith("whsec_")
    await ask("POST", f"{of}/test")
    assert [len(headers["webhook-signature"].split()) for headers, _ in portal.got] == [1, 1, 2]
    assert portal.bodies[0]["type"] == "Test"


async def test_a_paused_one_goes_on_when_its_portal_says_so(desk: Desk, ask: Ask, portal: Portal) -> None:
    of = f"/{(await ask('POST', url=portal.url)).json()['subscription_id']}"
    await desk.pool.execute("UPDATE subscriptions SET paused_at = now(), failing_since = now()")
    assert (await ask("GET")).json()["items"][0]["state"] == "paused"
    assert (await ask("POST", f"{of}/resume")).json()["state"] == "active"
    assert (await ask("DELETE", of)).status_code == 204
    assert (await ask("GET")).json() == {"items": []}


async def test_another_portals_subscription_is_as_if_it_were_not(ask: Ask) -> None:
    of = f"/{(await ask('POST', url='https://a.example.vn/')).json()['subscription_id']}"
    for path in (of, f"/{uuid7()}"):
        answers = [
            await ask("DELETE", path, of="other"),
            await ask("POST", f"{path}/test", of="other"),
            await ask("POST", f"{path}/rotate", of="other"),
            await ask("POST", f"{path}/resume", of="other"),
            await ask("POST", f"{path}/again", of="other", since="2026-01-01T00:00:00Z"),
        ]
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {
            (404, "subscription-unknown")
        }
    assert (await ask("GET", of="other")).json() == {"items": []}
    assert (await ask("GET", role="officer")).status_code == 403
    assert len((await ask("GET")).json()["items"]) == 1
