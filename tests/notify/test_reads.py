"""Which notices of the web inbox were read: told by the portal that shows them, and by no other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from uuid_utils.compat import uuid7

from services.notify.app import build
from services.notify.settings import NotifySettings
from tests.notify.desk import Desk
from tests.notify.examples import Life
from tests.notify.issuer import AUDIENCE, ISSUER, Issuer
from tests.notify.test_sender import submitted

Ask = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def ask(desk: Desk, tmp_path: Path) -> Ask:
    issuer = Issuer(tmp_path)
    settings = NotifySettings(
        database_dsn="postgresql://nobody@127.0.0.1/nowhere",
        kafka_bootstrap="127.0.0.1:1",
        port=1,
        jwks=str(issuer.jwks),
        jwt_issuer=ISSUER,
        jwt_audience=AUDIENCE,
        code_key=bytes(range(64)).hex(),
    )
    app = build(settings, desk.pool, desk.texts, lambda: {"dossiers": True, "contacts": True})

    async def asked(path: str, role: str, body: Any = None, **claims: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {issuer.token(role, **claims)}"}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://notify") as client:
            return await client.request("GET" if body is None else "POST", path, json=body, headers=headers)

    return asked


async def told(desk: Desk) -> tuple[Life, list[str]]:
    """A dossier with three inbox notices."""
    life = await submitted(desk)
    for about in ("DossierAccepted", "DossierForwarded"):
        desk.clock.pass_by(seconds=1)
        await desk.hear(life.hears(about, recorded_at=desk.clock.now))
    sender = desk.sender()
    await sender.send_due()
    await sender.record_unsaid()
    return life, [
        str(view.notice_id) for (_, by), view in (await desk.shown(life.dossier_id)).items() if by == "inbox"
    ]


async def test_what_was_read_is_marked_once_and_counted(desk: Desk, ask: Ask):
    life, ids = await told(desk)
    path = f"/v1/notices?dossier_id={life.dossier_id}"
    assert (await ask(path, "portal")).json()["unread"] == 3
    for wait in (0, 60):  # the first reading stands
        desk.clock.pass_by(seconds=wait)
        answer = await ask(
            "/v1/notices/read", "portal", {"dossier_id": str(life.dossier_id), "notice_ids": ids[:2]}
        )
        assert (answer.status_code, answer.json()) == (200, {"unread": 1})
    for role, shown in (("portal", 3), ("officer", 5)):
        found = (await ask(path, role)).json()
        assert (found["unread"], len(found["items"])) == (1, shown)
        assert [each["notice_id"] for each in found["items"] if each["read_at"]] == ids[:2]


async def test_read_marks_are_of_the_portal_that_filed_it(desk: Desk, ask: Ask):
    life, ids = await told(desk)
    _, others = await told(desk)
    of = {"dossier_id": str(life.dossier_id), "notice_ids": ids}
    assert (await ask("/v1/notices/read", "portal", of, subject="other")).json()["code"] == "dossier-unknown"
    assert (await ask("/v1/notices/read", "portal", of | {"dossier_id": str(uuid7())})).status_code == 404
    for role in ("officer", "supervisor", "operator"):
        assert (await ask("/v1/notices/read", role, of)).status_code == 403
    emails = [
        str(view.notice_id) for (_, by), view in (await desk.shown(life.dossier_id)).items() if by == "email"
    ]
    answer = await ask("/v1/notices/read", "portal", of | {"notice_ids": [*emails, *others, str(uuid7())]})
    assert answer.json() == {"unread": 3}
    assert await desk.pool.fetchval("SELECT count(*) FROM inbox_reads") == 0


@pytest.mark.parametrize(
    "body", [{}, {"notice_ids": []}, {"notice_ids": ["x"]}, {"notice_ids": [str(uuid7())], "more": 1}]
)
async def test_a_wrong_body_is_refused_with_its_field(desk: Desk, ask: Ask, body: dict[str, Any]):
    answer = await ask("/v1/notices/read", "portal", {"dossier_id": str(uuid7())} | body)
    assert answer.status_code == 422 and answer.json()["errors"]
