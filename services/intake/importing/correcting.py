"""Where an import tells a case otherwise than the record, and how the submission is brought to what it tells now.

Promises that a submission is corrected with reason and document or not at all. Never corrects an act of the applicant's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID, uuid5

from contracts.catalogue.shipped import PROCEDURES
from services.chassis.http.problems import Problem
from services.chassis.log.decider import ATTEMPTS, Context, Rejected, new_events
from services.chassis.log.event_store import Appended, Item, StoredEvent
from services.intake.acting import Applicants
from services.intake.dossier import EVENTS, CorrectSubmission, Event, decide, filed_as, fold
from services.intake.importing.acts import acts_differ
from services.intake.importing.case import Case
from services.intake.usual import ZONE

COMPARED = ("procedure", "office", "channel", "submitted_at")
CORRECTABLE = ("procedure", "channel", "submitted_at")
# Where the authority's acts have led, as far as they have been heard of; those that were reversed led nowhere.
ACTED = """
SELECT DISTINCT ON (dossier_id) dossier_id, status <> 'submitted' AS acted FROM steps
WHERE dossier_id = ANY($1::uuid[]) AND status IS NOT NULL ORDER BY dossier_id, sequence DESC
"""


class Difference(NamedTuple):
    """The first member that is told otherwise than it was recorded, and both values in words; `correctable`: by a correction."""

    field: str
    told: str
    correctable: bool = False


async def differing(
    applicants: Applicants, told: Sequence[tuple[Case, UUID]], before: Sequence[bool]
) -> tuple[list[Difference | None], Mapping[UUID, list[StoredEvent]]]:
    """Of each case that stood already: what the import tells otherwise now, and what the record has; with the histories.

    Guarantee: a repeat is the same content, not the same name. Test: test_a_case_that_is_told_otherwise_now_is_refused.
    """
    stood = [dossier_id for (_, dossier_id), was in zip(told, before, strict=True) if was]
    histories = await applicants.intake.store.load_many(stood) if stood else {}
    found = [
        difference(case, histories[dossier_id]) if was else None
        for (case, dossier_id), was in zip(told, before, strict=True)
    ]
    return found, histories


def difference(case: Case, history: Sequence[StoredEvent]) -> Difference | None:
    """What people brought with them is not compared: it may be erased here, and what is filed stands apart from the log."""
    filed = filed_as((_event(stored), stored.occurred_at) for stored in history)
    now = {name: getattr(case, name) for name in COMPARED}
    had = {name: getattr(filed, name) for name in COMPARED}
    now["submitted_at"], had["submitted_at"] = (
        at.astimezone(ZONE).isoformat() for at in (case.submitted_at, filed.submitted_at)
    )
    other = [name for name in now if now[name] != had[name]]
    acts = acts_differ(case.acts, history)
    if other:
        told = "; ".join(f"{name} is {now[name]}, the record has {had[name]}" for name in other)
        return Difference(other[0], told, not acts and set(other) <= set(CORRECTABLE))
    return Difference("acts", acts) if acts else None


async def correct(
    applicants: Applicants,
    told: Sequence[tuple[Case, UUID]],
    histories: Mapping[UUID, list[StoredEvent]],
    actor: str,
    traceparent: str,
) -> list[Rejected | None]:
    """Records the submissions as they are told now; for each why not, or None.

    Guarantee: a submission that its log tells otherwise is corrected once, with reason and document.
    Test: test_a_submission_is_corrected_with_its_document.
    """
    if not told:
        return []
    rows = await applicants.pool.fetch(ACTED, [dossier_id for _, dossier_id in told])
    acted = {row["dossier_id"] for row in rows if row["acted"]}

    async def one(case: Case, dossier_id: UUID) -> Rejected | None:
        history = histories[dossier_id]
        for _ in range(ATTEMPTS):
            command = _command(case, acted=dossier_id in acted)
            state = fold(_event(stored) for stored in history)
            decision = decide(command, state, PROCEDURES, applicants.intake.offices)
            if isinstance(decision, Rejected):
                return decision
            if not decision:
                return None
            command_id = uuid5(dossier_id, f"correction behind {len(history)}")
            context = Context(command_id, actor, applicants.intake.clock(), traceparent=traceparent)
            item = Item(
                stream_id=dossier_id,
                expected_version=len(history),
                command_id=command_id,
                events=new_events(EVENTS, decision, context, applicants.intake.new_id),
                actor=actor,
                traceparent=traceparent,
            )
            if isinstance(await applicants.acts.append(item), Appended):
                return None
            # Another import was quicker: what it recorded stands.
            history = await applicants.acts.load(dossier_id)
        raise Problem(503, detail="others import this case just now; send it again")

    return await asyncio.gather(*(one(case, dossier_id) for case, dossier_id in told))


def _command(case: Case, *, acted: bool) -> CorrectSubmission:
    assert case.correction is not None
    return CorrectSubmission(
        case.submitted_at.astimezone(ZONE).date(),
        case.submitted_at,
        case.procedure,
        case.channel,
        case.correction.reason,
        case.correction.document,
        acted,
    )


def _event(stored: StoredEvent) -> Event:
    return EVENTS.decode(stored.type, stored.schema_version, stored.data)
