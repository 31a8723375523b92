"""Text messages over a real database and real HTTP, with time in the test's hand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from contracts.catalogue.offices import load
from services.chassis.kafka.ordering import Delivered
from services.chassis.log.event_store import EventStore
from services.notify import contacts
from services.notify.contacts import Contact
from services.notify.incoming import Dossiers
from services.notify.messages.provider import Provider
from services.notify.messages.receipts import Receipts
from services.notify.messages.sending import Messages
from services.notify.notice import Channel
from services.notify.routes import NoticeView, notices_of
from services.notify.wording.messages import ShortTexts
from tests.notify.examples import CODE_KEY, Clock, Life, texts
from tests.notify.messages.stand_in import StandIn

PHONE = "+84912345678"


class House:
    """One database, one clock, two providers, and any number of senders."""

    def __init__(self, pool: asyncpg.Pool[Any], first: StandIn, second: StandIn) -> None:
        self.pool, self.first, self.second = pool, first, second
        self.clock = Clock()
        self.short = ShortTexts(code_keys=[CODE_KEY], register=load())
        self.store = EventStore(pool, function="record_messages_v1", attachment_type="message_outcome_v1")
        self.dossiers = Dossiers(channels=[Channel.SMS], code_keys=[CODE_KEY], clock=self.clock, new_id=uuid7)
        self.opened: list[Provider] = []

    def providers(self) -> list[Provider]:
        made = [self.first.provider("first"), self.second.provider("second")]
        self.opened += made
        return made

    def messages(
        self,
        store: EventStore | None = None,
        providers: list[Provider] | None = None,
        *,
        refused: bool = False,
    ) -> Messages:
        return Messages(
            pool=self.pool,
            store=store or self.store,
            providers=self.providers() if providers is None else providers,
            texts=self.short,
            clock=self.clock,
            new_id=uuid7,
            may_send=lambda: not refused,
        )

    def receipts(self, providers: list[Provider] | None = None) -> Receipts:
        return Receipts(
            pool=self.pool,
            store=self.store,
            providers=self.providers() if providers is None else providers,
            clock=self.clock,
            new_id=uuid7,
        )

    async def hear(self, *deliveries: Delivered) -> None:
        """As the consumer does: in one transaction."""
        async with self.pool.acquire() as connection, connection.transaction():
            await self.dossiers.apply(connection, list(deliveries))

    async def know(self, life: Life, *, phone: str | None = PHONE, change: int = 1) -> None:
        at, of = self.clock.now, life.applicant_id
        contact = Contact(of, change, False, "Nguyễn Thử", None, phone=phone)
        async with self.pool.acquire() as connection, connection.transaction():
            await contacts.apply(
                connection, [Delivered("contacts", 0, 0, of, "", "", of, 0, at, at, None, None, contact)]
            )

    async def submitted(self, *, phone: str | None = PHONE) -> Life:
        life = Life()
        await self.know(life, phone=phone)
        await self.hear(life.hears("DossierSubmitted", recorded_at=self.clock.now))
        return life

    async def rows(self, columns: str = "state, reason") -> list[tuple[Any, ...]]:
        return [
            tuple(row) for row in await self.pool.fetch(f"SELECT {columns} FROM messages ORDER BY number")
        ]

    async def recorded(self) -> list[tuple[str, str | None, bool | None]]:
        """Type, reason and ambiguity of every event of the log, in order."""
        rows = await self.pool.fetch(
            "SELECT type, data ->> 'reason', (data ->> 'ambiguous')::boolean FROM events ORDER BY position"
        )
        return [tuple(row) for row in rows]

    async def shown(self, dossier_id: UUID) -> dict[str, NoticeView]:
        views = await notices_of(self.pool, texts(), dossier_id, list(Channel), short=self.short)
        return {view.about: view for view in views if view.channel == "sms"}

    async def close(self) -> None:
        for each in self.opened:
            await each.close()
