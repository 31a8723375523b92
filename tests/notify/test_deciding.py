"""Notices decided in the consumer's transaction, over a real database."""

from datetime import date
from random import Random

import asyncpg
import pytest

from contracts.sealed import seal
from services.notify.notice import LAPSES_AFTER, TOLD_BY
from tests.notify.desk import Desk
from tests.notify.examples import CODE_KEY, NOW, Life
from tests.notify.mailbox import Mailbox, html, plain


async def test_a_dossiers_notices_are_decided_once(desk: Desk):
    life = Life()
    events = [life.hears(about) for about in ("DossierSubmitted", "DossierAccepted")]
    await desk.hear(*events)
    with pytest.raises(asyncpg.UniqueViolationError):
        await desk.hear(events[1])
    await desk.hear(
        *[life.hears(about) for about in ("DossierForwarded", "DossierResolved", "ResultReturned")]
    )
    shown = await desk.shown(life.dossier_id)
    assert len(shown) == 9
    happened = (
        "DossierSubmitted",
        "DossierAccepted",
        "DossierForwarded",
        "DossierResolved",
        "ResultReturned",
    )
    assert {about for about, _ in shown} == set(happened)
    assert {view.status for view in shown.values()} == {"pending"}


@pytest.mark.parametrize("reversed_at_the_end", [False, True])
async def test_every_event_is_told_whatever_comes_first(desk: Desk, reversed_at_the_end: bool):
    """Intake's events and processing's keep their own orders and meet in any way, in batches of any size: the notices are the same."""
    own = ["SupplementProvided", "WithdrawalRequested", "FeePaid"]
    authority = [about for about in TOLD_BY if about not in (*own, "DossierSubmitted", "DossierReversed")]
    authority += ["DossierReversed"] * reversed_at_the_end
    told = {*own, *authority, "DossierSubmitted"}
    seen = []
    for seed in range(12):
        order = met(Random(seed), own, authority)
        life = Life()
        events = [life.hears(about) for about in ("DossierSubmitted", *order)]
        size = Random(seed).randint(1, len(events))
        for start in range(0, len(events), size):
            await desk.hear(*events[start : start + size])
        shown = await desk.shown(life.dossier_id)
        assert shown.keys() == {
            (about, channel.value) for about in told for channel in TOLD_BY[about] if channel != "sms"
        }
        seen.append({key: view.text.replace(str(life.dossier_id), "") for key, view in shown.items()})
        assert seen[-1] == seen[0], f"seed {seed}: {order}"
    assert {"Mã hồ sơ: H29.015.00-261120-0007" in text for text in seen[0].values()} == {
        not reversed_at_the_end
    }


def met(chance: Random, own: list[str], authority: list[str]) -> list[str]:
    """One interleaving of two producers, each in its own order."""
    length = len(own) + len(authority)
    places = set(chance.sample(range(length), len(own)))
    mine, theirs = iter(own), iter(authority)
    return [next(mine if place in places else theirs) for place in range(length)]


async def test_a_reversed_acceptance_takes_the_code_with_it(desk: Desk):
    life = Life()
    await desk.hear(*[life.hears(a) for a in ("DossierSubmitted", "DossierAccepted", "DossierReversed")])
    shown = await desk.shown(life.dossier_id)
    assert all("Mã hồ sơ" not in view.text for view in shown.values())
    await desk.hear(life.hears("DossierAccepted"))
    shown = await desk.shown(life.dossier_id)
    assert "Mã hồ sơ: H29.015.00-261120-0007" in shown["DossierReversed", "inbox"].text


async def test_an_imported_dossier_is_muted_and_its_later_life_is_told(desk: Desk):
    life = Life()
    await desk.hear(
        life.hears("DossierSubmitted", origin="import"), life.hears("DossierAccepted", origin="import")
    )
    assert await desk.shown(life.dossier_id) == {}
    await desk.hear(life.hears("DossierResolved"))
    shown = await desk.shown(life.dossier_id)
    assert set(shown) == {("DossierResolved", "email"), ("DossierResolved", "inbox")}
    assert "Mã hồ sơ: H29.015.00-261120-0007" in shown["DossierResolved", "inbox"].text


