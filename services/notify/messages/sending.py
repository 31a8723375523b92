"""Brings text messages to people: claims them, hands them to a provider, records how each ended, and turns to another provider in time.

It promises that every message that was decided ends in the log, and that one that may have gone out twice is counted, went to one
provider alone and bore one id. It decides no message and keeps no text.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import asyncpg

from services.chassis.log.databases import is_transient
from services.chassis.log.event_store import EventStore, Item, NewEvent, StoreUnavailable
from services.chassis.process import logs
from services.chassis.process.ending import end
from services.chassis.process.turning import Loop, rest, turned
from services.notify import metrics
from services.notify.channels.claims import PUT_OFF_MAX
from services.notify.channels.delivery import PUT_OFF_BASE, START_WITHIN
from services.notify.channels.outcome import Outcome, PutOff, Refused, Taken
from services.notify.messages import rows
from services.notify.messages.health import Health
from services.notify.messages.kind import Message
from services.notify.messages.provider import Provider
from services.notify.messages.rows import Claim
from services.notify.messages.timing import is_night, month_began, night_ended
from services.notify.notice import (
    ACTOR,
    EVENTS,
    Channel,
    NoticeFailed,
    NoticeSent,
    ending_id_of,
)
from services.notify.wording.messages import ShortTexts

log = logging.getLogger(__name__)

ROUND_MAX = 400
IDLE_SECONDS, QUIET_SECONDS, BUSY_SECONDS = 0.2, 1.0, 2.0
LEAVE_SECONDS = 5.0
BACK_OFF_SECONDS = 1.0
MEASURE_SECONDS = 5.0
UNITS_EACH = 60  # turns: a sum of a whole month is not asked for every five seconds
ASK_FIRST = timedelta(minutes=10)
"""After which a receipt is asked for that nobody called us about; sooner from a provider that never calls."""
ASK_SOON = timedelta(minutes=1)
UNTOLD_AFTER = timedelta(hours=1)


class Messages:
    """One of any number: claims keep them apart. `providers` are in the operator's order; `store` appends through record_messages_v1."""

    def __init__(
        self,
        *,
        pool: asyncpg.Pool[Any],
        store: EventStore,
        providers: Sequence[Provider],
        texts: ShortTexts,
        clock: Callable[[], datetime],
        new_id: Callable[[], UUID],
        may_send: Callable[[], bool] = lambda: True,
        at_night: bool = False,
    ) -> None:
        self._pool = pool
        self._store = store
        self._providers: Mapping[str, Provider] = {each.name: each for each in providers}
        self._texts = texts
        self._clock = clock
        self._new_id = new_id
        self._may_send, self._at_night = may_send, at_night
        self.health: Mapping[str, Health] = {name: Health(clock) for name in self._providers}
        self._woken, self._woken_at = asyncio.Event(), time.monotonic()
        self._leaving = False

    def wake(self) -> None:
        """Says that messages were decided, or contacts came: look now, and often for a moment, until their transaction has ended."""
        self._woken_at = time.monotonic()
        self._woken.set()

    async def run(self) -> None:
        """Sends what is due until cancelled; then ends what is under way, within LEAVE_SECONDS."""
        with Loop("messages"):
            try:
                await self._send_for_ever()
            finally:
                for provider in self._providers.values():
                    await provider.close()

    async def _send_for_ever(self) -> None:
        while True:
            turn = asyncio.create_task(self.send_due())
            try:
                claimed = await asyncio.shield(turn)
            except asyncio.CancelledError:
                self._leaving = True
                await asyncio.wait([turn], timeout=LEAVE_SECONDS)
                await end([turn])
                raise
            except Exception as error:
                if not isinstance(error, StoreUnavailable) and not is_transient(error):
                    raise
                log.warning("messages-wait", extra={"fields": logs.describe(error)})
                claimed = 0
                await rest(BACK_OFF_SECONDS)
            if not claimed:
                await self._idle()
            turned()

    async def send_due(self) -> int:
        """One round: claims messages whose turn it is, brings each to its end or puts it off; how many were claimed.

        Guarantee: a process that dies between any two lines leaves the message unsent or claimed, and a claim ends after 60 s.
        Test: test_dying_between_any_two_steps_of_a_message.
        Guarantee: nothing is sent of a log that is refused. Test: test_no_message_is_sent_of_a_refused_log.
        Guarantee: nobody is woken at night but for what cannot wait. Test: test_nobody_is_woken_at_night.
        """
        if not self._may_send():
            return 0
        await asyncio.gather(*(self._look(name) for name, each in self.health.items() if each.look_is_due))
        up = [name for name, each in self.health.items() if each.up]
        for name, each in self.health.items():
            metrics.PROVIDER_UP.labels(name).set(each.up)
        now = self._clock()
        claims = await rows.take(self._pool, now, day=self._is_day(now), up=up, count=ROUND_MAX)
        works = []
        for name, provider in self._providers.items():
            queue = iter([each for each in claims if each.provider == name and not each.expired])
            works += [self._work(provider, queue) for _ in range(provider.connections)]
        works += [self._end(each, "lapsed") for each in claims if each.expired]
        for ended in await asyncio.gather(*works, return_exceptions=True):
            if isinstance(ended, BaseException):
                raise ended
        return len(claims)

    async def measure(self) -> None:
        """Sets the gauges of what waits and what was spent, from the tables; for ever."""
        for turn in count():
            now = self._clock()
            state = await self._pool.fetchrow(rows.STATE, now, self._is_day(now), night_ended(now))
            assert state is not None
            metrics.MESSAGES_WAITING.set(state["waiting"])
            metrics.MESSAGES_OLDEST_SECONDS.set(
                max(0.0, (now - state["oldest"]).total_seconds()) if state["oldest"] else 0
            )
            metrics.MESSAGES_IN_DOUBT.set(state["in_doubt"])
            metrics.MESSAGES_AMBIGUOUS.set(await self._pool.fetchval(rows.AMBIGUOUS))
            metrics.MESSAGES_UNTOLD.set(await self._pool.fetchval(rows.UNTOLD, now - UNTOLD_AFTER))
            if turn % UNITS_EACH == 0:
                spent = {
                    row["provider"]: row["units"]
                    for row in await self._pool.fetch(rows.UNITS, month_began(now))
                }
                for name in self._providers:
                    metrics.MESSAGE_UNITS.labels(name).set(spent.get(name, 0))
            await asyncio.sleep(MEASURE_SECONDS)

    def _is_day(self, now: datetime) -> bool:
        return self._at_night or not is_night(now)

    async def _look(self, name: str) -> None:
        there = await self._providers[name].is_there()
        self.health[name].looked(there=there)
        log.info("provider-looked-at", extra={"fields": {"provider": name, "there": there}})

    async def _work(self, provider: Provider, queue: Iterator[Claim]) -> None:
        health = self.health[provider.name]
        for claim in queue:
            turned()
            if self._leaving or not health.up or self._clock() - claim.claimed_at > START_WITHIN:
                await self._give_back(claim, claim.decided_at, tried=False, in_doubt=False)
                continue
            if claim.phone is None:
                await self._end(claim, "no_contact")
            elif (
                claim.proven is not None
            ):  # its receipt came before we had recorded it: it needs no second sending
                await self._sent(claim, Taken(claim.proven, units=1, known=True), provider)
            else:
                await self._follow(claim, provider, await self._hand_over(claim, claim.phone, provider))

    async def _hand_over(self, claim: Claim, phone: str, provider: Provider) -> Outcome:
        """What became of one message, and what it says of the provider. A fault of ours puts it off."""
        try:
            text = self._texts.of(claim.told)
        except Exception as error:  # one text that cannot be written must not stop the others
            log.error(
                "message-not-written",
                extra={"fields": {"notice_id": claim.notice_id, **logs.describe(error)}},
            )
            return PutOff(in_doubt=False, of_all=False)
        message = Message(claim.request_id, phone, claim.told.about, text.text, text.parts)
        began = time.monotonic()
        outcome = await provider.send(message)
        seconds = time.monotonic() - began
        health = self.health[provider.name]
        if isinstance(outcome, Refused):
            # An end for one is believed when it came twice, and never of a provider that refuses everybody.
            everybody = health.refused(phone)
            if everybody or not claim.put_offs:
                outcome = PutOff(in_doubt=False, of_all=everybody, refusal="number")
        was_up = health.up
        health.met(well=not (isinstance(outcome, PutOff) and outcome.of_all), seconds=seconds)
        if was_up and not health.up:
            log.warning("provider-left-alone", extra={"fields": {"provider": provider.name}})
            metrics.PROVIDER_UP.labels(provider.name).set(False)
        metrics.HAND_OVERS.labels(provider.name, _word(outcome)).inc()
        metrics.HAND_OVER_SECONDS.labels(provider.name).observe(seconds)
        return outcome

    async def _follow(self, claim: Claim, provider: Provider, outcome: Outcome) -> None:
        match outcome:
            case Taken():
                self.health[provider.name].took()
                await self._sent(claim, outcome, provider)
            case Refused():
                await self._end(claim, "refused")
            case PutOff(in_doubt, of_all):
                metrics.PUT_OFF.inc()
                wait = min(PUT_OFF_BASE * 2 ** min(claim.put_offs, 10), PUT_OFF_MAX)
                # Where all of one provider wait, another takes them at once, but for what the first may have.
                at_once = of_all and not in_doubt and not claim.in_doubt
                not_before = claim.decided_at if at_once else self._clock() + wait
                await self._give_back(claim, not_before, tried=True, in_doubt=in_doubt)

    async def _give_back(self, claim: Claim, not_before: datetime, *, tried: bool, in_doubt: bool) -> None:
        await rows.give_back(self._pool, claim, not_before=not_before, tried=tried, in_doubt=in_doubt)

    async def _sent(self, claim: Claim, taken: Taken, provider: Provider) -> None:
        """Records that a provider has it. It had it already, if it says so: then it went out once under this id, whatever was in doubt."""
        now = self._clock()
        metrics.TOLD_SECONDS.labels("sms").observe((now - claim.recorded_at).total_seconds())
        ambiguous = claim.ambiguous or (claim.in_doubt and not taken.known)
        sent = NoticeSent(
            claim.notice_id, claim.told.about, claim.about_event_id, Channel.SMS, ambiguous=ambiguous
        )
        ask_at = now + (ASK_FIRST if provider.kind.calls_back else ASK_SOON)
        units = max(1, taken.units)
        await self._record(
            claim, sent, ("sent", None, provider.name, taken.reference, units, ambiguous, ask_at)
        )
        metrics.SENT.labels("sms").inc()

    async def _end(self, claim: Claim, reason: str) -> None:
        failed = NoticeFailed(claim.notice_id, claim.told.about, claim.about_event_id, Channel.SMS, reason)
        await self._record(claim, failed, ("failed", reason, None, "", 0, False, None))
        metrics.FAILED.labels("sms", reason).inc()

    async def _record(self, claim: Claim, event: NoticeSent | NoticeFailed, end: tuple[Any, ...]) -> None:
        """The end of a claim in the log, under an id made from the notice's: a second record of it is a repeat."""
        state, reason, provider, reference, units, ambiguous, ask_at = end
        name, schema_version, data = EVENTS.encode(event)
        now = self._clock()
        of = (claim.notice_id, claim.claims, state, reason, claim.request_id, provider, reference)
        await self._store.append(
            Item(
                stream_id=claim.told.dossier_id,
                expected_version=None,
                command_id=ending_id_of(claim.notice_id, claim.endings),
                events=[NewEvent(self._new_id(), name, schema_version, now, None, data)],
                actor=ACTOR,
                causation_id=claim.about_event_id,
                attachment=[(*of, units, ambiguous, now, ask_at, None)],
            )
        )

    async def _idle(self) -> None:
        quiet = time.monotonic() - self._woken_at > BUSY_SECONDS
        with suppress(TimeoutError):
            async with asyncio.timeout(QUIET_SECONDS if quiet else IDLE_SECONDS):
                await self._woken.wait()
                self._woken.clear()
                await asyncio.sleep(0.01)  # woken inside the consumer's transaction: it ends in a moment


def _word(outcome: Outcome) -> str:
    match outcome:
        case Taken():
            return "taken"
        case Refused():
            return "refused"
        case PutOff(in_doubt=True):
            return "in-doubt"
        case PutOff():
            return "put-off"
