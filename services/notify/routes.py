"""Shows the notices of a dossier. It decides nothing, and no name and no address ever leaves by this door.

Who may see what: the dossier's office and operators see every channel, with failures; the portal that filed the dossier sees the web
inbox, which it shows to the applicant. Of a dossier whose filer notify was not told, submitted before events said it, portals see nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

import asyncpg
import orjson
from fastapi import Depends, FastAPI, Query
from pydantic import BaseModel, Field

from services.chassis.http.tokens import Caller
from services.chassis.http.visibility import PORTAL, may_read
from services.chassis.http.web import Problem, require
from services.chassis.process import logs
from services.notify.channels.claims import UNIT, WORDS, told_in
from services.notify.filers import unsealed
from services.notify.messages.kind import FailureReason
from services.notify.notice import Channel
from services.notify.wording.messages import ShortTexts, Unfitting
from services.notify.wording.texts import Texts

Status = Literal["pending", "claimed", "sent", "delivered", "failed", "lapsed"]
READERS = ("portal", "officer", "supervisor", "operator")
SHOWN_MAX = 500
FIND_DOSSIER = "SELECT office, sealed_filer FROM dossiers WHERE dossier_id = $1"

# How a notice ended stands in the log, the last end where it was sent again; an e-mail in `mails` is claimed or waits for its turn. Why it
# came back stands beside what came back.
NOTICES_OF = f"""
SELECT n.*, d.procedure, d.office, d.submitted_on, d.sealed_code, d.result_delivery, at.unit, o.name AS officer, {WORDS},
       m.claimed_at, e.type AS ending, e.sent_at, e.data AS ended, b.state AS came_back, b.reason AS came_back_for, i.read_at
FROM notices n
LEFT JOIN dossiers d ON d.dossier_id = n.dossier_id
LEFT JOIN contacts c ON c.applicant_id = d.applicant_id
LEFT JOIN mails m ON m.notice_id = n.notice_id
LEFT JOIN LATERAL (
    SELECT type, data, max(occurred_at) FILTER (WHERE type = 'NoticeSent') OVER () AS sent_at FROM events
    WHERE stream_id = n.dossier_id AND data ->> 'notice_id' = n.notice_id::text
    ORDER BY version DESC LIMIT 1
) e ON m.notice_id IS NULL
LEFT JOIN LATERAL (
    SELECT state, reason FROM returns
    WHERE notice_id = n.notice_id ORDER BY sending DESC, state = 'complained' DESC, received_at DESC LIMIT 1
) b ON n.channel = 'email'
LEFT JOIN inbox_reads i ON i.dossier_id = n.dossier_id AND i.notice_id = n.notice_id
{UNIT}WHERE n.dossier_id = $1 AND n.channel = ANY($2::text[])
ORDER BY n.recorded_at, n.notice_id
LIMIT $3
"""


# Text messages know how they ended by themselves.
MESSAGES_OF = f"""
SELECT n.*, d.procedure, d.office, d.submitted_on, d.sealed_code, d.result_delivery, at.unit, NULL AS words, NULL AS officer
FROM messages n LEFT JOIN dossiers d ON d.dossier_id = n.dossier_id
{UNIT}WHERE n.dossier_id = $1 ORDER BY n.number LIMIT $2
"""


class NoticeView(BaseModel):
    """One notice as it stands now."""

    notice_id: UUID
    dossier_id: UUID
    about: str = Field(description="The event type that it tells of, without version.")
    about_event_id: UUID
    channel: Literal["email", "inbox", "sms"]
    status: Status = Field(
        description="claimed: being handed to the carrier. delivered: the carrier says that it arrived. lapsed: too late to be sent."
    )
    reason: str | None = Field(description="Why it failed: no_contact, refused, lapsed or undelivered.")
    receipt: str | None = Field(
        default=None,
        description="Why the carrier could not deliver it: unreachable, blocked, no_such_number, no_such_mailbox, mailbox_full or carrier; "
        "rested: letters came back from the address before; complaint: it arrived, and its reader called it unwanted.",
    )
    decided_at: datetime
    sent_at: datetime | None
    read_at: datetime | None = Field(
        default=None, description="When the applicant first read it, of the web inbox; null before."
    )
    ambiguous: bool = Field(description="It may have been handed over twice, under one id.")
    title: str = Field(description="Vietnamese | English")
    text: str = Field(
        description="Vietnamese first, English second; no personal data, but to the portal that filed it what officers said in words."
    )


class NoticesView(BaseModel):
    """All notices of one dossier, oldest event first."""

    items: list[NoticeView]
    unread: int = Field(
        default=0, description="How many of the web inbox the applicant has not read.", examples=[1]
    )


async def notices_of(
    pool: asyncpg.Pool[Any],
    texts: Texts,
    dossier_id: UUID,
    channels: Collection[Channel],
    *,
    in_words: bool = False,
    short: ShortTexts | None = None,
) -> list[NoticeView]:
    """The notices of a dossier by these channels; none when notify has not heard of it. `in_words`: with what officers said in words."""
    rows = await pool.fetch(NOTICES_OF, dossier_id, [channel.value for channel in channels], SHOWN_MAX)
    found = [(row["recorded_at"], _view(row, texts, in_words)) for row in rows]
    if Channel.SMS in channels and short is not None:
        sent = await pool.fetch(MESSAGES_OF, dossier_id, SHOWN_MAX)
        found += [(row["recorded_at"], _message_view(row, texts, short)) for row in sent]
    return [view for _, view in sorted(found, key=lambda each: each[0])]


async def check_right(
    pool: asyncpg.Pool[Any], code_keys: Sequence[bytes], dossier_id: UUID, caller: Caller
) -> None:
    """Problem 404, the same for a dossier of which notify has not heard and for one that is not the caller's to read."""
    logs.subject.set(str(dossier_id))
    row = await pool.fetchrow(FIND_DOSSIER, dossier_id)
    filer = row and unsealed(row["sealed_filer"], code_keys, dossier_id)
    if row is None or not may_read(caller, office=row["office"], filer=filer):
        detail = "no such dossier of yours or your office, or notify has not heard of it yet"
        raise Problem(404, "dossier-unknown", detail, denied=row is not None)


