"""Notify's moving parts over a real database and a real mail server, with time in the test's hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from services.chassis.kafka.ordering import Delivered
from services.chassis.log.event_store import EventStore, StoredEvent
from services.notify import contacts
from services.notify.channels.claims import Claims
from services.notify.channels.delivery import Sender
from services.notify.channels.email import Carrier
from services.notify.channels.letters import Letters
from services.notify.choices.kinds import Links
from services.notify.contacts import Contact
from services.notify.incoming import Dossiers
from services.notify.notice import Channel
from services.notify.returns.keeping import Keeper
from services.notify.returns.return_path import ReturnPaths
from services.notify.routes import NoticeView, notices_of
from tests.notify.examples import CODE_KEY, Clock, Life, texts

SENDER = "khong-tra-loi@motcua.test"
RETURN_PATH = "tra-lai@return.motcua.test"
CHOICES_URL = "https://notify.motcua.test"


class Desk:
    """One database, one clock, and any number of senders."""

    def __init__(self, pool: asyncpg.Pool[Any], smtp_port: int) -> None:
        self.pool = pool
        self.clock = Clock()
        self.smtp_port = smtp_port
        self.claims = Claims(pool, self.clock, uuid7)
        self.store = EventStore(pool, function="record_notices_v2", attachment_type="mail_outcome_v2")
        self.dossiers = Dossiers(
            channels=[Channel.EMAIL, Channel.INBOX], code_keys=[CODE_KEY], clock=self.clock, new_id=uuid7
        )
        self.texts = texts()
        self.paths, self.links = ReturnPaths(RETURN_PATH, [CODE_KEY]), Links(CHOICES_URL, [CODE_KEY])
        self.keeper = Keeper(pool, self.store, self.paths, self.clock, uuid7)

    def sender(
        self,
        carriers: Sequence[Carrier] | None = None,
        store: EventStore | None = None,
        *,
        refused: bool = False,
    ) -> Sender:
        return Sender(
            pool=self.pool,
            store=store or self.store,
            carriers=carriers or [Carrier("127.0.0.1", self.smtp_port, SENDER, step_seconds=1.0)],
            letters=Letters(self.texts, SENDER, paths=self.paths, links=self.links),
            clock=self.clock,
            new_id=uuid7,
            may_send=lambda: not refused,
        )

    async def hear(self, *deliveries: Delivered) -> None:
        """As the consumer does: in one transaction."""
        async with self.pool.acquire() as connection, connection.transaction():
            await self.dossiers.apply(connection, list(deliveries))

    async def know(self, life: Life, *, email: str | None = "an@example.org", change: int = 1) -> None:
        """The applicant's contact has arrived."""
        contact = Contact(life.applicant_id, change, False, "Nguyễn Thử", email)
        at = self.clock.now
        of = life.applicant_id
        async with self.pool.acquire() as connection, connection.transaction():
            await contacts.apply(
                connection, [Delivered("contacts", 0, 0, of, "", "", of, 0, at, at, None, None, contact)]
            )

    async def log(self) -> list[StoredEvent]:
        rows = await self.pool.fetch("SELECT stream_id FROM events GROUP BY 1")
        streams = await self.store.load_many([row[0] for row in rows])
        return sorted(event for events in streams.values() for event in events)

    async def recorded(self) -> list[tuple[str, str, str | None]]:
        """Type, channel and reason of every event of the log, in order."""
        rows = await self.pool.fetch(
            "SELECT type, data ->> 'channel', data ->> 'reason' FROM events ORDER BY position"
        )
        return [tuple(row) for row in rows]

    async def ambiguous(self) -> list[bool]:
        """What each NoticeSent of an e-mail says, in order."""
        rows = await self.pool.fetch(
            "SELECT (data ->> 'ambiguous')::boolean FROM events "
            "WHERE type = 'NoticeSent' AND data ->> 'channel' = 'email' ORDER BY position"
        )
        return [row[0] for row in rows]

    async def shown(self, dossier_id: UUID) -> dict[tuple[str, str], NoticeView]:
        views = await notices_of(self.pool, self.texts, dossier_id, list(Channel))
        return {(view.about, view.channel): view for view in views}
