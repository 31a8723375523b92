"""What an applicant chooses by the link in a letter: for that dossier, and never what the law demands."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from uuid_utils.compat import uuid7

from services.notify.app import build
from services.notify.choices.kinds import KIND_OF, OF_CHOICE
from services.notify.contacts import Contact
from services.notify.notice import TOLD_BY, Channel
from services.notify.settings import NotifySettings
from tests.notify.desk import CHOICES_URL, Desk
from tests.notify.examples import Life
from tests.notify.issuer import AUDIENCE, ISSUER, Issuer
from tests.notify.mailbox import Mailbox, html, plain
from tests.notify.test_contacts import keep
from tests.notify.test_sender import submitted

ONE_CLICK = "List-Unsubscribe=One-Click"
MULTIPART = '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
Open = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def visit(desk: Desk, tmp_path: Path) -> Open:
    settings = NotifySettings(
        database_dsn="postgresql://nobody@127.0.0.1/nowhere",
        kafka_bootstrap="127.0.0.1:1",
        port=1,
        jwks=str(Issuer(tmp_path).jwks),
        jwt_issuer=ISSUER,
        jwt_audience=AUDIENCE,
        code_key=bytes(range(64)).hex(),
        choices_url=CHOICES_URL,
    )
    app = build(settings, desk.pool, desk.texts, lambda: {"dossiers": True, "contacts": True})

    async def opened(
        link: str, body: str | None = None, kind: str = "application/x-www-form-urlencoded"
    ) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=CHOICES_URL) as client:
            if body is None:
                return await client.get(link)
            return await client.post(link, content=body, headers={"content-type": kind})

    return opened


def link_in(mailbox: Mailbox) -> str:
    """In the latest letter."""
    (link,) = set(re.findall(rf"{CHOICES_URL}/choices/\S+", plain(mailbox.letters[-1])))
    return str(link)


async def linked(desk: Desk, mailbox: Mailbox, about: str = "DossierSubmitted") -> tuple[Life, str]:
    """A dossier of which a letter went out, and the link in it."""
    life = await submitted(desk)
    if about != "DossierSubmitted":
        await desk.hear(life.hears(about))
    await desk.sender().send_due()
    return life, link_in(mailbox)


async def off(desk: Desk) -> set[tuple[str, str]]:
    return {tuple(row) for row in await desk.pool.fetch("SELECT kind, channel FROM switched_off")}


def test_what_can_be_switched_off_asks_nothing_of_anybody():
    assert KIND_OF.keys() < TOLD_BY.keys() and sum(map(len, OF_CHOICE.values())) == len(KIND_OF)
    demanded = {
        *("DossierSubmitted", "DossierAccepted", "DossierRejected", "SupplementRequested", "FeeRequested", "ProcessingStopped"),
        *("DossierResolved", "ApologyIssued", "DueDateChanged", "DueDateExtended", "DeadlineChanged", "SupplementLapsed"),
        *("ResultCorrected", "DossierReversed", "WithdrawalRequested", "DossierWithdrawn", "WithdrawalRefused", "SupplementAccepted"),
    }  # fmt: skip
    everywhere = {about for about, channels in TOLD_BY.items() if Channel.EMAIL in channels}
    assert demanded == everywhere - KIND_OF.keys()


async def test_a_letter_has_a_link_that_can_be_followed(desk: Desk, mailbox: Mailbox):
    await linked(desk, mailbox)
    shown = html(mailbox.letters[-1])
    assert re.findall(r'href="([^"]*)"', shown) == [link_in(mailbox)] * 2
    assert not re.search(r"(?:src|url|action)\s*[=(]|<script|<link|@import", shown)


async def test_a_link_is_of_its_letter_and_address(desk: Desk, mailbox: Mailbox, visit: Open):
    life, link = await linked(desk, mailbox)
    page = await visit(link)
    assert page.status_code == 200 and str(life.dossier_id) in page.text
    assert page.headers["referrer-policy"] == "same-origin" and page.headers["cache-control"] == "no-store"
    token = link.rpartition("/")[2]
    of_another = desk.links.of(uuid7(), "an@example.org").rpartition("/")[2]
    for other in (token[:-2] + "AA", "A" * 43, "x", of_another):
        assert (await visit(f"{CHOICES_URL}/choices/{other}")).status_code == 404, other
        assert (await visit(f"{CHOICES_URL}/choices/{other}", "")).status_code == 404, other
    await desk.know(life, change=2, email="moi@example.org")
    for body in (None, "", ONE_CLICK):
        assert (await visit(link, body)).status_code == 404
    await desk.pool.execute("UPDATE contacts SET erased = true, name = NULL, email = NULL")
    assert (await visit(link)).status_code == 404
    assert await off(desk) == set()


async def test_opening_the_link_changes_nothing(desk: Desk, mailbox: Mailbox, visit: Open):
    _, link = await linked(desk, mailbox)
    for asked in (link, f"{link}?receipts-email=", f"{link}?{ONE_CLICK}", f"{link}?lang=en"):
        page = await visit(asked)
        assert page.status_code == 200 and page.text.count("checked") == 2
    assert "Text message" not in page.text and "Always sent, as the law demands" in page.text
    assert await off(desk) == set()


async def test_what_was_switched_off_stands_in_the_inbox_alone(desk: Desk, mailbox: Mailbox, visit: Open):
    life, link = await linked(desk, mailbox)
    for _ in range(2):
        page = await visit(link, "confirmations-email=1")
        assert page.status_code == 200 and page.text.count("checked") == 1
    assert await off(desk) == {("receipts", "email")}
    for about in ("FeePaid", "FeeConfirmed", "DossierAccepted"):
        await desk.hear(life.hears(about))
    while await desk.sender().send_due():
        pass
    told = {about for about, channel in await desk.shown(life.dossier_id) if channel == "email"}
    assert told == {"DossierSubmitted", "FeeConfirmed", "DossierAccepted"}
    assert len(mailbox.letters) == 3
    inbox = {about for about, channel in await desk.shown(life.dossier_id) if channel == "inbox"}
    assert inbox == {*told, "FeePaid"}
    await desk.sender().record_unsaid()
    assert ("NoticeFailed", "email", "no_contact") not in await desk.recorded()
    await visit(link_in(mailbox), "confirmations-email=1&receipts-email=1")
    assert await off(desk) == set()


@pytest.mark.parametrize(
    ("body", "kind"),
    [(ONE_CLICK, "application/x-www-form-urlencoded"), (MULTIPART, "multipart/form-data; boundary=b")],
)
async def test_a_mail_program_unsubscribes_by_itself(
    desk: Desk, mailbox: Mailbox, visit: Open, body: str, kind: str
):
    """RFC 8058: from the kind of its letter, by e-mail alone."""
    await linked(desk, mailbox, "FeePaid")
    letter = mailbox.letters[-1]
    assert letter["List-Unsubscribe-Post"] == ONE_CLICK
    link = str(letter["List-Unsubscribe"]).strip("<>")
    assert link == link_in(mailbox)
    assert (await visit(link, body, kind)).status_code == 200
    assert await off(desk) == {("receipts", "email")}


async def test_what_the_law_demands_has_no_unsubscribe(desk: Desk, mailbox: Mailbox, visit: Open):
    _, link = await linked(desk, mailbox)
    assert mailbox.letters[-1]["List-Unsubscribe"] is None
    assert (await visit(link, ONE_CLICK)).status_code == 200
    assert await off(desk) == set()


@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
async def test_what_is_no_form_changes_nothing(desk: Desk, mailbox: Mailbox, visit: Open, kind: str):
    _, link = await linked(desk, mailbox)
    assert (await visit(link, ONE_CLICK, kind)).status_code == 415
    assert (await visit(link, "x=" + "y" * 10_000)).status_code == 413
    assert await off(desk) == set()


async def test_who_is_erased_has_chosen_nothing(desk: Desk, mailbox: Mailbox, visit: Open):
    life, link = await linked(desk, mailbox)
    await visit(link, "")
    assert len(await off(desk)) == 2
    await keep(desk, Contact(life.applicant_id, 9, True, None, None))
    assert await off(desk) == set()
