"""What processing says of what it asks of an applicant: papers and fees, and how that ended."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.envelope import Message
from contracts.officer_words import Commitment
from contracts.processing_codes import (
    AmountVnd,
    Clock,
    FaultyPaper,
    OpenStatus,
    PauseRule,
    Provisional,
    Sequence,
    WaiverReason,
)


class SupplementRequested(Message):
    """The applicant is told which papers to bring, for the first time or `number` 2 and so on. Before acceptance the intake clock stops."""

    type_name: ClassVar[str] = "SupplementRequested.v1"
    owner: ClassVar[str] = "processing"

    number: Annotated[int, Field(ge=1)]
    papers: tuple[FaultyPaper, ...]
    deadline_on: date
    clock: Clock
    rule: PauseRule | None = None
    """What becomes of a paused clock: its days do not count, or it begins anew. Absent in messages of before that."""
    late: bool
    """Asked after the days in which it may be; a supervisor allowed it, and the clock does not stop."""
    due_on: date | None
    provisional: Provisional = False
    words: Commitment | None = None


class SupplementAccepted(Message):
    """The officer accepted the supplement: the dossier is back where it was, and a pause has ended."""

    type_name: ClassVar[str] = "SupplementAccepted.v1"
    owner: ClassVar[str] = "processing"

    status: OpenStatus
    due_on: date | None
    late: bool
    """More than eight working hours after the applicant provided it."""
    provisional: Provisional = False
    begun_anew: bool = False
    """The statutory clock begins anew after it; absent in messages of before that."""


class SupplementLapsed(Message):
    """The deadline passed without a supplement; it ends nothing. One provided in time and heard of later voids it."""

    type_name: ClassVar[str] = "SupplementLapsed.v1"
    owner: ClassVar[str] = "processing"

    deadline_on: date


class FeeRequested(Message):
    """The applicant is to pay; the clock pauses, unless the due date had passed."""

    type_name: ClassVar[str] = "FeeRequested.v1"
    owner: ClassVar[str] = "processing"

    amount_vnd: AmountVnd
    deadline_on: date
    clock: Clock
    due_on: date | None
    provisional: Provisional = False


class FeeConfirmed(Message):
    """The fee was paid: the dossier is back where it was. `payment` is the sequence of intake's FeePaid."""

    type_name: ClassVar[str] = "FeeConfirmed.v1"
    owner: ClassVar[str] = "processing"

    payment: Sequence | None
    status: OpenStatus
    due_on: date | None
    provisional: Provisional = False


class FeeWaived(Message):
    """The supervisor waived the fee, or the rest of it: the dossier is back where it was."""

    type_name: ClassVar[str] = "FeeWaived.v1"
    owner: ClassVar[str] = "processing"

    reason: WaiverReason
    status: OpenStatus
    due_on: date | None
    provisional: Provisional = False
    payment: Sequence | None = None
    """The sequence of the payment of which the rest was waived; null for the whole fee, absent in messages of before that."""
