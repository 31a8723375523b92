"""What the front door does against those who would have a request read two ways, an answer kept, or signatures checked for ever."""

import httpx
import pytest

from services.chassis.http.limits import Buckets
from services.chassis.http.tokens import Caller
from tests.chassis.doors import Doors, headers
from tests.chassis.http.test_web import BOTH, problem
from tests.chassis.issuing import Issuer


@BOTH
@pytest.mark.parametrize("name", ["host", "authorization", "content-type", "idempotency-key"])
async def test_a_header_that_comes_twice_is_refused(
    client: httpx.AsyncClient, token: str, path: str, name: str
) -> None:
    said = {"host": "doors", **headers(token)}
    twice = [*said.items(), (name, said[name])]
    body = problem(await client.post(path, json={"number": 1}, headers=twice), 400, "header-twice")
    assert body["field"] == name
    listed = [*said.items(), ("accept", "a/b"), ("accept", "c/d")]
    assert (await client.post(path, json={"number": 1}, headers=listed)).status_code == 201


@BOTH
async def test_an_answer_is_not_kept_and_not_guessed_at(
    client: httpx.AsyncClient, token: str, path: str
) -> None:
    good = await client.post(path, json={"number": 1}, headers=headers(token))
    for answer in (good, await client.post(path), await client.get("/livez"), await client.get("/none")):
        assert answer.headers.get_list("cache-control") == ["no-store"]
        assert answer.headers.get_list("x-content-type-options") == ["nosniff"]


@BOTH
async def test_forged_tokens_are_limited_by_address(doors: Doors, issuer: Issuer, path: str) -> None:
    doors.application.refusals = Buckets(1, 5, clock=lambda: 0.0)
    verified = 0
    verify = doors.application.tokens.verify

    async def counted(token: bytes) -> Caller:
        nonlocal verified
        verified += 1
        return await verify(token)

    doors.application.tokens.verify = counted  # type: ignore[method-assign]
    known, new = issuer.token(), issuer.token(subject="s2")

    def from_(address: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(doors.application, client=(address, 1))
        return httpx.AsyncClient(transport=transport, base_url="http://doors")

    async with from_("192.0.2.1") as stranger, from_("192.0.2.2") as neighbour:
        first = await stranger.post(path, json={"number": 1}, headers=headers(known))
        forged = [
            (await stranger.post(path, json={"number": 1}, headers=headers(f"x.y.{n}"))).status_code
            for n in range(9)
        ]
        behind = await stranger.post(path, json={"number": 1}, headers=headers(known))
        beside = await neighbour.post(path, json={"number": 1}, headers=headers(new))
    assert forged == [401] * 5 + [429] * 4
    assert verified == 1 + 5 + 1
    assert (first.status_code, behind.status_code, beside.status_code) == (201, 201, 201)
