"""What an import that tells a case otherwise than before leaves in intake's log: events with reason and document. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SubmissionCorrected:
    """The submission as it is told now; the first one stays in the log. Without an office it stays what it was."""

    submitted_at: datetime
    procedure: str
    channel: str
    reason: str
    document: str
    office: str | None = None


@dataclass(frozen=True, slots=True)
class ApplicantActReversed:
    """The applicant's act at `sequence`, an `event`, is as if it had not been."""

    sequence: int
    event: str
    reason: str
    document: str
