"""Decides which notices an event of a dossier gives, and whether they are sent, lapsed or muted: pure functions of the event and the clock.

It owns the events that notify records. It never knows a name, an address or a text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.chassis.log.decider import EventTypes

LAPSES_AFTER = timedelta(hours=72)
IMPORTED = "import"
ACTOR = "system/notify"


class Channel(StrEnum):
    """Ways to an applicant: e-mail by SMTP, the web inbox that portals show, and text messages."""

    EMAIL = "email"
    INBOX = "inbox"
    SMS = "sms"


_EVERYWHERE = (Channel.EMAIL, Channel.INBOX, Channel.SMS)
# Each status change is told at once on the website, by e-mail and by text message, and what an applicant did is receipted. What passes
# from desk to desk or between agencies asks nothing of the applicant: it is followed in the inbox, and nothing is sent for it.
TOLD_BY: Mapping[str, tuple[Channel, ...]] = {
    "DossierSubmitted": _EVERYWHERE,
    "SupplementProvided": _EVERYWHERE,
    "WithdrawalRequested": _EVERYWHERE,
    "FeePaid": _EVERYWHERE,
    "DossierAccepted": _EVERYWHERE,
    "DossierRejected": _EVERYWHERE,
    "DossierForwarded": (Channel.INBOX,),
    "DossierResolved": _EVERYWHERE,
    "ResultReturned": _EVERYWHERE,
    "ProcessingStopped": _EVERYWHERE,
    "ApologyIssued": _EVERYWHERE,
    "ResultCorrected": _EVERYWHERE,
    "SupplementRequested": _EVERYWHERE,
    "SupplementAccepted": _EVERYWHERE,
    "SupplementLapsed": _EVERYWHERE,
    "FeeRequested": _EVERYWHERE,
    "FeeConfirmed": _EVERYWHERE,
    "FeeWaived": _EVERYWHERE,
    "OpinionRequested": (Channel.INBOX,),
    "OpinionGiven": (Channel.INBOX,),
    "ConsentDeemed": (Channel.INBOX,),
    "DueDateChanged": _EVERYWHERE,
    "DueDateExtended": _EVERYWHERE,
    "DeadlineChanged": _EVERYWHERE,
    "OpinionDeadlineChanged": (Channel.INBOX,),
    "DossierWithdrawn": _EVERYWHERE,
    "WithdrawalRefused": _EVERYWHERE,
    "DossierHandedOver": (Channel.INBOX,),
    "DossierReversed": _EVERYWHERE,
}

TELLS_NOBODY = frozenset({"SubmissionCorrected"})
"""An import alone makes it, and tells nobody."""


@dataclass(frozen=True, slots=True)
class Happened:
    """What deciding needs of an event: which, about which dossier, when it was recorded and where it came from."""

    event_id: UUID
    about: str
    dossier_id: UUID
    recorded_at: datetime
    origin: str | None


@dataclass(frozen=True, slots=True)
class Notice:
    """One message by one channel about one event, decided once. A lapsed one is shown and counted, and never sent."""

    notice_id: UUID
    channel: Channel
    lapsed: bool


@dataclass(frozen=True, slots=True)
class NoticeSent:
    """Handed to the carrier, or standing in the inbox. Ambiguous: it may have been handed over twice, with one Message-ID."""

    notice_id: UUID
    about: str
    about_event_id: UUID
    channel: Channel
    ambiguous: bool


@dataclass(frozen=True, slots=True)
class NoticeFailed:
    """Did not reach the applicant by this channel: no_contact, refused (no such address), lapsed (too late to help) or undelivered (the
    carrier had taken it, and then said so; or the address rests, because of others).

    An operator may send it again; how that ends is another event of the same notice.
    """

    notice_id: UUID
    about: str
    about_event_id: UUID
    channel: Channel
    reason: str


@dataclass(frozen=True, slots=True)
class NoticeDelivered:
    """The carrier says that it reached the applicant's telephone or mailbox.

    Follows NoticeSent, or a NoticeFailed that was said too soon.
    """

    notice_id: UUID
    about: str
    about_event_id: UUID
    channel: Channel


NotifyEvent = NoticeSent | NoticeFailed | NoticeDelivered
EVENTS: EventTypes[NotifyEvent] = EventTypes(
    {"NoticeSent": NoticeSent, "NoticeFailed": NoticeFailed, "NoticeDelivered": NoticeDelivered}
)


def decide(happened: Happened, now: datetime, channels: Collection[Channel]) -> list[Notice]:
    """The notices that an event gives by the channels that are switched on; none when it is muted.

    Guarantee: a notice decided more than 72 hours after its event was recorded is kept and never sent. Test: test_a_late_notice_lapses.
    """
    if muted(happened):
        return []
    lapsed = now - happened.recorded_at > LAPSES_AFTER
    return [
        Notice(notice_id_of(happened.event_id, channel), channel, lapsed)
        for channel in TOLD_BY[happened.about]
        if channel in channels
    ]


def muted(happened: Happened) -> bool:
    """Whether nobody is told: people heard of imported events long ago, from the system that they came from.

    Guarantee: an event made by an import mutes, and nothing else does. Test: test_only_an_import_mutes.
    """
    return happened.origin == IMPORTED


def notice_id_of(event_id: UUID, channel: Channel) -> UUID:
    """The notice's id: the event's own time and a digest of event and channel, so that indexes stay in time order.

    Guarantee: an event decided again, by whatever process over whatever database, gives the same notice id and so the same Message-ID.
    Test: test_a_notice_id_is_a_function_of_event_and_channel.
    """
    return _derived(event_id, channel.encode())


def ending_of(happened: Happened, notice: Notice) -> NotifyEvent:
    """How a notice ends for which no carrier is needed."""
    if notice.channel is Channel.INBOX and not notice.lapsed:
        return NoticeSent(
            notice.notice_id, happened.about, happened.event_id, notice.channel, ambiguous=False
        )
    reason = "lapsed" if notice.lapsed else "no_contact"
    return NoticeFailed(notice.notice_id, happened.about, happened.event_id, notice.channel, reason)


def ending_id_of(notice_id: UUID, endings: int) -> UUID:
    """Under which id a notice's next end is recorded: its own, and another for each time that it was sent again after an end.

    Guarantee: an end is recorded once, and a notice that failed can end again. Test: test_failed_notices_are_sent_again_by_reason.
    """
    return _derived(notice_id, str(endings).encode()) if endings else notice_id


def receipt_id_of(request_id: UUID, state: str) -> UUID:
    """Under which id is recorded what a carrier says became of what it took under `request_id`."""
    return _derived(request_id, state.encode())


def _derived(source: UUID, word: bytes) -> UUID:
    digest = int.from_bytes(hashlib.sha256(source.bytes + word).digest()[:10], "big")
    time_bits = source.int >> 80 << 80
    variant_and_version = (0x7 << 76) | (0b10 << 62)
    return UUID(int=time_bits | (digest & ~((0xF << 76) | (0b11 << 62))) | variant_and_version)
