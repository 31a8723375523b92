"""What intake tells notify, and nobody else, about how an applicant can be reached. The one message with personal data.

Key: the applicant's pseudonym. No value means that nothing is kept of them any more; the header `change` then says as of when.
"""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from contracts.officer_words import Commitment

CHANGE_HEADER = "change"


class Contact(BaseModel):
    """An applicant as of one change of contact. The newest change of a key counts, whatever the order."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    applicant_id: UUID
    change: int
    """Number of the change. The event that brings one names it, or, in logs older than these numbers, has it as its position."""
    name: str
    email: str | None
    phone: str | None
    words: dict[Commitment, str] = {}
    """What officers said to them in words of their own, each by the commitment in its event; absent where nothing was said."""
