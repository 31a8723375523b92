"""A key of intake is changed: what was written under the old one is still known, as long as the old one is in the ring."""

from __future__ import annotations

from uuid import UUID

import pytest

from contracts.sealed import Unsealable, seal, unseal
from tests.intake.conftest import CODE_KEY, PAYMENT_SECRET, Front, Process, act, body
from tests.intake.test_payments import filed, payment, tell

OLD, NEW = "0123456789abcdef0123456789abcdef", "n" * 32


async def test_every_key_of_a_ring_is_read(process: Process) -> None:
    """A submission, an applicant's act and a payment, each repeated after the change, and each with another body."""

    async def all_told(front: Front, secret: str) -> list[bytes]:
        asked = await act(front, dossier_id, "withdrawal", {"reason": "no_longer_needed"}, key="w")
        answers = [await front.file(), asked, await tell(front, payment(dossier_id), secret=secret)]
        assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
        return [answer.content for answer in answers]

    async with process() as before:
        dossier_id = await filed(before)
        first = await all_told(before, PAYMENT_SECRET)
    async with process(hmac_key=f"{NEW},{OLD}", payment_secret=f"{NEW},{PAYMENT_SECRET}") as after:
        assert await all_told(after, PAYMENT_SECRET) == first
        assert await all_told(after, NEW) == first
        for answer, code in (
            (await after.file(body(content={"grade": "III"})), "idempotency-key-reused"),
            (await tell(after, payment(dossier_id, amount=1), secret=NEW), "payment-id-reused"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (422, code)
        later = await after.file(key="later")
    async with process(hmac_key=NEW, payment_secret=NEW) as alone:
        assert (await alone.file(key="later")).content == later.content
        assert (await alone.file()).json()["code"] == "idempotency-key-reused"
        assert (await tell(alone, payment(dossier_id))).json()["code"] == "signature-invalid"


def test_a_code_sealed_under_any_key_of_the_ring_is_opened() -> None:
    dossier_id, new = UUID(int=7), bytes(64)
    for key in (CODE_KEY, new):
        assert (
            unseal((new, CODE_KEY), seal(key, "H29.015.00-251120-0007", dossier_id), dossier_id)
            == "H29.015.00-251120-0007"
        )
    for keys, of in (((CODE_KEY,), dossier_id), ((new, CODE_KEY), UUID(int=8)), ((), dossier_id)):
        with pytest.raises(Unsealable):
            unseal(keys, seal(new, "H29.015.00-251120-0007", dossier_id), of)
