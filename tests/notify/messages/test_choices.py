"""What an applicant switched off goes out by text message no more than by e-mail."""

from datetime import UTC, datetime

from services.notify.choices import rows
from services.notify.choices.kinds import OF_CHOICE
from tests.notify.messages.house import House

NIGHT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


async def test_text_messages_are_switched_off_alike(house: House):
    """Also those that wait for the morning, and none that the law demands."""
    house.clock.now = NIGHT
    life = await house.submitted()
    await house.hear(life.hears("FeePaid", recorded_at=NIGHT), life.hears("FeeConfirmed", recorded_at=NIGHT))
    every = {(kind, "sms") for kind in OF_CHOICE}
    await rows.choose(house.pool, life.applicant_id, every, set(), NIGHT)
    await house.hear(
        life.hears("ResultReturned", recorded_at=NIGHT), life.hears("DossierResolved", recorded_at=NIGHT)
    )
    assert await house.rows("about") == [("DossierSubmitted",), ("DossierResolved",)]
    await rows.choose(house.pool, life.applicant_id, set(), every, NIGHT)
    await house.hear(life.hears("ResultReturned", recorded_at=NIGHT))
    assert len(await house.rows()) == 3
