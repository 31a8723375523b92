"""What notify says: that a notice reached its carrier, that it arrived, or that it could not. Never to whom, never what it said."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import StringConstraints

from contracts.envelope import Message

NoticeChannel = Literal["email", "inbox", "sms"]
FailureReason = Literal["no_contact", "refused", "lapsed", "undelivered"]
About = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z]+$")]


class NoticeSent(Message):
    """The carrier took the notice. `ambiguous`: it may have been handed over twice, under one id."""

    type_name: ClassVar[str] = "NoticeSent.v1"
    owner: ClassVar[str] = "notify"
    topic: ClassVar[str] = "notices"

    notice_id: UUID
    about: About
    """The event type that the notice tells of, without its version."""
    about_event_id: UUID
    channel: NoticeChannel
    ambiguous: bool


class NoticeFailed(Message):
    """The notice reached nobody by this channel, for a reason from a closed set. `undelivered` follows NoticeSent: the carrier had taken
    it; or stands alone: nothing is sent to the address since others came back.

    NoticeSent or NoticeFailed of the same notice follows when an operator has it sent again; the last one holds.
    """

    type_name: ClassVar[str] = "NoticeFailed.v1"
    owner: ClassVar[str] = "notify"
    topic: ClassVar[str] = "notices"

    notice_id: UUID
    about: About
    about_event_id: UUID
    channel: NoticeChannel
    reason: FailureReason


class NoticeDelivered(Message):
    """The carrier says that a text message reached its telephone, or an e-mail its mailbox.

    Follows NoticeSent of the same notice; the last one holds.
    """

    type_name: ClassVar[str] = "NoticeDelivered.v1"
    owner: ClassVar[str] = "notify"
    topic: ClassVar[str] = "notices"

    notice_id: UUID
    about: About
    about_event_id: UUID
    channel: NoticeChannel


MESSAGES: tuple[type[Message], ...] = (NoticeSent, NoticeFailed, NoticeDelivered)
