"""Brings notices to people: claims e-mails, hands them to the carrier, records how each ended; records inbox notices in bulk.

It promises that every decided notice ends in the log, and that an e-mail that may have gone out twice is counted and carries one
Message-ID. It decides no notice and keeps no text.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from services.chassis.log.databases import is_transient
from services.chassis.log.event_store import EventStore, Item, NewEvent, StoreUnavailable
from services.chassis.process import logs
from services.chassis.process.ending import end
from services.chassis.process.turning import Loop, rest, turned
from services.notify import metrics
from services.notify.channels.claims import PUT_OFF_MAX, Claim, Claims
from services.notify.channels.email import Carrier, Unwritable, deliverable
from services.notify.channels.letters import Letters
from services.notify.channels.outcome import Outcome, PutOff, Refused, Taken
from services.notify.notice import (
    ACTOR,
    EVENTS,
    LAPSES_AFTER,
    Channel,
    NoticeFailed,
    NoticeSent,
    ending_id_of,
)

log = logging.getLogger(__name__)

ROUND_MAX = 200
START_WITHIN = timedelta(seconds=20)  # with the carrier's 30 s for one letter, a claim ends before its 60 s
UNSAID_BATCHES = 8
IDLE_SECONDS, QUIET_SECONDS, BUSY_SECONDS = 0.2, 1.0, 2.0
LEAVE_SECONDS = 5.0
BACK_OFF_SECONDS = 1.0
BACK_OFF_SECONDS_MAX = 60.0
PUT_OFF_BASE = timedelta(seconds=10)
REFUSED_IN_A_ROW = 3


class Sender:
    """One of any number: claims keep them apart. `store` appends through record_notices; `carriers` are its connections."""

    def __init__(
        self,
        *,
        pool: asyncpg.Pool[Any],
        store: EventStore,
        carriers: Sequence[Carrier],
        letters: Letters,
        clock: Callable[[], datetime],
        new_id: Callable[[], UUID],
        poke: Callable[[], None] = lambda: None,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        self._pool = pool
        self._store = store
        self._carriers = carriers
        self._letters = letters
        self._clock = clock
        self._new_id = new_id
        self._poke = poke
        self._may_send = may_send
        self._claims = Claims(pool, clock, new_id)
        self._woken, self._mails_woken, self._woken_at = asyncio.Event(), asyncio.Event(), time.monotonic()
        self._leaving, self._back_off_seconds = False, 0.0
        self._refused: set[str] = set()  # addresses refused since the server last took a letter

    def wake(self) -> None:
        """Says that notices were decided, or contacts came: look now, and often for a moment, until their transaction has ended."""
        self._woken_at = time.monotonic()
        self._woken.set()
        self._mails_woken.set()

    async def run_mails(self) -> None:
        """Sends what is due until cancelled; then ends the letters that are under way, within LEAVE_SECONDS."""
        with Loop("mails"):
            await self._send_for_ever()

    async def _send_for_ever(self) -> None:
        while True:
            turn = asyncio.create_task(self.send_due())
            try:
                claimed = await asyncio.shield(turn)
            except asyncio.CancelledError:
                self._leaving = True
                await asyncio.wait([turn], timeout=LEAVE_SECONDS)
                await end([turn])
                for carrier in self._carriers:
                    carrier.close()
                raise
            except Exception as error:
                if not isinstance(error, StoreUnavailable) and not is_transient(error):
                    raise
                log.warning("mails-wait", extra={"fields": logs.describe(error)})
                claimed, self._back_off_seconds = 0, BACK_OFF_SECONDS
            if self._back_off_seconds:
                await rest(self._back_off_seconds)
            elif not claimed:
                await self._idle(self._mails_woken)
            turned()

    async def run_inbox(self) -> None:
        """Records until cancelled what needs no carrier."""
        with Loop("inbox"):
            await self._record_for_ever()

    async def _record_for_ever(self) -> None:
        while True:
            turned()
            try:
                recorded = await self.record_unsaid()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("inbox-waits", extra={"fields": logs.describe(error)})
                recorded = 0
                await asyncio.sleep(BACK_OFF_SECONDS)
            if not recorded:
                await self._idle(self._woken)

    async def record_unsaid(self) -> int:
        """One call for up to UNSAID_BATCHES batches: inbox notices as sent, lapsed ones as failed; how many."""
        now = self._clock()
        rows = await self._pool.fetch(
            "SELECT * FROM record_unsaid_v2($1, $2, $3)", UNSAID_BATCHES, now, ACTOR
        )
        for kind, channel, reason, notices, oldest_recorded_at in rows:
            if kind == "NoticeSent":
                metrics.SENT.labels(channel).inc(notices)
                metrics.TOLD_SECONDS.labels(channel).observe((now - oldest_recorded_at).total_seconds())
            else:
                metrics.FAILED.labels(channel, reason).inc(notices)
        if rows:
            self._poke()
        return sum(row["notices"] for row in rows)

    async def send_due(self) -> int:
        """One round: claims e-mails whose turn it is, brings each to its end or puts it off; how many were claimed.

        Guarantee: a process that dies between any two lines leaves the e-mail unsent or claimed, and a claim ends after 60 s.
        Test: test_dying_between_send_and_record_sends_once_more_under_the_same_id.
        Guarantee: nothing is sent of a log that is refused: it would be what an older copy does not know to be sent.
        Test: test_nothing_is_sent_of_a_refused_log.
        """
        if not self._may_send():
            return 0
        before, self._back_off_seconds = self._back_off_seconds, 0.0
        # After trouble with the carrier one letter a connection is a question, and hundreds would only be given back again.
        claims = await self._claims.take(len(self._carriers) if before else ROUND_MAX)
        if claims:
            reachable = [claim for claim in claims if deliverable(claim.email)]
            nobody = [claim for claim in claims if not deliverable(claim.email)]
            await asyncio.gather(
                *(
                    self._record(claim, self._failed(claim, "undelivered" if claim.rested else "no_contact"))
                    for claim in nobody
                )
            )
            queue = iter(reachable)
            works = [self._work(carrier, queue, before) for carrier in self._carriers]
            for ended in await asyncio.gather(*works, return_exceptions=True):
                if isinstance(ended, BaseException):
                    raise ended
            metrics.AMBIGUOUS.set(await self._claims.count_ambiguous())
        return len(claims)

    async def measure(self) -> None:
        """Sets the gauges of what waits, from the tables; for ever."""
        while True:
            waiting, oldest = await self._claims.waiting()
            metrics.WAITING.set(waiting)
            metrics.WAITING_OLDEST_SECONDS.set((self._clock() - oldest).total_seconds() if oldest else 0)
            metrics.AMBIGUOUS.set(await self._claims.count_ambiguous())
            await asyncio.sleep(5)

    async def _work(self, carrier: Carrier, queue: Iterator[Claim], back_off_before: float) -> None:
        for claim in queue:
            turned()
            if self._leaving or self._back_off_seconds or self._clock() - claim.claimed_at > START_WITHIN:
                await self._claims.give_back(claim, not_before=self._clock(), tried=False, in_doubt=False)
                continue
            outcome = self._believed(claim, await self._hand_over(carrier, claim))
            match outcome:
                case Taken():
                    metrics.TOLD_SECONDS.labels("email").observe(
                        (self._clock() - claim.recorded_at).total_seconds()
                    )
                    await self._record(claim, self._sent(claim))
                case None:
                    await self._record(claim, self._failed(claim, "no_contact"))
                case Refused():
                    await self._record(claim, self._failed(claim, "refused"))
                case PutOff() if self._clock() - claim.decided_at > LAPSES_AFTER:
                    await self._record(claim, self._failed(claim, "lapsed"))
                case PutOff(in_doubt, of_all):
                    metrics.PUT_OFF.inc()
                    wait = min(PUT_OFF_BASE * 2 ** min(claim.put_offs, 10), PUT_OFF_MAX)
                    if of_all:  # nobody's letter goes now: wait a little longer each time, and begin with one that is due
                        self._back_off_seconds = min(
                            max(BACK_OFF_SECONDS, 2 * back_off_before), BACK_OFF_SECONDS_MAX
                        )
                        wait = timedelta(0)
                    await self._claims.give_back(
                        claim, not_before=self._clock() + wait, tried=True, in_doubt=in_doubt
                    )

    def _believed(self, claim: Claim, outcome: Outcome | None) -> Outcome | None:
        """The outcome, where a refusal ends a letter only when it came twice and the server does not refuse everybody.

        Guarantee: a server that refuses different people one after the other ends no letter.
        Test: test_a_server_that_refuses_everybody_loses_no_letter.
        """
        if isinstance(outcome, Taken):
            self._refused.clear()
        refusal = "address" if isinstance(outcome, Refused) else getattr(outcome, "refusal", None)
        if refusal is None:
            return outcome
        metrics.REFUSALS.labels(refusal).inc()
        if len(self._refused) < REFUSED_IN_A_ROW and claim.email:
            self._refused.add(claim.email)
        everybody = len(self._refused) >= REFUSED_IN_A_ROW
        if isinstance(outcome, Refused) and claim.put_offs and not everybody:
            return outcome
        return PutOff(in_doubt=False, of_all=everybody)

    async def _hand_over(self, carrier: Carrier, claim: Claim) -> Outcome | None:
        """What became of one letter, None when none can ever be written. A fault of ours puts it off.

        Guarantee: a letter that cannot be written is tried once. Test: test_a_letter_that_cannot_be_written_is_tried_once.
        """
        try:
            letter = self._letters.of(claim)
        except Unwritable:
            return None
        except Exception as error:  # one text that cannot be written must not stop the others
            log.error(
                "letter-not-written", extra={"fields": {"notice_id": claim.notice_id, **logs.describe(error)}}
            )
            return PutOff(in_doubt=False, of_all=False)
        return await carrier.hand_over(letter)

    def _sent(self, claim: Claim) -> NoticeSent:
        return NoticeSent(
            claim.notice_id, claim.told.about, claim.about_event_id, Channel.EMAIL, claim.ambiguous
        )

    def _failed(self, claim: Claim, reason: str) -> NoticeFailed:
        return NoticeFailed(claim.notice_id, claim.told.about, claim.about_event_id, Channel.EMAIL, reason)

    async def _record(self, claim: Claim, event: NoticeSent | NoticeFailed) -> None:
        """The end of a notice in the log, under an id made from the notice's: a second record of it is a repeat."""
        name, schema_version, data = EVENTS.encode(event)
        await self._store.append(
            Item(
                stream_id=claim.told.dossier_id,
                expected_version=None,
                command_id=ending_id_of(claim.notice_id, claim.endings),
                events=[NewEvent(self._new_id(), name, schema_version, self._clock(), None, data)],
                actor=ACTOR,
                causation_id=claim.about_event_id,
                attachment=[(claim.notice_id, claim.claims)],
            )
        )
        if isinstance(event, NoticeSent):
            metrics.SENT.labels("email").inc()
        else:
            metrics.FAILED.labels("email", event.reason).inc()

    async def _idle(self, woken: asyncio.Event) -> None:
        quiet = time.monotonic() - self._woken_at > BUSY_SECONDS
        with suppress(TimeoutError):
            async with asyncio.timeout(QUIET_SECONDS if quiet else IDLE_SECONDS):
                await woken.wait()
                woken.clear()
                await asyncio.sleep(0.01)  # woken inside the consumer's transaction: it ends in a moment
