"""When a text message may go out: not at night, but for what cannot wait, and not when it helps nobody any more. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from services.notify.notice import LAPSES_AFTER
from services.notify.wording.texts import VIETNAM

NIGHT_BEGINS, NIGHT_ENDS = time(22), time(7)
URGENT = frozenset({"WithdrawalRequested", "DossierWithdrawn"})
"""Who did not ask for that must know at once: it may be somebody else's doing."""
RECEIPT_LASTS = timedelta(hours=24)
EXPIRES_AFTER: Mapping[str, timedelta] = {
    # Receipts of what the applicant did: after a day they are no news.
    "DossierSubmitted": RECEIPT_LASTS,
    "SupplementProvided": RECEIPT_LASTS,
    "FeePaid": RECEIPT_LASTS,
    "WithdrawalRequested": RECEIPT_LASTS,
}


def is_night(at: datetime) -> bool:
    """Between 22:00 and 07:00 in Vietnam."""
    hour = at.astimezone(VIETNAM).time()
    return hour >= NIGHT_BEGINS or hour < NIGHT_ENDS


def night_ended(at: datetime) -> datetime:
    """The last instant before `at`, or `at` itself, at which a night ended."""
    local = at.astimezone(VIETNAM)
    morning = local.replace(hour=NIGHT_ENDS.hour, minute=0, second=0, microsecond=0)
    return morning if morning <= local else morning - timedelta(days=1)


def month_began(at: datetime) -> datetime:
    """The first instant of the month in Vietnam."""
    return at.astimezone(VIETNAM).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def expires_at(about: str, recorded_at: datetime) -> datetime:
    """Until when a message about such an event is worth sending.

    Guarantee: what nobody could send in time is told as lapsed, and never sent. Test: test_what_expires_is_not_sent.
    """
    return recorded_at + EXPIRES_AFTER.get(about, LAPSES_AFTER)
