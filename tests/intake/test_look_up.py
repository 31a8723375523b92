"""How far the dossier of a code is: by either code, as people type it, and no more than the status."""

from __future__ import annotations

from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from services.intake.look_up import as_printed
from tests.intake.conftest import Front, Process, act
from tests.intake.test_following import CODE, hear, life


async def test_a_code_shows_its_status_and_no_more(front: Front) -> None:
    one, other = uuid7(), uuid7()
    await hear(front, [*life(one), *life(other, "H29.015.00-260302-0002")[:1]])
    code = "H29.015.00-260302-0002"
    answer = await front.client.get("/v1/lookup", params={"code": code})
    assert answer.json() == {"code": code, "status": "accepted"}


async def test_the_look_up_code_of_a_receipt_is_answered(process: Process) -> None:
    """From the submission on, and as people type it."""
    async with process(lookups_per_minute=100) as front:
        dossier_id = (await front.file()).json()["dossier_id"]
        asked = {"code": dossier_id}
        for typed in (dossier_id, dossier_id.upper(), dossier_id.replace("-", " "), f" {dossier_id} "):
            answer = await front.client.get("/v1/lookup", params={"code": typed})
            assert answer.json() == asked | {"status": "submitted"}
        await act(front, dossier_id, "withdrawal", {"reason": "other"})
        answer = await front.client.get("/v1/lookup", params={"code": dossier_id})
        assert answer.json()["status"] == "withdrawal_requested"
        await hear(front, life(UUID(dossier_id))[:1])
        answer = await front.client.get("/v1/lookup", params={"code": dossier_id})
        assert answer.json()["official_code"] == CODE
        assert (await front.client.get("/v1/lookup", params={"code": str(uuid7())})).status_code == 404


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("h29.015.00-260302-0001", CODE),
        ("H29 015 00 260302 0001", CODE),
        ("H29015002603020001", CODE),
        (" H29.015.00 \u2013 260302 \u2013 0001 ", CODE),
        ("h29.015.00-260302-10001", "H29.015.00-260302-10001"),
        ("000.00.15.h29 230905 0003", "000.00.15.H29-230905-0003"),
        ("00000000-0000-0000-0000-00000000000A", UUID(int=10)),
        ("H29.015.00-260302", None),
        ("00000000-0000-0000-0000", None),
    ],
)
def test_a_code_is_found_however_it_is_typed(typed: str, meant: object) -> None:
    assert as_printed(typed) == meant


async def test_look_ups_are_limited_by_address(front: Front) -> None:
    asked = [
        await front.client.get("/v1/lookup", params={"code": f"H29.015.00-260302-{n:04}"}) for n in range(4)
    ]
    assert [answer.status_code for answer in asked] == [404, 404, 404, 429]
    assert asked[0].json()["code"] == "code-unknown"
    assert int(asked[-1].headers["retry-after"]) <= 20


async def test_a_malformed_code_is_refused(front: Front) -> None:
    for code in ("x", "H29.015.00-260302-0001' OR 1=1", "a" * 100):
        answer = await front.client.get("/v1/lookup", params={"code": code})
        assert (answer.status_code, answer.json()["field"]) == (422, "code")
