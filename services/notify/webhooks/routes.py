"""Where a portal says at which address it wants to be called. It sees and changes its own subscriptions alone."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import asyncpg
from fastapi import Depends, FastAPI, Path, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, WithJsonSchema

from contracts.sealed import seal
from services.chassis.http.tokens import Caller
from services.chassis.http.web import Problem, require
from services.notify.notice import TOLD_BY
from services.notify.webhooks import rows
from services.notify.webhooks.call import Caller as Calls
from services.notify.webhooks.calling import headers_of
from services.notify.webhooks.subscription import (
    OLD_SECRET_LASTS,
    SECRET_BYTES,
    SUBSCRIPTIONS_MAX,
    body_of,
    fault_of,
    secret_of,
)

Portal = Annotated[Caller, Depends(require("portal"))]
Id = Annotated[UUID, Path(description="As it was answered when it was made.")]
EXAMPLE_URL = "https://portal.example.vn/motcua"

# One portal at a time, so that the bound holds.
ALONE = "SELECT pg_advisory_xact_lock(hashtext('subscriptions of ' || $1))"
OF_OWNER = "SELECT count(*) FROM subscriptions WHERE owner = $1"
ADD = """
INSERT INTO subscriptions (subscription_id, owner, url, types, sealed_secret, created_at, not_before)
VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (owner, url) DO NOTHING RETURNING subscription_id
"""
LIST = """
SELECT s.*, count(c.number) AS waiting, min(c.recorded_at) AS oldest
FROM subscriptions s LEFT JOIN calls c ON c.subscription_id = s.subscription_id AND c.taken_at IS NULL
WHERE s.owner = $1 AND ($2::uuid IS NULL OR s.subscription_id = $2) GROUP BY s.subscription_id ORDER BY s.created_at
"""
REMOVE = "DELETE FROM subscriptions WHERE subscription_id = $1 AND owner = $2"
ROTATE = """
UPDATE subscriptions SET old_sealed_secret = sealed_secret, old_until = $4, sealed_secret = $3
WHERE subscription_id = $1 AND owner = $2
"""
RESUME = """
UPDATE subscriptions SET paused_at = NULL, failures = 0, failing_since = NULL, not_before = $3
WHERE subscription_id = $1 AND owner = $2
"""
AGAIN = """
UPDATE calls c SET taken_at = NULL FROM subscriptions s
WHERE c.subscription_id = $1 AND s.subscription_id = $1 AND s.owner = $2 AND c.recorded_at >= $3 AND c.taken_at IS NOT NULL
"""


def _told(name: str) -> str:
    if name not in TOLD_BY:
        raise ValueError("is no event that is told")
    return name


EventType = Annotated[str, AfterValidator(_told), WithJsonSchema({"type": "string", "enum": sorted(TOLD_BY)})]


class SubscriptionIn(BaseModel):
    """Where to call, and for what."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(
        min_length=1,
        max_length=500,
        description="An https address of the public network. Redirects are not followed.",
        examples=[EXAMPLE_URL],
    )
    types: list[EventType] = Field(
        default=[],
        max_length=100,
        description="Event types without version; none for all.",
        examples=[["DossierAccepted", "DossierResolved"]],
    )


class SubscriptionView(BaseModel):
    """A subscription as it stands."""

    subscription_id: UUID = Field(
        description="Of its own routes.", examples=["01990000-0000-7000-8000-000000000001"]
    )
    url: str = Field(description="Where is called.", examples=[EXAMPLE_URL])
    types: list[str] = Field(description="For which events; none for all.", examples=[["DossierAccepted"]])
    created_at: datetime = Field(description="What happened before is not told.")
    state: Literal["active", "failing", "paused"] = Field(
        description="failing: the last call was not taken and is made again. paused: nothing was taken for 72 hours, or 410 was "
        "answered; `resume` goes on.",
        examples=["active"],
    )
    last_failure: str | None = Field(
        description="Why the last call was not taken: status-…, not-reached, too-slow, broken-off, name-unknown, address-private.",
        examples=["status-500"],
    )
    waiting: int = Field(description="Calls to be made.", examples=[0])
    oldest_at: datetime | None = Field(description="When the oldest of them was recorded.")


class SubscriptionMade(BaseModel):
    """The secret is shown here and never again."""

    subscription_id: UUID = Field(
        description="Of its own routes.", examples=["01990000-0000-7000-8000-000000000001"]
    )
    secret: str = Field(
        description="What calls are signed with (Standard Webhooks).",
        examples=["whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="],
    )


class SubscriptionsView(BaseModel):
    """All subscriptions of the caller, the first one first."""

    items: list[SubscriptionView]


class TestedView(BaseModel):
    """What a test call was answered."""

    taken: bool = Field(description="A status of 2xx came in time.", examples=[True])
    status: int = Field(description="The HTTP status; 0 when nobody answered.", examples=[204])
    failure: str = Field(description="Why it was not taken; empty when it was.", examples=[""])


class AgainIn(BaseModel):
    """From when on to tell again."""

    model_config = ConfigDict(extra="forbid")

    since: AwareDatetime = Field(
        description="Events recorded from then on are told again, 30 days back at most.",
        examples=["2026-11-20T00:00:00+07:00"],
    )


class AgainView(BaseModel):
    """How much is told again."""

    calls: int = Field(
        description="Calls that were taken and are made again, each under its id of before.", examples=[12]
    )


