"""The payment provider's door: nothing is believed without its signature, and each payment is recorded once."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from uuid_utils.compat import uuid7

from services.chassis.kafka.feeds import read_after
from services.intake.act_routes import sign
from tests.intake.conftest import PAYMENT_SECRET, Front, Process


def payment(of: Any, /, **changes: Any) -> dict[str, Any]:
    return {
        "id": "VCB-2026-0001",
        "dossier_id": str(of),
        "amount": 300_000,
        "currency": "VND",
        "paid_at": "2024-11-02T09:00:00+07:00",
    } | changes


async def tell(
    front: Front,
    told: Any,
    *,
    secret: str = PAYMENT_SECRET,
    age_seconds: int = 0,
    **headers: str,
) -> httpx.Response:
    raw = json.dumps(told).encode()
    at = str(int(time.time()) - age_seconds)
    signed = {"Payment-Timestamp": at, "Payment-Signature": sign(secret.encode(), at, raw)} | headers
    return await front.client.post(
        "/v1/payments", content=raw, headers={"content-type": "application/json", **signed}
    )


async def filed(front: Front, key: str = "k") -> UUID:
    return UUID((await front.file(key=key)).json()["dossier_id"])


async def test_a_signed_payment_is_recorded_at_its_own_time(front: Front) -> None:
    """Before anybody asked for it, too."""
    dossier_id = await filed(front)
    answer = await tell(front, payment(dossier_id))
    assert answer.status_code == 201, answer.text
    assert (answer.json()["what"], answer.json()["outcome"]) == ("FeePaid", "recorded")
    stored = (await read_after(front.pool, 1, 10))[0]
    assert json.loads(stored.data) == {
        "amount": 300_000,
        "currency": "VND",
        "method": "online",
        "ended": False,
    }
    assert stored.occurred_at.isoformat() == "2024-11-02T02:00:00+00:00"
    assert stored.actor == "provider/payments"


async def test_a_payment_is_recorded_once_for_ever(process: Process, admin: asyncpg.Connection[Any]) -> None:
    async with process() as here, process() as there:
        dossier_id = await filed(here)
        told = payment(dossier_id)
        answers = await asyncio.gather(*(tell(front, told) for front in (here, there) for _ in range(3)))
        # Long after every key is forgotten.
        await admin.execute("DELETE FROM idempotency_keys")
        again = await tell(there, told)
        reordered = await tell(there, dict(reversed(told.items())))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in (*answers, again, reordered)}) == 1
    assert await admin.fetchval("SELECT count(*) FROM events WHERE type = 'FeePaid'") == 1


async def test_the_same_payment_with_another_body_is_refused(
    front: Front, admin: asyncpg.Connection[Any]
) -> None:
    dossier_id, other = await filed(front), await filed(front, "other")
    await tell(front, payment(dossier_id))
    for told in (payment(dossier_id, amount=1), payment(other), payment(dossier_id, currency="USD")):
        answer = await tell(front, told)
        assert (answer.status_code, answer.json()["code"]) == (422, "payment-id-reused")
    assert await admin.fetchval("SELECT count(*) FROM events WHERE type = 'FeePaid'") == 1
    assert (await tell(front, payment(dossier_id, id="VCB-2026-0002"))).status_code == 201


async def test_one_payment_told_of_two_dossiers_at_once_is_one(
    process: Process, admin: asyncpg.Connection[Any]
) -> None:
    async with process() as here, process() as there:
        for number in range(5):
            one, two = await filed(here, f"{number}a"), await filed(there, f"{number}b")
            answers = await asyncio.gather(
                tell(here, payment(one, id=f"P{number}")), tell(there, payment(two, id=f"P{number}"))
            )
            assert sorted(answer.status_code for answer in answers) == [201, 422]
    assert await admin.fetchval("SELECT count(*) FROM events WHERE type = 'FeePaid'") == 5


async def test_what_is_not_signed_changes_nothing(front: Front, admin: asyncpg.Connection[Any]) -> None:
    told = payment(await filed(front))
    of_another_second = sign(PAYMENT_SECRET.encode(), "0", json.dumps(told).encode())
    for answer, code in (
        (await tell(front, told, secret="0" * 32), "signature-invalid"),
        (await tell(front, told, **{"Payment-Signature": ""}), "signature-invalid"),
        (await tell(front, told, **{"Payment-Signature": of_another_second}), "signature-invalid"),
        (await tell(front, told, age_seconds=302), "signature-expired"),
        (await tell(front, told, age_seconds=-302), "signature-expired"),
        # Unsigned, it is not even read.
        (await tell(front, {"id": 1}, secret="0" * 32), "signature-invalid"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert await admin.fetchval("SELECT count(*) FROM events") == 1
    assert await admin.fetchval("SELECT count(*) FROM payments") == 0
    assert (await tell(front, told, age_seconds=298)).status_code == 201


async def test_a_payment_for_no_dossier_is_refused(front: Front) -> None:
    answer = await tell(front, payment(uuid7()))
    assert (answer.status_code, answer.json()["code"]) == (404, "dossier-unknown")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": 1.5}, "amount"),
        ({"currency": "đồng"}, "currency"),
        ({"id": ""}, "id"),
        ({"id": "a\nb"}, "id"),
        ({"dossier_id": "x"}, "dossier_id"),
        ({"paid_at": "2024-11-02T09:00:00"}, "paid_at"),
        ({"paid_at": "2999-11-02T09:00:00Z"}, "paid_at"),
        ({"paid_at": "0001-01-01T00:00:00+14:00"}, "paid_at"),
        ({"payer": "x"}, "payer"),
    ],
)
async def test_each_field_of_a_payment_is_checked(front: Front, change: dict[str, Any], field: str) -> None:
    answer = await tell(front, payment(await filed(front), **change))
    assert (answer.status_code, answer.json()["field"]) == (422, field)
