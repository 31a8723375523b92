"""The people behind many dossiers at once: of the caller's own office alone, bounded, and each written down."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.intake.conftest import OFFICE, Front, Process, body
from tests.intake.test_people_reads import OTHER_OFFICE, filed, reads


async def listed(front: Front, dossiers: list[Any], office: str = OFFICE, **more: Any) -> Any:
    headers = front.headers(more.pop("role", "officer"), more.pop("subject", "an"), office=office)
    told = {"dossier_ids": dossiers, "purpose": "audit"} | more
    return await front.client.post("/v1/people-lists", json=told, headers=headers)


async def test_a_register_leaves_a_line_for_each_that_it_names(front: Front) -> None:
    first, second = [await filed(front, key) for key in ("a", "b")]
    elsewhere = await filed(front, "c", OTHER_OFFICE)
    answer = await listed(front, [first, second, first, elsewhere, str(UUID(int=1))])
    assert answer.status_code == 200, answer.text
    told = {each["dossier_id"]: each for each in answer.json()["items"]}
    assert set(told) == {first, second}, "another office's are left out, as if they were not there"
    wanted = body(procedure="1.009974")
    assert told[first]["name"] == wanted["applicant"]["name"]
    assert told[first].keys() == {"dossier_id", "name", "owner_name", "phone", "address"}
    addresses = [wanted["content"].get(name) for name in ("residence_address", "head_office_address")]
    assert told[first]["address"] in addresses
    lines = (await reads(front)).json()["items"]
    assert sorted((each["dossier_id"], each["purpose"]) for each in lines) == sorted(
        (each, "audit") for each in (first, second)
    )
    assert (await listed(front, [first], OTHER_OFFICE)).json() == {"items": []}
    assert (await listed(front, [first], "")).json() == {"items": []}
    assert len((await reads(front)).json()["items"]) == 2, "who sees nothing leaves no line"


async def test_what_is_no_list_is_refused(front: Front) -> None:
    for dossiers, more in (
        ([], {}),
        (["x"], {}),
        ([str(UUID(int=n)) for n in range(51)], {}),
        ([str(UUID(int=1))], {"purpose": "curiosity"}),
        ([str(UUID(int=1))], {"also": 1}),
    ):
        assert (await listed(front, dossiers, **more)).status_code == 422
    assert (await listed(front, [str(UUID(int=1))], role="portal")).status_code == 403


async def test_lists_of_people_are_bounded_per_caller(process: Process) -> None:
    async with process(people_reads_per_minute=2) as front:
        dossier = await filed(front, "k")
        answers = [(await listed(front, [dossier])).status_code for _ in range(3)]
        assert answers == [200, 200, 429]