async def test_what_is_heard_late_is_kept_shown_and_not_sent(desk: Desk, mailbox):
    life = Life()
    await desk.know(life)
    desk.clock.pass_by(seconds=LAPSES_AFTER.total_seconds() + 1)
    await desk.hear(life.hears("DossierSubmitted", recorded_at=NOW))
    sender = desk.sender()
    assert await sender.record_unsaid() == 2
    assert await sender.send_due() == 0
    assert mailbox.letters == []
    shown = await desk.shown(life.dossier_id)
    assert {view.status for view in shown.values()} == {"lapsed"}
    assert sorted(await desk.recorded()) == [
        ("NoticeFailed", "email", "lapsed"),
        ("NoticeFailed", "inbox", "lapsed"),
    ]


async def test_who_gave_no_address_is_told_in_the_inbox(desk: Desk):
    life = Life()
    life.change = 0  # intake's word for: there is nothing to send to
    await desk.hear(life.hears("DossierSubmitted"), life.hears("DossierAccepted"))
    await desk.sender().record_unsaid()
    shown = await desk.shown(life.dossier_id)
    assert {view.channel: (view.status, view.reason) for view in shown.values()} == {
        "inbox": ("sent", None),
        "email": ("failed", "no_contact"),
    }


async def test_a_dossier_whose_opening_was_discarded_still_has_its_notices(desk: Desk):
    life = Life()
    await desk.hear(life.hears("DossierResolved"))
    await desk.sender().record_unsaid()
    shown = await desk.shown(life.dossier_id)
    assert shown["DossierResolved", "inbox"].status == "sent"
    assert shown["DossierResolved", "email"].reason == "no_contact"


async def test_a_notice_names_who_has_the_dossier_now(desk: Desk, mailbox: Mailbox):
    """Whose name is known when it is written: nothing waits for one."""
    life = Life()
    await desk.hear(*(life.hears(about) for about in ("DossierSubmitted", "DossierAccepted")))
    given = life.hears("DossierHandedOver")
    officer = {"sealed_officer": seal(CODE_KEY, "kim", life.dossier_id)}
    await desk.hear(given._replace(data=given.data.model_copy(update=officer)), life.hears("FeeRequested"))
    assert "phụ trách" not in (await desk.shown(life.dossier_id))["FeeRequested", "email"].text
    await desk.pool.execute("INSERT INTO officer_names VALUES ('kim', 1, 'Trần Thị Thử')")
    shown = await desk.shown(life.dossier_id)
    said = "Cán bộ phụ trách: Trần Thị Thử, Phòng Quản lý xây dựng, điện thoại 1022"
    assert said in shown["FeeRequested", "email"].text
    await desk.know(life)
    await desk.sender().send_due()
    (letter,) = (each for each in mailbox.letters if "nộp phí" in each["Subject"])
    assert said in plain(letter) and said in html(letter)
    await desk.hear(life.hears("DossierForwarded"))
    assert "phụ trách" not in (await desk.shown(life.dossier_id))["FeeRequested", "email"].text


async def test_no_personal_data_stands_outside_contacts(desk: Desk):
    life = Life()
    await desk.know(life, email="an@example.org")
    await desk.hear(life.hears("DossierSubmitted"))
    sender = desk.sender()
    await sender.record_unsaid()
    await sender.send_due()
    tables = (
        "events",
        "dossiers",
        "notices",
        "mails",
        "unsaid",
        "ambiguous_notices",
        "held",
        "applied_versions",
    )
    for table in tables:
        rows = await desk.pool.fetch(f"SELECT t::text FROM {table} t")
        assert not [row for row in rows if "example.org" in row[0] or "Nguyễn" in row[0]], table


async def test_a_corrected_submission_tells_nobody_and_is_written_about_from_then_on(desk: Desk):
    life = Life()
    opened, corrected = life.hears("DossierSubmitted"), life.hears("SubmissionCorrected")
    await desk.hear(opened._replace(origin="import"), corrected._replace(origin="import"))
    row = await desk.pool.fetchrow(
        "SELECT procedure, submitted_on, office FROM dossiers WHERE dossier_id = $1", life.dossier_id
    )
    assert tuple(row) == ("1.009983", date(2023, 1, 6), "H29.016.00")
    assert await desk.shown(life.dossier_id) == {}
