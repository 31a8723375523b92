"""Calls to a portal over a real database and real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from contracts.sealed import seal
from services.chassis.process.ending import end
from services.notify.webhooks.call import Answered, Caller
from services.notify.webhooks.calling import Webhooks
from services.notify.webhooks.subscription import secret_of, signatures
from tests.notify.desk import Desk
from tests.notify.examples import CODE_KEY, FILER, Life
from tests.notify.webhooks.portal import Portal, call_due, open_portal

SECRET = secret_of(bytes(32))


@pytest.fixture
async def portal(free_ports: Callable[[int], list[int]]) -> AsyncIterator[Portal]:
    async with open_portal(free_ports) as opened:
        yield opened


async def subscribe(desk: Desk, url: str, *types: str, owner: str = FILER) -> UUID:
    subscription_id = uuid7()
    await desk.pool.execute(
        "INSERT INTO subscriptions (subscription_id, owner, url, types, sealed_secret, created_at, not_before) "
        "VALUES ($1, $2, $3, $4, $5, $6, $6)",
        subscription_id,
        owner,
        url,
        list(types),
        seal(CODE_KEY, SECRET, subscription_id),
        desk.clock.now,
    )
    return subscription_id


def webhooks(desk: Desk, caller: Caller | None = None, *, refused: bool = False) -> Webhooks:
    return Webhooks(
        desk.pool, caller or Caller(private=True), [CODE_KEY], desk.clock, may_send=lambda: not refused
    )


async def waiting(desk: Desk) -> int:
    return int(await desk.pool.fetchval("SELECT count(*) FROM calls WHERE taken_at IS NULL"))


async def test_a_call_is_queued_with_its_event(desk: Desk, portal: Portal) -> None:
    await subscribe(desk, portal.url)
    await subscribe(desk, portal.url + "/accepted", "DossierAccepted")
    await subscribe(desk, portal.url + "/others", owner="portal/other")
    life = Life()
    await desk.hear(life.hears("DossierSubmitted"), life.hears("DossierAccepted"))
    await desk.hear(life.hears("DossierForwarded"))
    assert await call_due(webhooks(desk)) == 4
    told = [
        (headers["host"], body["type"]) for (headers, _), body in zip(portal.got, portal.bodies, strict=True)
    ]
    assert sorted(kind for _, kind in told) == [
        "DossierAccepted",
        "DossierAccepted",
        "DossierForwarded",
        "DossierSubmitted",
    ]
    for (headers, body), said in zip(portal.got, portal.bodies, strict=True):
        assert said["data"]["dossier_id"] == str(life.dossier_id)
        assert said["data"]["event_id"] == headers["webhook-id"]
        at = desk.clock.now
        assert headers["webhook-timestamp"] == str(int(at.timestamp()))
        assert headers["webhook-signature"] == signatures([SECRET], headers["webhook-id"], at, body)
        assert set(said) == {"type", "timestamp", "data"}
        assert set(said["data"]) == {"event_id", "dossier_id", "source", "sequence"}
    assert await waiting(desk) == 0


async def test_nobody_is_called_of_what_an_import_brought(desk: Desk, portal: Portal) -> None:
    await subscribe(desk, portal.url)
    await desk.hear(Life().hears("DossierSubmitted", origin="import"))
    assert await waiting(desk) == 0


async def test_two_who_call_keep_the_order(desk: Desk, portal: Portal) -> None:
    await subscribe(desk, portal.url)
    life = Life()
    heard = [life.hears("DossierSubmitted"), *(life.hears("DossierForwarded") for _ in range(40))]
    await desk.hear(*heard)
    while await waiting(desk):
        await asyncio.gather(*(call_due(webhooks(desk)) for _ in range(2)))
    assert portal.ids == [each.id for each in heard]


async def test_what_is_not_taken_is_told_again_before_what_follows(desk: Desk, portal: Portal) -> None:
    await subscribe(desk, portal.url)
    life = Life()
    heard = [life.hears("DossierSubmitted"), life.hears("DossierAccepted")]
    await desk.hear(*heard)
    portal.answers = [500, 302, 204]
    caller = webhooks(desk)
    assert await call_due(caller) == 1
    assert await call_due(caller) == 0
    desk.clock.now += timedelta(seconds=5)
    assert await call_due(caller) == 1
    desk.clock.now += timedelta(seconds=10)
    assert await call_due(caller) == 2
    first, second = (each.id for each in heard)
    assert portal.ids == [first, first, first, second]
    row = await desk.pool.fetchrow("SELECT failures, failing_since, last_failure FROM subscriptions")
    assert tuple(row) == (0, None, None)


async def test_dying_between_call_and_record_calls_once_more_under_the_same_id(
    desk: Desk, portal: Portal
) -> None:
    class Dies(Caller):
        async def call(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
            await super().call(url, headers, body)
            raise asyncio.CancelledError

    await subscribe(desk, portal.url)
    life = Life()
    heard = life.hears("DossierSubmitted")
    await desk.hear(heard)
    with pytest.raises(asyncio.CancelledError):
        await call_due(webhooks(desk, Dies(private=True)))
    assert await call_due(webhooks(desk)) == 0
    desk.clock.now += timedelta(seconds=61)
    assert await call_due(webhooks(desk)) == 1
    assert portal.ids == [heard.id, heard.id]


async def test_who_takes_nothing_is_paused(desk: Desk, portal: Portal) -> None:
    await subscribe(desk, portal.url)
    await desk.hear(Life().hears("DossierSubmitted"))
    portal.answers = [500] * 1000
    caller = webhooks(desk)
    began = desk.clock.now
    while await desk.pool.fetchval("SELECT paused_at IS NULL FROM subscriptions"):
        await call_due(caller)
        desk.clock.now += timedelta(hours=1)
    assert timedelta(hours=72) <= desk.clock.now - began <= timedelta(hours=74)
    assert await call_due(caller) == 0
    assert await waiting(desk) == 1


async def test_who_is_gone_is_paused_at_once(desk: Desk, portal: Portal) -> None:
    await subscribe(desk, portal.url)
    await desk.hear(Life().hears("DossierSubmitted"))
    portal.answers = [410]
    await call_due(webhooks(desk))
    assert await desk.pool.fetchval("SELECT paused_at IS NOT NULL FROM subscriptions")


async def test_one_that_fails_holds_up_nobody_else(desk: Desk, portal: Portal) -> None:
    await subscribe(desk, "http://127.0.0.1:1/")
    await subscribe(desk, portal.url)
    await desk.hear(Life().hears("DossierSubmitted"))
    assert await call_due(webhooks(desk)) == 2
    assert len(portal.got) == 1
    assert (
        await desk.pool.fetchval("SELECT last_failure FROM subscriptions WHERE failures = 1") == "not-reached"
    )


async def test_one_that_is_slow_holds_up_nobody_else(
    desk: Desk, portal: Portal, free_ports: Callable[[int], list[int]]
) -> None:
    async with open_portal(free_ports) as slow:
        slow.goes_on = asyncio.Event()
        await subscribe(desk, slow.url)
        await subscribe(desk, portal.url)
        running = asyncio.create_task(webhooks(desk).run())
        for number in range(1, 4):
            await desk.hear(Life().hears("DossierSubmitted"))
            async with asyncio.timeout(20):
                while len(portal.got) < number or not slow.got:  # noqa: ASYNC110  what comes tells it by nothing else
                    await asyncio.sleep(0.02)
        assert len(slow.got) == 1
        await end([running])


async def test_nobody_is_called_for_a_refused_log(desk: Desk, portal: Portal) -> None:
    await subscribe(desk, portal.url)
    await desk.hear(Life().hears("DossierSubmitted"))
    assert await call_due(webhooks(desk, refused=True)) == 0
    assert portal.got == []


async def test_what_was_told_long_ago_is_forgotten(desk: Desk, portal: Portal) -> None:
    await subscribe(desk, portal.url)
    await desk.hear(Life().hears("DossierSubmitted"))
    caller = webhooks(desk)
    await call_due(caller)
    desk.clock.now += timedelta(days=31)
    measuring = asyncio.create_task(caller.measure())
    async with asyncio.timeout(20):
        while await desk.pool.fetchval("SELECT count(*) FROM calls"):  # noqa: ASYNC110  the database tells it by nothing else
            await asyncio.sleep(0.02)
    measuring.cancel()
