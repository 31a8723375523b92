"""Providers call back: who knows the address is heard, and nobody else."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from services.chassis.process.settings import SettingsFault, load
from services.notify.app import build
from services.notify.messages.provider import callback_address
from services.notify.settings import NotifySettings
from tests.notify.examples import texts
from tests.notify.issuer import AUDIENCE, ISSUER, Issuer
from tests.notify.messages.house import House
from tests.notify.messages.test_receipts import sent

KEY = "k" * 40
FIRST, SECOND = (callback_address("/", KEY, name) for name in ("first", "second"))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NotifySettings:
    values = {
        "DATABASE_DSN": "postgresql://nobody@127.0.0.1/nowhere",
        "KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "PORT": "1",
        "JWKS": str(Issuer(tmp_path).jwks),
        "JWT_ISSUER": ISSUER,
        "JWT_AUDIENCE": AUDIENCE,
        "CODE_KEY": bytes(range(64)).hex(),
        "SMS_URL": "http://127.0.0.1:1/api",
        "SMS_SENDER": "SXD-TPHCM",
        "SMS_CALLBACK_URL": "https://notify.example.vn",
        "SMS_CALLBACK_KEY": KEY,
    }
    for name, value in values.items():
        monkeypatch.setenv(f"MOTCUA_{name}", value)
    return load(NotifySettings)


async def call(house: House, settings: NotifySettings, path: str, **said: Any) -> httpx.Response:
    app = build(settings, house.pool, texts(), lambda: {"dossiers": True, "contacts": True})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://notify") as client:
        return await client.get(path, params=said)


async def test_a_provider_calls_back(
    house: House, settings: NotifySettings, caplog: pytest.LogCaptureFixture
):
    life, request_id = await sent(house)
    said = {"SMSID": "ref-1", "RequestId": str(request_id), "SendStatus": "5", "SendSuccess": "1"}
    more = {"phonenumber": "0912345678", "TotalPrice": "0.0000", "switchsmsid": ""}
    for _ in range(2):
        assert (await call(house, settings, FIRST, **said, **more)).status_code == 204
    await house.receipts().record_told()
    assert (await house.shown(life.dossier_id))["DossierSubmitted"].status == "delivered"
    ours = " ".join(str(vars(each)) for each in caplog.records if not each.name.startswith("httpx"))
    assert "0912345678" not in ours and FIRST.rpartition("/")[2] not in ours


async def test_who_does_not_know_the_address_is_not_heard(house: House, settings: NotifySettings):
    _, request_id = await sent(house)
    said = {"SMSID": "ref-1", "RequestId": str(request_id), "SendStatus": "5", "SendSuccess": "1"}
    for path in (
        "/v1/receipts/first/wrong",
        f"/v1/receipts/first/{KEY}",
        f"{FIRST}x",
        SECOND.replace("second", "first"),
    ):
        answer = await call(house, settings, path, **said)
        assert (answer.status_code, answer.json()["code"]) == (404, "receipts-key-wrong")
    assert (await call(house, settings, FIRST.replace("first", "third"), **said)).status_code == 422
    assert await house.pool.fetchval("SELECT count(*) FROM receipts") == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMS_URL", "ftp://x"),
        ("SMS_SENDER", ""),
        ("SMS_SENDER", "A NAME THAT IS TOO LONG"),
        ("SMS_CALLBACK_KEY", "short"),
        ("SMS_TEMPLATES", "DossierAccepted"),
        ("SMS_TEMPLATES", "Nothing=1"),
        ("SMS2_URL", "http://127.0.0.1:2"),
    ],
)
def test_settings_that_cannot_send_are_told_at_the_start(
    settings: NotifySettings, monkeypatch: pytest.MonkeyPatch, name: str, value: str
):
    monkeypatch.setenv(f"MOTCUA_{name}", value)
    with pytest.raises(SettingsFault):
        load(NotifySettings)


def test_providers_are_those_that_are_named(settings: NotifySettings, monkeypatch: pytest.MonkeyPatch):
    assert [each.name for each in settings.providers()] == ["first"]
    monkeypatch.setenv("MOTCUA_SMS2_URL", "http://127.0.0.1:2")
    monkeypatch.setenv("MOTCUA_SMS2_SENDER", "SXD-TPHCM")
    monkeypatch.setenv("MOTCUA_SMS2_TEMPLATES", "DossierAccepted=17, DossierRejected=18")
    assert [each.name for each in load(NotifySettings).providers()] == ["first", "second"]
    monkeypatch.setenv("MOTCUA_NOTICE_CHANNELS", "email,inbox")
    assert load(NotifySettings).providers() == []
