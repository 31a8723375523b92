from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.chassis.doors import Doors, headers
from tests.chassis.issuing import Issuer
from tests.chassis.test_web import problem


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
