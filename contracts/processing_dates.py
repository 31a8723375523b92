"""What processing says of dates that it had told before: moved by a declaration, extended, counted again."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from contracts.envelope import Message
from contracts.processing_codes import ExtensionReason, Provisional, Sequence, UnitCode


class DueDateChanged(Message):
    """A declaration moved a due date that had been told; `days` are those that are counted or declared otherwise now.

    Where both dates are the same, it stays, and only whether it is provisional changed.
    """

    type_name: ClassVar[str] = "DueDateChanged.v1"
    owner: ClassVar[str] = "processing"

    old_due_on: date
    due_on: date
    days: tuple[date, ...]
    provisional: Provisional = False


class DueDateExtended(Message):
    """The limit was extended, once, by so many of its days or months; that is not lateness."""

    type_name: ClassVar[str] = "DueDateExtended.v1"
    owner: ClassVar[str] = "processing"

    reason: ExtensionReason
    amount: Annotated[int, Field(ge=1)]
    due_on: date
    provisional: Provisional = False


class DeadlineChanged(Message):
    """The last day to bring a supplement or to pay a fee moved, as days were declared otherwise; `request` is its event's sequence."""

    type_name: ClassVar[str] = "DeadlineChanged.v1"
    owner: ClassVar[str] = "processing"

    asked: Literal["supplement", "fee"]
    request: Sequence
    old_deadline_on: date
    deadline_on: date
    days: tuple[date, ...]
    """Those that are counted otherwise now; none where a reversal brought the request back and it was counted anew."""
    provisional: Provisional = False


class OpinionDeadlineChanged(Message):
    """The last day of an agency's answer moved, as days were declared otherwise; its silence until the end of that day is consent."""

    type_name: ClassVar[str] = "OpinionDeadlineChanged.v1"
    owner: ClassVar[str] = "processing"

    agency: UnitCode
    old_answer_by: date
    answer_by: date
    days: tuple[date, ...]
    provisional: Provisional = False
