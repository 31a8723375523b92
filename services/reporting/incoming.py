"""From the events of intake and processing to report entries, the state of each dossier, corrections, and the acts that are measured later.

Owns what reporting reads of each message, and the batch that writes what the fold gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
from pydantic import AwareDatetime, BaseModel, ConfigDict

from contracts.intake import MADE_UP_SOURCE
from services.chassis.kafka.ordering import Delivered
from services.reporting.book.fold import enter
from services.reporting.book.heard import SAID, heard
from services.reporting.book.lines import local_date
from services.reporting.book.rows import (
    Correction,
    Dossier,
    Entry,
    hear,
    load_dossiers,
    load_entries,
    save,
    save_corrections,
)

PRODUCERS = ("intake", "processing")


class _Narrow(BaseModel):
    """What reporting needs of a message and nothing else."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Submitted(_Narrow):
    procedure: str
    office: str
    channel: str
    import_source: str | None = None


class Refiled(_Narrow):
    submitted_at: AwareDatetime
    procedure: str
    channel: str
    office: str | None = None
    reason: str
    document: str


class Accepted(_Narrow):
    procedure: str
    level: str
    office: str
    unit: str
    channel: str
    due_on: date | None = None
    late: bool = False


class Told(_Narrow):
    """An act of which only that it happened is counted."""


class Due(_Narrow):
    """An act that tells the due date as it is now: none while the clock stands still."""

    due_on: date | None = None


class Stopped(Due):
    reason: str = ""


class Struck(_Narrow):
    """An act of the applicant's is as if it had not been."""

    sequence: int


class Paid(_Narrow):
    method: str


class Moved(_Narrow):
    """Another unit has it now; forwarded, it is in another step too."""

    unit: str
    step: str = ""


class Corrected(_Narrow):
    reason: str
    document: str


class Reversed(_Narrow):
    sequence: int
    event: str
    reason: str
    document: str
    due_on: date | None = None


COUNTED: dict[str, type[BaseModel]] = {
    "DossierSubmitted.v1": Submitted,
    "SubmissionCorrected.v1": Refiled,
    "DossierAccepted.v1": Accepted,
    "DossierRejected.v1": Told,
    "DossierResolved.v1": Due,
    "ProcessingStopped.v1": Stopped,
    "DossierWithdrawn.v1": Due,
    "SupplementRequested.v1": Due,
    "SupplementAccepted.v1": Due,
    "FeeRequested.v1": Due,
    "FeeConfirmed.v1": Due,
    "FeeWaived.v1": Due,
    "DueDateChanged.v1": Due,
    "DueDateExtended.v1": Due,
    "ApologyIssued.v1": Told,
    "ResultCorrected.v1": Corrected,
    "DossierReversed.v1": Reversed,
}
MEASURED: dict[str, type[BaseModel]] = {
    "ApplicantActReversed.v1": Struck,
    "FeePaid.v1": Paid,
    "DossierForwarded.v1": Moved,
    "DossierHandedOver.v1": Moved,
    "ResultReturned.v1": Told,
}
"""Acts that change no count and are kept to be measured, as most that count are."""
APPLIED = COUNTED | MEASURED
# Of the applicant's acts after the first, what they lead to is processing's to say; the others change no count.
PASSED_OVER = frozenset(
    {
        "SupplementProvided.v1",
        "WithdrawalRequested.v1",
        "ReversalProposed.v1",
        "SupplementLapsed.v1",
        "DeadlineChanged.v1",
        "OpinionDeadlineChanged.v1",
        "OpinionRequested.v1",
        "OpinionGiven.v1",
        "ConsentDeemed.v1",
        "WithdrawalRefused.v1",
    }
)
KEEP_MADE_UP = "INSERT INTO made_up (source) SELECT * FROM unnest($1::text[]) ON CONFLICT DO NOTHING"
_LOOK_BACK = frozenset({"DossierReversed.v1", "SubmissionCorrected.v1"})
_LISTED = _LOOK_BACK | {"ResultCorrected.v1"}


async def apply(connection: asyncpg.Connection[Any], deliveries: Sequence[Delivered]) -> None:
    """One load of the batch's dossiers, one fold, one write, inside the transaction that moves the reader's position.

    Only a batch with a reversal or a corrected submission in it reads from the book: what the dossier's earlier acts entered.
    Guarantee: what counts and what is measured later are kept together. Test: test_what_is_counted_is_measured.
    """
    acts = [heard(delivered) for delivered in deliveries if delivered.type in SAID]
    counted = [delivered for delivered in deliveries if delivered.type in COUNTED]
    states = await load_dossiers(connection, {each.stream_id for each in counted}) if counted else {}
    reversing = {delivered.stream_id for delivered in counted if delivered.type in _LOOK_BACK}
    past = await load_entries(connection, reversing) if reversing else {}
    changed: dict[UUID, Dossier] = {}
    entries: list[Entry] = []
    corrections: list[Correction] = []
    if made_up := {source for each in deliveries if (source := _made_up(each.data))}:
        await connection.execute(KEEP_MADE_UP, sorted(made_up))
    for delivered in counted:
        stream_id = delivered.stream_id
        before = states.get(stream_id)
        after, made = enter(before, delivered, past.get(stream_id, ()))
        if delivered.type in _LISTED:
            corrections.append(correction(before, delivered, made))
        if after is before:
            continue
        states[stream_id] = changed[stream_id] = after
        entries += made
        if stream_id in past:
            past[stream_id] += made
    if changed:
        await save(connection, list(changed.values()), entries, acts)
    elif acts:
        await hear(connection, acts)
    if corrections:
        await save_corrections(connection, corrections)


def _made_up(data: BaseModel) -> str | None:
    """The source of a submission, when it is the demonstration's."""
    source = data.import_source if isinstance(data, Submitted) else None
    return source if source and source.startswith(MADE_UP_SOURCE) else None


def correction(of: Dossier | None, delivered: Delivered, made: Sequence[Entry]) -> Correction:
    """What is told of a reversal, of a submission that was corrected, or of a corrected result, which touches no count.

    `of` is the dossier before it. A sequence below 0 is intake's: it is told apart from processing's by that.
    """
    assert of is not None, "the reader holds what comes before the submission"
    data = delivered.data
    return Correction(
        dossier_id=delivered.stream_id,
        sequence=-delivered.sequence if isinstance(data, Refiled) else delivered.sequence,
        recorded_at=max(delivered.recorded_at, of.recorded_at),
        on_date=min((entry.on_date for entry in made), default=local_date(delivered.occurred_at)),
        event=data.event if isinstance(data, Reversed) else delivered.type.partition(".")[0],
        struck=data.sequence if isinstance(data, Reversed) else 0,
        reason=data.reason,
        document=data.document,
        procedure=of.procedure,
        office=of.office,
    )
