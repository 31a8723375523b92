"""The register of dossiers: each that was accepted in a period once, in its order, and no other office's."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest

from services.processing.clock.working_days import local_day
from services.processing.desk import register
from services.processing.desk.register import BEGINNING, Book, Entry
from tests.processing.conftest import OTHER_OFFICE, SUPERVISOR, House
from tests.processing.declaring_days import accepted
from tests.processing.examples import OFFICE, OTHER_UNIT, UNIT


async def whole(house: House, book: Book) -> list[Entry]:
    return [each async for some in register.stretches(house.pool, book) for each in some]


async def test_a_register_is_read_in_stretches(monday_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house = monday_house
    first = await accepted(house, 3)
    today = local_day(house.clock())
    house.clock.forward(days=1)
    second = await accepted(house, 2)
    await house.submitted(1)
    await house.submitted(1, office=OTHER_OFFICE)
    monkeypatch.setattr(register, "STRETCH", 2)

    async def ids(place: str, since: date, until: date) -> list[UUID]:
        return [each.row.dossier_id for each in await whole(house, Book(place, since, until))]

    both = today, today + timedelta(days=1)
    assert set(await ids(OFFICE, *both)) == {*first, *second}
    assert (await ids(OFFICE, *both))[3:] == await ids(OFFICE, both[1], both[1])
    assert set(await ids(OFFICE, today, today)) == set(first)
    assert set(await ids(UNIT, *both)) == {*first, *second} and await ids(OTHER_UNIT, *both) == []
    assert (
        await ids(OTHER_OFFICE, *both) == [] and await ids(OFFICE, date(1900, 1, 1), date(1900, 1, 2)) == []
    )
    assert len(await ids(OFFICE, date(1900, 1, 1), date(2999, 12, 31))) == 5


async def test_the_register_says_when_the_result_was_returned(monday_house: House) -> None:
    house = monday_house
    returned, reversed_, open_ = await accepted(house, 3)
    for each in (returned, reversed_):
        for act, body, version in (
            ("forward", {"unit": UNIT, "step": "ky_duyet"}, 1),
            ("resolve", {"outcome": "granted"}, 2),
            ("return", {"method": "in_person"}, 3),
        ):
            done = await house.act(each, act, body, by=SUPERVISOR, version=version)
            assert done.status_code == 200, done.text
    undone = {"sequence": 4, "reason": "wrong_decision", "document": "1/QĐ-SXD"}
    assert (await house.act(reversed_, "reverse", undone, by=SUPERVISOR, version=4)).status_code == 200
    today = local_day(house.clock())
    entries = {each.row.dossier_id: each for each in await whole(house, Book(OFFICE, today, today))}
    assert entries[returned].returned_at == house.clock()
    assert entries[reversed_].returned_at is None and entries[open_].returned_at is None
    assert entries[returned].row.code and entries[returned].row.unit == UNIT


async def test_a_page_of_the_register_is_a_stretch_of_its_index(monday_house: House) -> None:
    house = monday_house
    await accepted(house, 1)
    today = local_day(house.clock())
    (entry,) = await register.page(house.pool, Book(OFFICE, today, today), BEGINNING, 10)
    after = register.read_cursor(register.cursor(register.place_of(entry)))
    assert after == register.place_of(entry)
    assert await register.page(house.pool, Book(OFFICE, today, today), after, 10) == []
    async with house.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        asked = (OFFICE, house.clock(), house.clock() + timedelta(days=1), *BEGINNING, 10)
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {register.OF_OFFICE}", *asked))
    assert "dossiers_by_acceptance" in plan and "Sort Key: dossiers.accepted_at" not in plan, plan


@pytest.mark.parametrize(
    "text", ["x", "", "MjAyNi0wMS0wMS94", "MjAyNi0wMS0wMS8wMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDE"]
)
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no cursor"):
        register.read_cursor(text)