def add_routes(
    application: FastAPI,
    pool: asyncpg.Pool[Any],
    calls: Calls,
    *,
    code_keys: Sequence[bytes],
    private: bool,
    clock: Callable[[], datetime],
    new_id: Callable[[], UUID],
) -> None:
    """Adds the routes of subscriptions. `private`: addresses of this network are allowed."""

    @application.post("/v1/subscriptions", status_code=201, summary="Be called when something happens")
    async def subscribe(asked: SubscriptionIn, portal: Portal) -> SubscriptionMade:
        """From now on each event of dossiers that the caller filed is told at this address, in order for each dossier.

        One address is subscribed once: a second time is refused `subscription-exists`, and `rotate` gives a secret anew.
        """
        if fault := fault_of(asked.url, private=private):
            raise Problem(422, "url-not-allowed", f"an address {fault}", field="url")
        subscription_id, secret = new_id(), secret_of(secrets.token_bytes(SECRET_BYTES))
        sealed = seal(code_keys[0], secret, subscription_id)
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(ALONE, portal.actor)
            if await connection.fetchval(OF_OWNER, portal.actor) >= SUBSCRIPTIONS_MAX:
                raise Problem(409, "subscriptions-too-many", f"at most {SUBSCRIPTIONS_MAX}; remove one first")
            made = await connection.fetchval(
                ADD, subscription_id, portal.actor, asked.url, sorted(set(asked.types)), sealed, clock()
            )
        if made is None:
            raise Problem(409, "subscription-exists", "this address is subscribed already", field="url")
        return SubscriptionMade(subscription_id=subscription_id, secret=secret)

    @application.get("/v1/subscriptions", summary="The caller's subscriptions")
    async def subscriptions(portal: Portal) -> SubscriptionsView:
        """With how they stand, without their secrets."""
        return SubscriptionsView(items=[_view(row) for row in await pool.fetch(LIST, portal.actor, None)])

    @application.delete("/v1/subscriptions/{subscription_id}", status_code=204, summary="Be called no more")
    async def unsubscribe(subscription_id: Id, portal: Portal) -> Response:
        """Calls that wait are dropped with it."""
        _must(await pool.execute(REMOVE, subscription_id, portal.actor))
        return Response(status_code=204)

    @application.post("/v1/subscriptions/{subscription_id}/test", summary="Make a test call")
    async def test(subscription_id: Id, portal: Portal) -> TestedView:
        """Calls at once with type `Test`, whatever waits, and says what was answered."""
        row = await _own(pool, subscription_id, portal)
        call_id = new_id()
        body = body_of("Test", clock(), {"event_id": str(call_id)})
        valid = rows.secrets_of(row, code_keys, clock())
        answered = await calls.call(row["url"], headers_of(valid, str(call_id), clock(), body), body)
        return TestedView(taken=answered.taken, status=answered.status, failure=answered.failure)

    @application.post("/v1/subscriptions/{subscription_id}/rotate", summary="Change the secret")
    async def rotate(subscription_id: Id, portal: Portal) -> SubscriptionMade:
        """For 24 hours calls are signed with both secrets, then with the new one alone."""
        secret = secret_of(secrets.token_bytes(SECRET_BYTES))
        sealed = seal(code_keys[0], secret, subscription_id)
        _must(await pool.execute(ROTATE, subscription_id, portal.actor, sealed, clock() + OLD_SECRET_LASTS))
        return SubscriptionMade(subscription_id=subscription_id, secret=secret)

    @application.post("/v1/subscriptions/{subscription_id}/resume", summary="Be called again after a pause")
    async def resume(subscription_id: Id, portal: Portal) -> SubscriptionView:
        """What waited meanwhile is told, the oldest first; without a pause the next call is made at once."""
        _must(await pool.execute(RESUME, subscription_id, portal.actor, clock()))
        return _view(await _own(pool, subscription_id, portal))

    @application.post("/v1/subscriptions/{subscription_id}/again", summary="Be told again")
    async def again(subscription_id: Id, asked: AgainIn, portal: Portal) -> AgainView:
        """What was taken since then is told once more, under the same ids and in the same order."""
        await _own(pool, subscription_id, portal)
        done = await pool.execute(AGAIN, subscription_id, portal.actor, asked.since)
        return AgainView(calls=int(done.rpartition(" ")[2]))


async def _own(pool: asyncpg.Pool[Any], subscription_id: UUID, portal: Caller) -> asyncpg.Record:
    """The caller's own, or Problem 404.

    Guarantee: of another portal's subscription nobody learns that it is there.
    Test: test_another_portals_subscription_is_as_if_it_were_not.
    """
    row = await pool.fetchrow(LIST, portal.actor, subscription_id)
    if row is None:
        raise _unknown()
    return row


def _must(done: str) -> None:
    if done.endswith(" 0"):
        raise _unknown()


def _unknown() -> Problem:
    return Problem(404, "subscription-unknown", "no such subscription of yours")


def _view(row: asyncpg.Record) -> SubscriptionView:
    failing = "failing" if row["failing_since"] else "active"
    return SubscriptionView(
        subscription_id=row["subscription_id"],
        url=row["url"],
        types=row["types"],
        created_at=row["created_at"],
        state="paused" if row["paused_at"] else failing,
        last_failure=row["last_failure"],
        waiting=row["waiting"],
        oldest_at=row["oldest"],
    )