def add_routes(
    application: FastAPI,
    pool: asyncpg.Pool[Any],
    texts: Texts,
    short: ShortTexts,
    code_keys: Sequence[bytes],
) -> None:
    """Adds the routes of notify over its database."""

    @application.get("/v1/notices", summary="The notices of a dossier")
    async def notices(
        dossier_id: Annotated[UUID, Query(description="As intake answered it.")],
        caller: Annotated[Caller, Depends(require(*READERS))],
    ) -> NoticesView:
        """Each notice with its text and its state; a portal sees those of the web inbox, of what it filed itself.

        Guarantee: what officers said in words only the portal that filed it reads here.
        Test: test_only_who_filed_it_reads_the_words.
        """
        await check_right(pool, code_keys, dossier_id, caller)
        channels, in_words = channels_for(caller), caller.role == PORTAL
        found = await notices_of(pool, texts, dossier_id, channels, in_words=in_words, short=short)
        return NoticesView(items=found, unread=sum(is_unread(each) for each in found))


def is_unread(view: NoticeView) -> bool:
    """Whether it stands in the web inbox and was not read."""
    return view.channel == "inbox" and view.status in ("pending", "sent") and view.read_at is None


def channels_for(caller: Caller) -> list[Channel]:
    """What this caller may see.

    Guarantee: a portal sees inbox notices only, and nobody a name or an address. Test: test_a_portal_sees_the_inbox_only.
    """
    return [Channel.INBOX] if caller.role == "portal" else list(Channel)


def _view(row: asyncpg.Record, texts: Texts, in_words: bool) -> NoticeView:
    ended = orjson.loads(row["ended"]) if row["ended"] else {}
    told = told_in(row)
    text = texts.of(told if in_words else replace(told, words=None), Channel.INBOX)
    return NoticeView(
        notice_id=row["notice_id"],
        dossier_id=row["dossier_id"],
        about=row["about"],
        about_event_id=row["about_event_id"],
        channel=row["channel"],
        status=_status(row, ended),
        reason=ended.get("reason"),
        receipt=_receipt(row, ended),
        decided_at=row["decided_at"],
        sent_at=row["sent_at"],
        read_at=row["read_at"],
        ambiguous=ended.get("ambiguous", False),
        title=text.title,
        text=text.body,
    )


def _message_view(row: asyncpg.Record, texts: Texts, short: ShortTexts) -> NoticeView:
    """A text message: its text as it goes out, under the title of the others; never its number."""
    told, state, reason = told_in(row), row["state"], row["reason"]
    of_carrier = reason if reason in get_args(FailureReason) else None
    try:
        text = short.of(told).text
    except (Unfitting, KeyError):
        text = ""
    status: Status = state
    if state == "waiting":
        status = "claimed" if row["claimed_at"] else "pending"
    elif reason == "lapsed":
        status = "lapsed"
    return NoticeView(
        notice_id=row["notice_id"],
        dossier_id=row["dossier_id"],
        about=row["about"],
        about_event_id=row["about_event_id"],
        channel="sms",
        status=status,
        reason="undelivered" if of_carrier else reason,
        receipt=of_carrier,
        decided_at=row["decided_at"],
        sent_at=row["sent_at"],
        ambiguous=row["ambiguous"],
        title=texts.of(told, Channel.INBOX).title,
        text=text,
    )


def _receipt(row: asyncpg.Record, ended: dict[str, Any]) -> str | None:
    """Why an e-mail came back, or was not sent because others did."""
    if ended.get("reason") == "undelivered":
        return row["came_back_for"] if row["came_back"] == "failed" else "rested"
    return "complaint" if row["came_back"] == "complained" and row["ending"] == "NoticeDelivered" else None


def _status(row: asyncpg.Record, ended: dict[str, Any]) -> Status:
    if row["ending"] == "NoticeSent":
        return "sent"
    if row["ending"] == "NoticeDelivered":
        return "delivered"
    if row["ending"] == "NoticeFailed":
        return "lapsed" if ended["reason"] == "lapsed" else "failed"
    return "claimed" if row["claimed_at"] else "pending"
