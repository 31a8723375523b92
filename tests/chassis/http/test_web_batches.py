import asyncio
import json
import statistics
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, ConfigDict, Field

from services.chassis.http import batches
from services.chassis.http.batches import ITEM_CHARACTERS_MAX, SLICE_CHARACTERS, Refused, batch_of
from services.chassis.http.limits import Buckets
from services.chassis.http.problems import Problem
from tests.chassis.doors import Doors, headers
from tests.chassis.http.test_web import problem
from tests.chassis.issuing import Issuer


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
async def client(issuer: Issuer, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with Doors(issuer.write(tmp_path)).client() as client:
        yield client


async def test_a_bad_item_is_refused_alone(client: httpx.AsyncClient, issuer: Issuer) -> None:
    said = headers(issuer.token("importer"))
    items = [{"number": 1}, {"number": "x", "source": "s"}, 7]
    answer = await client.post("/batch", json={"items": items}, headers=said)
    assert answer.json() == [1, ["number", "int-type", items[1]], ["item", "model-type", {}]]
    answer = await client.post("/batch", json={"items": [{"number": n} for n in range(3)]}, headers=said)
    assert answer.json() == [0, 1, 2]


async def test_a_batch_that_is_no_list_is_refused_whole(client: httpx.AsyncClient, issuer: Issuer) -> None:
    said = headers(issuer.token("importer"))
    for body in ({"items": [{"number": 1}] * 4}, {"items": 3}, {}, {"items": [], "more": 1}):
        problem(await client.post("/batch", json=body, headers=said), 422, "invalid")
    problem(await client.post("/batch", content=b'{"items":[', headers=said), 400, "json-invalid")


class Small(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    number: int


class Many(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    items: list[Small] = Field(max_length=500)


async def test_a_large_batch_leaves_the_loop_to_others() -> None:
    """Wide bad items, some 3 MB: others get a turn after each slice."""
    wide = "{" + ",".join(f'"a{n}":0' for n in range(500)) + "}"
    raw = ('{"items":[' + ",".join([wide] * 500) + "]}").encode()
    turns, over = 0, False

    async def other() -> None:
        nonlocal turns
        while not over:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    batch = await batch_of(Many)(raw)
    over = True
    await beside
    assert [item.fault.field for item in batch.items if isinstance(item, Refused)] == ["number"] * 500
    assert turns >= len(raw) / (SLICE_CHARACTERS + len(wide)) - 2


async def test_batches_at_once_leave_half_of_the_time_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """What others ask for takes several turns of the loop: many fit between two slices, of whichever batch."""
    seen: list[str] = []
    validated, over = batches._validated, False

    def slice_of(*given: Any) -> Any:
        seen.append("slice")
        return validated(*given)

    async def others() -> None:
        while not over:
            seen.append("turn")
            await asyncio.sleep(0)

    monkeypatch.setattr(batches, "_validated", slice_of)
    wide = "{" + ",".join(f'"a{n}":0' for n in range(190)) + "}"
    raw = ('{"items":[' + ",".join([wide] * 200) + "]}").encode()
    read, beside = batch_of(Many), asyncio.create_task(others())
    await asyncio.gather(read(raw), read(raw))
    over = True
    await beside
    between = [len(turns) for turns in "".join(each[0] for each in seen).split("s")[2:-2]]
    assert len(between) > 20 and statistics.median(between) > 10, between


async def test_items_of_any_size_are_read_as_they_came() -> None:
    """Around the bounds of what is looked at first: the piece that is read ends where the item ends."""
    for size in (1, 4_080, 4_095, 4_096, 4_097, ITEM_CHARACTERS_MAX - 20):
        for space in ("", " \n"):
            items = ['{"number":' + " " * size + "7}", '{"number":8}', "9", '"\\u00e9"']
            told = (
                space + '{"items":[' + space + (space + "," + space).join(items) + space + "]" + space + "}"
            )
            batch = await batch_of(Many)(told.encode())
            assert [item.number for item in batch.items[:2]] == [7, 8]
            assert [item.fault.field for item in batch.items[2:]] == ["item", "item"]


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b'{"items":[{"number":1,"number":2}]}', "json-invalid", ""),
        (b'{"items":[{"number":1}],"items":[]}', "json-invalid", ""),
        (b'{"items":[{"number":1},]}', "json-invalid", ""),
        (b'{"items":[{"number":1}', "json-invalid", ""),
        (b'{"items":[{"number":"\\u0000"}]}', "nul-character", ""),
        (b'{"items":[' + b"[" * 30 + b"]" * 30 + b"]}", "json-too-deep", ""),
        (b'{"items":[' + b"[" * 60_000, "json-too-deep", ""),
        (b'{"items":[1,{"a":"' + b"x" * 70_000 + b'"}]}', "item-too-large", "items.1"),
        (b'{"items":[' + b",".join([b"1"] * 501) + b"]}", "invalid", "items"),
        (b'{"more":"' + b"x" * 70_000 + b'"}', "invalid", "items"),
    ],
)
async def test_a_batch_that_cannot_be_told_apart_is_refused_whole(body: bytes, code: str, field: str) -> None:
    with pytest.raises(Problem) as refused:
        await batch_of(Many)(body)
    assert (refused.value.code, refused.value.field) == (code, field)


async def test_a_batch_is_charged_by_its_items(issuer: Issuer, tmp_path: Path) -> None:
    doors = Doors(issuer.write(tmp_path))
    doors.application.items = Buckets(1, 4, clock=lambda: 0.0)
    said = headers(issuer.token("importer"))
    body = json.dumps({"items": [{"number": 1}, 7]})
    async with doors.client() as client:
        answers = [await client.post("/batch", content=body, headers=said) for _ in range(3)]
        other = await client.post("/batch", content=body, headers=headers(issuer.token("importer", "s2")))
    assert [answer.status_code for answer in (*answers, other)] == [200, 200, 429, 200]
    assert answers[2].headers["retry-after"] == "2"
