"""Who is logged in at a service's pages: sessions kept in its database, each found by a cookie that only the browser has.

Promises that a session ends 30 minutes after its last use, 12 hours after its log-in, and at a log-out, whichever comes first.
Never keeps a cookie, a name or a token where a copy of the database would give them away.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.chassis.http.tokens import Caller

IDLE = timedelta(minutes=30)
WHOLE = timedelta(hours=12)
KNOWN = 2 * WHOLE
"""For so long after its log-in a session is told from none, so that what was typed in it can be sent after the next log-in."""
TOUCHED_AFTER = timedelta(minutes=1)
"""A use within so little time of the last one is not written down."""
NONCE_BYTES = 12
COOKIE_CHARACTERS_MAX = 100

OPEN = "INSERT INTO sessions (mark, subject, provider_session, sealed, begun_at, seen_at) VALUES ($1, $2, $3, $4, $5, $5)"
FIND = "SELECT sealed, begun_at, seen_at FROM sessions WHERE mark = $1 AND begun_at > $2"
TOUCH = "UPDATE sessions SET seen_at = $2 WHERE mark = $1"
END = "DELETE FROM sessions WHERE mark = $1"
END_ALL = "DELETE FROM sessions WHERE subject = $1"
END_THOSE = "DELETE FROM sessions WHERE ($1 = '' OR subject = $1) AND ($2 = '' OR provider_session = $2)"
SWEEP = "DELETE FROM sessions WHERE begun_at <= $1"


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the provider named, and the tokens that it gave for them; `claims` are those that the service asked for by name."""

    subject: str
    role: str
    unit: str
    office: str
    name: str
    claims: Mapping[str, str]
    access_token: str
    id_token: str
    provider_session: str


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is logged in. `csrf` stands in each of their forms. `idle`: the session may only be taken up again by a log-in."""

    caller: Caller
    identity: Identity
    csrf: str
    mark: bytes
    idle: bool = field(default=False)

    @property
    def name(self) -> str:
        return self.identity.name or self.caller.subject


class Sessions:
    """The sessions of one service."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Callable[[], datetime]) -> None:
        self._pool, self._clock = pool, clock

    async def open(self, identity: Identity, before: Visitor | None = None) -> str:
        """A new session's cookie. The session that the same browser had ends.

        Guarantee: a log-in never takes up a session that was there before it. Test: test_a_log_in_makes_a_session_of_its_own.
        """
        now, cookie = self._clock(), secrets.token_urlsafe(32)
        told = orjson.dumps({"identity": asdict(identity), "csrf": secrets.token_urlsafe(24)})
        row = (_mark(cookie), identity.subject, identity.provider_session, _seal(cookie, told), now)
        async with self._pool.acquire() as connection, connection.transaction():
            if before is not None:
                await connection.execute(END, before.mark)
            await connection.execute(SWEEP, now - KNOWN)
            await connection.execute(OPEN, *row)
        return cookie

    async def find(self, cookie: str) -> Visitor | None:
        """Whose session it is; `idle` once it is over by itself; None when there is none.

        Guarantee: a session ends after 30 minutes without use and after 12 hours in all. Test: test_a_session_ends_by_itself.
        """
        if not cookie or len(cookie) > COOKIE_CHARACTERS_MAX:
            return None
        now, mark = self._clock(), _mark(cookie)
        row = await self._pool.fetchrow(FIND, mark, now - KNOWN)
        told = None if row is None else _unseal(cookie, row["sealed"])
        if row is None or told is None:
            return None
        idle = now - row["seen_at"] >= IDLE or now - row["begun_at"] >= WHOLE
        if not idle and now - row["seen_at"] >= TOUCHED_AFTER:
            await self._pool.execute(TOUCH, mark, now)
        identity = Identity(**told["identity"])
        caller = Caller(identity.subject, identity.role, identity.unit, identity.office)
        return Visitor(caller, identity, told["csrf"], mark, idle)

    async def end_all(self, visitor: Visitor) -> None:
        """Ends every session of this person, on whatever device.

        Guarantee: a log-out ends the person's sessions everywhere. Test: test_a_log_out_ends_every_session_of_the_person.
        """
        await self._pool.execute(END_ALL, visitor.caller.subject)

    async def end_those(self, subject: str, provider_session: str) -> None:
        """Ends the sessions that the provider says are over: of a person, of one of its own sessions, or of both."""
        assert subject or provider_session
        await self._pool.execute(END_THOSE, subject, provider_session)


def _mark(cookie: str) -> bytes:
    return hashlib.sha256(b"mark\n" + cookie.encode()).digest()


def _key(cookie: str) -> AESGCM:
    return AESGCM(hashlib.sha256(b"seal\n" + cookie.encode()).digest())


def _seal(cookie: str, told: bytes) -> bytes:
    """Guarantee: the table of sessions names nobody. Test: test_the_table_of_sessions_names_nobody."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _key(cookie).encrypt(nonce, told, None)


def _unseal(cookie: str, sealed: bytes) -> Any:
    try:
        return orjson.loads(_key(cookie).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None))
    except (InvalidTag, ValueError):
        return None
