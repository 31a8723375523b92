"""What processing says of the calendar: days declared off or worked, declarations taken back, what waits to be confirmed.

One stream, never of a dossier.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, StringConstraints

from contracts.envelope import Message
from contracts.processing_codes import DOCUMENT_NUMBER

CALENDAR_ID = UUID("c1d3a5f0-7b1e-5a52-9d39-0e6f5b8c2a11")
"""The subject of every declaration: there is one calendar."""

_KIND = (
    "(Bộ luật Lao động|Luật|Nghị quyết|Nghị định|Quyết định|Chỉ thị|Thông tư|Thông báo|Công văn|Công điện) "
)
_PLACE = "điều [0-9]{1,3}( khoản [0-9]{1,2})?"
_ONE = f"({_KIND})?{DOCUMENT_NUMBER}(, {_PLACE}( và {_PLACE})?)?"
DayKind = Literal["off", "worked"]
CalendarDocument = Annotated[str, StringConstraints(pattern=f"^{_ONE}(; {_ONE}){{0,3}}$", max_length=300)]
"""Số ký hiệu of what declares, such as "Công văn 12729/VPCP-KGVX" or "Nghị quyết 28/2026/QH16, điều 2": no free text."""


class _OfADeclaration(Message):
    """What names a declaration: its day, what it says of it, and by what."""

    owner: ClassVar[str] = "processing"
    topic: ClassVar[str] = "calendar"
    subject_member: ClassVar[str] = "calendar_id"

    day: date
    kind: DayKind
    document: CalendarDocument
    announced_at: AwareDatetime


class DayProposed(_OfADeclaration):
    """Somebody declares a day; it counts for nothing until another person has confirmed it (DayDeclared)."""

    type_name: ClassVar[str] = "DayProposed.v1"


class DayDeclared(_OfADeclaration):
    """A document declares a day off or worked. Per day, what was announced last counts; both may come in any order."""

    type_name: ClassVar[str] = "DayDeclared.v1"


class WithdrawalProposed(_OfADeclaration):
    """Somebody takes a declaration back; it counts until another person has confirmed that (DeclarationWithdrawn)."""

    type_name: ClassVar[str] = "WithdrawalProposed.v1"


class DeclarationWithdrawn(_OfADeclaration):
    """A declaration counts as never said; `day` and `announced_at` name it."""

    type_name: ClassVar[str] = "DeclarationWithdrawn.v1"


class ProposalRefused(Message):
    """A proposal to declare or to withdraw is no more; nothing had followed from it."""

    type_name: ClassVar[str] = "ProposalRefused.v1"
    owner: ClassVar[str] = "processing"
    topic: ClassVar[str] = "calendar"
    subject_member: ClassVar[str] = "calendar_id"

    act: Literal["declare", "withdraw"]
    day: date
    kind: DayKind
    document: CalendarDocument
    announced_at: AwareDatetime


MESSAGES: tuple[type[Message], ...] = (
    DayProposed,
    DayDeclared,
    WithdrawalProposed,
    DeclarationWithdrawn,
    ProposalRefused,
)
