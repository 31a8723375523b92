"""Calls portals: claims a subscription, makes its calls one after the other, and puts it off when one is not taken.

It promises that each call is made until it is taken, in order, and that one that may come twice bears the same id. A portal that takes
nothing for 72 hours is called no more until it says so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from services.chassis.log.databases import is_transient
from services.chassis.process import clock, logs
from services.chassis.process.ending import end
from services.chassis.process.turning import Loop, rest, turned
from services.notify import metrics
from services.notify.webhooks import rows
from services.notify.webhooks.call import Answered, Caller
from services.notify.webhooks.rows import Call, Subscription
from services.notify.webhooks.subscription import PAUSED_AFTER, again_after, body_of, signatures

log = logging.getLogger(__name__)

AT_ONCE = 32
CALLS_OF_ONE = 200
BEGIN_WITHIN = timedelta(seconds=40)  # with 15 s for one call, a claim ends before its 60 s
IDLE_SECONDS = 0.2
BACK_OFF_SECONDS = 1.0
GONE = 410


class Webhooks:
    """One of any number: claims keep them apart."""

    def __init__(
        self,
        pool: asyncpg.Pool[Any],
        caller: Caller,
        code_keys: Sequence[bytes],
        clock: Callable[[], datetime],
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        self._pool = pool
        self._caller = caller
        self._code_keys = code_keys
        self._clock = clock
        self._may_send = may_send

    async def run(self) -> None:
        """Makes what calls are due, until cancelled.

        Guarantee: a portal that is slow holds up nobody else. Test: test_one_that_is_slow_holds_up_nobody_else.
        """
        serving: list[asyncio.Task[int]] = []
        with Loop("webhooks"):
            try:
                while True:
                    turned()
                    for ended in [each for each in serving if each.done()]:
                        serving.remove(ended)
                        ended.result()
                    try:
                        for claimed in await self.take(AT_ONCE - len(serving)):
                            serving.append(asyncio.create_task(self._serve_or_wait(claimed)))
                    except Exception as error:
                        _only_waits(error)
                        await rest(BACK_OFF_SECONDS)
                    if serving:
                        await asyncio.wait(serving, timeout=IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                    else:
                        await rest(IDLE_SECONDS)
            finally:
                await end(serving)
                await self._caller.close()

    async def take(self, count: int) -> list[Subscription]:
        """Claims so many at most.

        Guarantee: nobody is called for a log that is refused. Test: test_nobody_is_called_for_a_refused_log.
        """
        if count == 0 or not self._may_send():
            return []
        return await rows.take(self._pool, self._code_keys, self._clock(), count)

    async def _serve_or_wait(self, subscription: Subscription) -> int:
        try:
            return await self.serve(subscription)
        except Exception as error:
            _only_waits(error)
            return 0

    async def serve(self, subscription: Subscription) -> int:
        """Makes the calls of one that is claimed, for a while; how many were made.

        Guarantee: a process that dies between any two lines leaves a call to be made again under the same id.
        Test: test_dying_between_call_and_record_calls_once_more_under_the_same_id.
        """
        claimed_at, made = self._clock(), 0
        for call in await rows.next_calls(self._pool, subscription.id, CALLS_OF_ONE):
            turned()
            if self._clock() - claimed_at > BEGIN_WITHIN:
                break
            made += 1
            answered = await self.tell(subscription, call)
            metrics.CALLS.labels("taken" if answered.taken else "put-off").inc()
            if not answered.taken:
                await self._put_off(subscription, answered)
                return made
            await self._pool.execute(rows.TAKEN, subscription.id, call.number, self._clock())
        await self._pool.execute(rows.LEAVE, subscription.id, subscription.claims, self._clock())
        return made

    async def tell(self, subscription: Subscription, call: Call) -> Answered:
        """Makes one call."""
        about = {"event_id": str(call.event_id), "dossier_id": str(call.dossier_id)}
        body = body_of(
            call.type, call.happened_at, {**about, "source": call.source, "sequence": call.sequence}
        )
        return await self._caller.call(
            subscription.url, headers_of(subscription.secrets, str(call.event_id), self._clock(), body), body
        )

    async def _put_off(self, subscription: Subscription, answered: Answered) -> None:
        """Guarantee: who takes nothing for 72 hours is called no more, and an alarm tells it. Test: test_who_takes_nothing_is_paused."""
        now = self._clock()
        since = subscription.failing_since or now
        paused = answered.status == GONE or now - since >= PAUSED_AFTER
        if paused:
            log.error("webhook-paused", extra={"fields": {"subscription_id": subscription.id}})
        await self._pool.execute(
            rows.PUT_OFF,
            subscription.id,
            subscription.claims,
            now,
            answered.failure,
            now + again_after(subscription.failures + 1),
            paused,
        )

    async def measure(self) -> None:
        """Sets the gauges of what waits, and forgets what was told long ago; for ever."""
        while True:
            state = await self._pool.fetchrow(rows.STATE)
            assert state is not None
            now = self._clock()
            metrics.CALLS_WAITING.set(state["waiting"])
            metrics.CALLS_OLDEST_SECONDS.set(
                (now - state["oldest"]).total_seconds() if state["oldest"] else 0
            )
            metrics.SUBSCRIPTIONS_PAUSED.set(state["paused"])
            await self._pool.execute(rows.FORGET, now - rows.KEPT, rows.FORGOTTEN_AT_ONCE)
            await asyncio.sleep(5)


def _only_waits(error: Exception) -> None:
    if not is_transient(error):
        raise error
    log.warning("webhooks-wait", extra={"fields": logs.describe(error)})


def headers_of(secrets: Sequence[str], call_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of a call, as Standard Webhooks names them."""
    signed_at = clock.outside(at)
    return {
        "content-type": "application/json",
        "user-agent": "motcua-webhooks",
        "webhook-id": call_id,
        "webhook-timestamp": str(int(signed_at.timestamp())),
        "webhook-signature": signatures(secrets, call_id, signed_at, body),
    }
