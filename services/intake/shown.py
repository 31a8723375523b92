"""What an applicant is shown of a dossier now: both histories folded, what the procedure usually takes, and who has it, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from contracts import hours
from contracts.catalogue.offices import Offices
from services.intake.acting import Applicants, Known
from services.intake.endings import at_of, handled_by
from services.intake.following import Row, standing, steps_of
from services.intake.people import words
from services.intake.usual import ZONE, Usual, UsualTime

NAMES = "SELECT officer, name FROM officer_names WHERE officer = $1 AND name IS NOT NULL"


async def shown(applicants: Applicants, known: Known, usual: Usual, *, with_words: bool) -> dict[str, Any]:
    """The members of DossierStatus; `with_words`: with what officers said in words, for who filed it."""
    now, rows = applicants.intake.clock(), [*known.own, *known.steps]
    _, officer = at_of(known.steps)
    names = dict(await applicants.pool.fetch(NAMES, officer)) if officer else {}
    times = await usual.times(now)
    kept = await words.shown(applicants.pool, known.dossier_id, known.steps) if with_words else {}
    return followed(known.dossier_id, rows, times, applicants.intake.offices, names, now, kept)


def followed(
    dossier_id: UUID,
    rows: Sequence[Row],
    usual: dict[str, UsualTime],
    register: Offices,
    officers: Mapping[str, str],
    now: datetime,
    kept: Mapping[str, str],
) -> dict[str, Any]:
    """The members of DossierStatus. `rows` begin with the submission; `officers` are the names of those who may have it, `kept` the
    words that the reader may see.
    """
    told, steps = standing(dossier_id, rows, usual, kept), steps_of(rows)
    unit, officer = at_of(steps)
    today = now.astimezone(ZONE).date()
    return told | {
        "desk_closes": desk_closes(register, told["office"], told["deadline_on"]),
        "reception_due_at": reception_due_at(told["submitted_at"], steps)
        if told["status"] == "submitted"
        else None,
        "handled_by": handled_by(register, told["office"], unit, officers.get(officer or ""), today),
    }


def desk_closes(register: Offices, office: str, deadline_on: date | str | None) -> str | None:
    """Until which hour of the deadline's day the office's desk takes what is brought."""
    if deadline_on is None:
        return None
    day = date.fromisoformat(str(deadline_on))
    found = register.office(office, day)
    return found.desk_on(day).closes_on(day) if found else None


def reception_due_at(submitted_at: datetime, steps: Sequence[Row]) -> datetime:
    """The end of the reception's working hours as ordinary weeks have them, since the submission or since a supplement was accepted."""
    struck = {step.strikes for step in steps}
    anew = (
        step.happened_at
        for step in reversed(steps)
        if step.what == "SupplementAccepted" and step.status == "submitted" and step.sequence not in struck
    )
    return hours.reception_due_at(next(anew, submitted_at).astimezone(ZONE))
