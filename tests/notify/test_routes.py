"""Who sees which notices of a dossier."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from uuid_utils.compat import uuid7

from services.chassis.http.access import unauthorised_routes
from services.chassis.process.settings import load
from services.notify.app import build
from services.notify.settings import NotifySettings
from tests.chassis.queries import ask_all
from tests.notify.desk import Desk
from tests.notify.examples import Life
from tests.notify.issuer import AUDIENCE, ISSUER, Issuer
from tests.notify.mailbox import Mailbox, plain

Ask = Callable[..., Any]


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path)


@pytest.fixture
def settings(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> NotifySettings:
    values = {
        "DATABASE_DSN": "postgresql://nobody@127.0.0.1/nowhere",
        "KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "PORT": "1",
        "JWKS": str(issuer.jwks),
        "JWT_ISSUER": ISSUER,
        "JWT_AUDIENCE": AUDIENCE,
        "CODE_KEY": bytes(range(64)).hex(),
    }
    for name, value in values.items():
        monkeypatch.setenv(f"MOTCUA_{name}", value)
    return load(NotifySettings)


@pytest.fixture
def ask(desk: Desk, settings: NotifySettings, issuer: Issuer) -> Ask:
    async def asked(
        path: str, role: str | None = None, *, moves: bool = True, **claims: str
    ) -> httpx.Response:
        app = build(settings, desk.pool, desk.texts, lambda: {"dossiers": True, "contacts": moves})
        headers = {"Authorization": f"Bearer {issuer.token(role, **claims)}"} if role else {}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://notify") as client:
            return await client.get(path, headers=headers)

    return asked


async def told(desk: Desk) -> Life:
    life = Life()
    await desk.know(life)
    await desk.hear(life.hears("DossierSubmitted"))
    sender = desk.sender()
    await sender.record_unsaid()
    await sender.send_due()
    return life


@pytest.mark.parametrize("role", ["officer", "supervisor", "operator"])
async def test_staff_see_every_channel(desk: Desk, ask: Ask, role: str):
    life = await told(desk)
    answer = await ask(f"/v1/notices?dossier_id={life.dossier_id}", role)
    assert answer.status_code == 200
    items = answer.json()["items"]
    assert {item["channel"] for item in items} == {"email", "inbox"}
    assert all(item["status"] == "sent" and item["sent_at"] and not item["ambiguous"] for item in items)


async def test_a_portal_sees_the_inbox_only(desk: Desk, ask: Ask):
    life = await told(desk)
    answer = await ask(f"/v1/notices?dossier_id={life.dossier_id}", "portal")
    (item,) = answer.json()["items"]
    assert item["channel"] == "inbox"
    assert item["title"] == "Đã nhận được hồ sơ | Your dossier has arrived"
    assert "Nguyễn" not in answer.text and "example.org" not in answer.text


async def test_another_portals_and_another_offices_notices_are_as_if_they_were_not(desk: Desk, ask: Ask):
    life = await told(desk)
    for role, claims in (("portal", {"subject": "other"}), ("officer", {"office": "H29.016.00"})):
        answers = [
            await ask(f"/v1/notices?dossier_id={dossier_id}", role, **claims)
            for dossier_id in (life.dossier_id, uuid7())
        ]
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {
            (404, "dossier-unknown")
        }
        assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize(("role", "status"), [(None, 401), ("importer", 403)])
async def test_others_see_nothing(ask: Ask, role: str | None, status: int):
    answer = await ask(f"/v1/notices?dossier_id={uuid7()}", role)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("query", ["", "?dossier_id=1", "?dossier_id="])
async def test_without_a_dossier_there_is_no_answer(ask: Ask, query: str):
    assert (await ask(f"/v1/notices{query}", "officer")).status_code == 422


async def test_notices_are_shown_while_the_readers_wait(desk: Desk, ask: Ask):
    assert (await ask("/readyz")).json()["contacts"] == "moving"
    answer = await ask("/readyz", moves=False)
    assert (answer.status_code, answer.json()["contacts"]) == (200, "not moving")
    assert answer.json()["complete_up_to"] == "unknown"
    life = await told(desk)
    shown = await ask(f"/v1/notices?dossier_id={life.dossier_id}", "officer", moves=False)
    assert shown.status_code == 200 and shown.json()["items"]


def test_every_route_is_authorised_or_public(desk: Desk, settings: NotifySettings):
    application = build(settings, desk.pool, desk.texts, dict)
    assert unauthorised_routes(application, application.public) == []


def test_channels_are_switched_by_name(settings: NotifySettings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MOTCUA_NOTICE_CHANNELS", "inbox")
    assert [channel.value for channel in load(NotifySettings).channels] == ["inbox"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("NOTICE_CHANNELS", "fax"), ("CODE_KEY", "12"), ("SMTP_FROM", "a@b\nBcc: c@d"), ("SMTP_FROM", "nobody")],
)
def test_a_wrong_setting_is_refused_by_name(
    settings: NotifySettings, monkeypatch: pytest.MonkeyPatch, name: str, value: str
):
    monkeypatch.setenv(f"MOTCUA_{name}", value)
    with pytest.raises(SystemExit) as refused:
        load(NotifySettings)
    assert f"MOTCUA_{name}" in str(refused.value)


async def test_every_member_of_every_query_is_taken_empty_and_refused_wrong(
    desk: Desk, settings: NotifySettings, issuer: Issuer
) -> None:
    app = build(settings, desk.pool, desk.texts, lambda: {"dossiers": True, "contacts": True})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://notify") as client:
        assert (
            await ask_all(client, app.openapi(), {"Authorization": f"Bearer {issuer.token('officer')}"}) >= 1
        )


async def test_notices_name_the_unit_that_has_the_dossier_and_how_the_result_is_wanted(
    desk: Desk, ask: Ask, mailbox: Mailbox
):
    """The unit told last, until a reversal takes it back; the mail says what held when it was sent."""
    life = Life()
    await desk.know(life)
    permits, works = "Phòng Cấp phép xây dựng", "Phòng Quản lý xây dựng"
    for about, more, unit in (
        ("DossierSubmitted", {"result_delivery": "post"}, None),
        ("DossierAccepted", {"unit": "H29.015.00/QLCP"}, permits),
        ("FeeRequested", {}, permits),
        ("DossierHandedOver", {}, works),
        ("FeePaid", {}, works),
        ("DossierReversed", {"event": "DossierForwarded", "status": "accepted"}, None),
    ):
        desk.clock.pass_by(seconds=1)
        heard = life.hears(about, recorded_at=desk.clock.now)
        await desk.hear(heard._replace(data=heard.data.model_copy(update=more)))
        await desk.sender().send_due()
        shown = (await ask(f"/v1/notices?dossier_id={life.dossier_id}", "portal")).json()["items"]
        told = {unit and f"Đơn vị giải quyết: {unit}" in item["text"] for item in shown}
        assert told == {True if unit else None}, about
        assert all("Hình thức nhận kết quả: qua dịch vụ bưu chính" in item["text"] for item in shown)
    mails = [plain(letter) for letter in mailbox.letters]
    assert [works in mail for mail in mails] == [False, False, False, True, False]
    assert [permits in mail for mail in mails] == [False, True, True, False, False]
