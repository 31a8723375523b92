"""Faults of providers of text messages, and of notify while it sends them: dead, slow, wrong, doubled, in turn, for a day."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from deploy.local.postgres.run import in_thread
from tests.faults import trapping
from tests.faults.database import fetch
from tests.faults.messengers import CALLS, FIRST, SECOND, How, Messengers, until
from tests.faults.record import Record
from tests.faults.schedule import Fault
from tests.faults.world import House

MET_SECONDS = 90.0
"""A provider that failed often is looked at less and less often: so long a fault waits for a message that meets it."""
LAPSED_SECONDS = 40.0
LAPSED = "SELECT FROM messages WHERE reason = 'lapsed' LIMIT 1"
WAITS = "SELECT FROM messages WHERE state = 'waiting' LIMIT 1"
SENDING = ("messages", "events")
"""The tables that a message is claimed in and recorded in: whoever sends one waits at each."""


class Outages:
    """What the injector can do to providers. A fault stands until a message has met it, if the load still has one."""

    house: House
    record: Record
    messengers: Messengers

    def _provider_dead(self, fault: Fault, _draw: random.Random) -> Callable[[], None]:
        provider = self.messengers[fault.target]
        handed = len(self.record.handed)
        self.record.meant[f"{fault.kind} {fault.target}"] = ("instead",)
        self.messengers.do(provider.die())

        def end() -> None:
            if until(
                lambda: any(h.provider != fault.target for h in self.record.handed[handed:]), MET_SECONDS
            ):
                self.record.touched["instead"] += 1
            self.messengers.do(provider.begin())

        return end

    def _provider_slow(self, fault: Fault, _draw: random.Random) -> Callable[[], None]:
        return self._so("slow", fault)

    def _provider_500(self, fault: Fault, _draw: random.Random) -> Callable[[], None]:
        return self._so("500", fault)

    def _provider_silent(self, fault: Fault, _draw: random.Random) -> Callable[[], None]:
        return self._so("silent", fault)

    def _provider_twice(self, fault: Fault, _draw: random.Random) -> Callable[[], None]:
        return self._so("twice", fault)

    def _so(self, how: How, fault: Fault) -> Callable[[], None]:
        """The provider takes messages in this way until it has taken one so."""
        provider, met = self.messengers[fault.target], f"{fault.target} {how}"
        self.record.meant[f"{fault.kind} {fault.target}"] = (met,)
        provider.how = how

        def end() -> None:
            until(lambda: self.record.touched[met] > 0, MET_SECONDS)
            provider.how = "well"

        return end

    def _receipts(self, fault: Fault, _draw: random.Random) -> Callable[[], None]:
        """Of the messages that it takes meanwhile it tells doubled, early, of others, falsely, and not at all, in turn."""
        provider = self.messengers[fault.target]
        met = tuple(f"{fault.target} receipts {way}" for way in CALLS)
        self.record.meant[f"{fault.kind} {fault.target}"] = met
        provider.disorderly = True

        def end() -> None:
            until(lambda: all(self.record.touched[each] for each in met), MET_SECONDS)
            provider.disorderly = False

        return end

    def _failover(self, fault: Fault, draw: random.Random) -> Callable[[], None]:
        """The first dies; in the middle of that the second takes messages without saying so, and dies; the first is back, then both."""
        first, second = self.messengers[FIRST], self.messengers[SECOND]
        met = f"{SECOND} 500"
        self.record.meant[f"{fault.kind} {fault.target}"] = (met,)
        self.messengers.do(first.die())
        second.how = "500"
        until(lambda: self.record.touched[met] > 0, MET_SECONDS)
        time.sleep(draw.uniform(0.2, 1.0))
        self.messengers.do(second.die())
        time.sleep(draw.uniform(1.0, 3.0))
        self.messengers.do(first.begin())
        time.sleep(draw.uniform(1.0, 3.0))
        second.how = "well"
        self.messengers.do(second.begin())
        return _nothing

    def _providers_a_day(self, fault: Fault, _draw: random.Random) -> Callable[[], None]:
        """Both are dead for a day: what waits expires, and is told so; when the day is over the rest goes out."""
        met = "a day without providers"
        self.record.meant[f"{fault.kind} {fault.target}"] = (met,)
        each = [self.messengers[name] for name in (FIRST, SECOND)]
        for provider in each:
            self.messengers.do(provider.die())
        until(lambda: self._has(WAITS), MET_SECONDS)
        ahead = self.house.ahead("notify")
        self.record.jumped.add("notify")
        ahead.touch()
        if until(lambda: self._has(LAPSED), LAPSED_SECONDS):
            self.record.touched[met] += 1
        ahead.unlink()
        for provider in each:
            self.messengers.do(provider.begin())
        return _nothing

    def _kill_sending(self, fault: Fault, _draw: random.Random) -> Callable[[], None]:
        """Notify dies while it claims a message, while a provider has it and has not answered, and while it records that."""
        member, provider = self.house.members[fault.target], self.messengers[FIRST]
        met = tuple(f"killed at {step}" for step in (*SENDING, "the provider"))
        self.record.meant[f"{fault.kind} {fault.target}"] = met
        for table in SENDING:
            if trapping.killed_at(self.house, fault.target, table):
                self.record.touched[f"killed at {table}"] += 1
            self.house.launch(member)
            self.house.wait_for(member)
        before = self.record.touched[f"{FIRST} slow"]
        provider.how = "slow"
        if until(lambda: self.record.touched[f"{FIRST} slow"] > before, MET_SECONDS):
            self.record.touched["killed at the provider"] += 1
        self.house.kill(fault.target)
        provider.how = "well"
        self.house.launch(member)
        self.house.wait_for(member)
        return _nothing

    def _has(self, query: str) -> bool:
        return bool(in_thread(fetch(self.house.postgres, "notify", query)))


def _nothing() -> None:
    """The end of what is over as soon as it is done."""
