"""The calendar in the log: seeded with what ships, declared and withdrawn by two persons each, and current in every process.

It decides nothing; confirming.py does. What a declaration does to a dossier is decided in change.py and done by
recount.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import uuid5

import orjson

from contracts.calendar import CALENDAR_ID
from services.chassis.http.tokens import Caller
from services.chassis.log.decider import Context, Executed, Rejected, Stale, execute, new_events
from services.chassis.log.event_store import Conflict, Item, StoredEvent
from services.chassis.process.turning import Loop
from services.processing.calendar.confirming import decide
from services.processing.clock.declaration import (
    FACTS,
    Command,
    ConfirmProposal,
    DayDeclared,
    DayProposed,
    DeclarationWithdrawn,
    Declared,
    DeclareDay,
    Fact,
    ProposalRefused,
    WithdrawalProposed,
    WithdrawDeclaration,
    about_of,
    fold,
    lacking,
)
from services.processing.clock.working_days import Calendar, read_declarations, shipped
from services.processing.desk.carry_out import KEYS, REUSED, Desk, Row

LOOK_SECONDS = 1.0
SEED_ACTOR = "system/processing"
NEWEST = "SELECT coalesce(max(version), 0) FROM events WHERE stream_id = $1"
NO_DOSSIER: Row = ("submitted", None, None, None, None, None, None, 0, None, False, None, 0, None, None)
"""record_v2() takes a standing with each item; that of the calendar's stream stands for no row of the queue."""


def fact_of(stored: StoredEvent) -> Fact:
    """The event as today's class."""
    return FACTS.decode(stored.type, stored.schema_version, stored.data)


class Declaring:
    """Keeps `desk.calendar` at what the log declares, and declares.

    `version` is that of the calendar's stream that is known here; `positions` are where its events stand in the log.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.facts: list[Fact] = []
        self.positions: list[int] = []
        self.declared = Declared()
        self._told: list[Callable[[], None]] = []

    @property
    def version(self) -> int:
        return len(self.facts)

    def on_change(self, tell: Callable[[], None]) -> None:
        """Has `tell` called whenever another calendar was read."""
        self._told.append(tell)

    def calendar_at(self, version: int) -> Calendar:
        """As it was declared at that version; before the first, dates were counted by what shipped."""
        return fold(self.facts[:version]).calendar if version else shipped()

    async def seed(self) -> None:
        """Says in the log what ships and was never said there: all of it at once or nothing."""
        while True:
            history = await self.desk.store.load(CALENDAR_ID)
            facts = lacking(read_declarations(), fold(map(fact_of, history)))
            if not facts or not isinstance(await self._say_shipped(facts, len(history)), Conflict):
                return

    async def _say_shipped(self, facts: Sequence[DayDeclared], version: int) -> Any:
        # The same content is the same command, whichever process says it.
        command_id = uuid5(CALENDAR_ID, orjson.dumps(facts).decode())
        context = Context(command_id, SEED_ACTOR, self.desk.clock())
        events = new_events(FACTS, facts, context, self.desk.new_id)
        item = Item(CALENDAR_ID, version, command_id, events, SEED_ACTOR, attachment=[NO_DOSSIER])
        return await self.desk.store.append(item)

    async def refresh(self) -> None:
        """Reads the calendar when the log has another version of it than is known here."""
        if await self.desk.pool.fetchval(NEWEST, CALENDAR_ID) != self.version or not self.version:
            self._take(await self.desk.store.load(CALENDAR_ID))

    def _take(self, history: Sequence[StoredEvent]) -> None:
        # Two reads at once may end in the other order: a calendar never goes back.
        if len(history) < max(self.version, 1):
            return
        self.facts = [fact_of(stored) for stored in history]
        self.positions = [stored.position for stored in history]
        self.declared = fold(self.facts)
        self.desk.calendar = self.declared.calendar
        for tell in self._told:
            tell()

    async def watch(self) -> None:
        """Seeds the log, then looks every second for what other processes declared.

        Guarantee: what one process declares, every other counts by a second later. Test: test_another_process_counts_by_what_was_declared.
        """
        await self.seed()
        with Loop("calendar") as loop:
            while True:
                loop.turned()
                await self.refresh()
                await asyncio.sleep(LOOK_SECONDS)

    async def carry_out(
        self, command: Command, caller: Caller, key: str, traceparent: str
    ) -> int | Rejected | Stale:
        """One person's command: the version of the calendar after it. This process counts by it at once.

        A repeat under the same key gets the first answer; the same key with another command is refused.
        """
        if not self.version:
            # What ships comes first, or a first declaration would be all that is declared.
            await self.seed()
        now = self.desk.clock()
        context = Context(
            uuid5(KEYS, f"{caller.actor}\ncalendar\n{key}"), caller.actor, now, traceparent=traceparent
        )
        done = await execute(
            self.desk.store,
            FACTS,
            CALENDAR_ID,
            fold,
            partial(decide, command),
            context,
            self.desk.new_id,
            attachment=lambda *_: [NO_DOSSIER],
        )
        if not isinstance(done, Executed):
            return done
        if done.repeated and not any(_says(command, fact_of(stored)) for stored in done.events):
            return REUSED
        await self.refresh()
        return done.version


def _says(command: Command, fact: Fact) -> bool:
    """Whether a fact is what a command asks for; the facts of one command are about one day."""
    if isinstance(command, DeclareDay):
        # A release before had declarations count at once.
        return isinstance(fact, DayProposed | DayDeclared) and command.declaration == about_of(fact)
    if (command.day, command.announced_at) != (fact.day, fact.announced_at):
        return False
    if isinstance(command, WithdrawDeclaration):
        return isinstance(fact, WithdrawalProposed | DeclarationWithdrawn)
    if isinstance(command, ConfirmProposal):
        return isinstance(fact, DayDeclared if command.act == "declare" else DeclarationWithdrawn)
    return isinstance(fact, ProposalRefused) and fact.act == command.act
