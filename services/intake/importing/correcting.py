"""Where an import tells a case otherwise than the record, and how the record is brought to what it tells now.

Promises that a submission, and what the import told of the applicant's acts, is corrected with reason and document or not at all.
Never strikes out what an applicant did here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

from contracts.catalogue.shipped import PROCEDURES
from services.chassis.http.problems import Problem
from services.chassis.kafka.feeds import IMPORTER
from services.chassis.log.decider import ATTEMPTS, Context, Rejected, new_events
from services.chassis.log.event_store import Appended, Item, StoredEvent
from services.intake.acting import Applicants
from services.intake.correction_events import ApplicantActReversed
from services.intake.dossier import EVENTS, CorrectSubmission, Event, decide, filed_as, fold
from services.intake.following import FILES, REVERSED
from services.intake.importing.acts import acts_differ, imported
from services.intake.importing.case import Case
from services.intake.usual import ZONE

COMPARED = ("procedure", "office", "channel", "submitted_at")
# Where the authority's acts have led, as far as they have been heard of; those that were reversed led nowhere.
ACTED = """
SELECT DISTINCT ON (dossier_id) dossier_id, status <> 'submitted' AS acted FROM steps
WHERE dossier_id = ANY($1::uuid[]) AND status IS NOT NULL ORDER BY dossier_id, sequence DESC
"""
# By which acts the authority answers one of the applicant's.
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "SupplementProvided": ("SupplementAccepted",),
    "FeePaid": ("FeeConfirmed",),
    "WithdrawalRequested": ("DossierWithdrawn", "WithdrawalRefused"),
}
ANSWERED = """
SELECT s.dossier_id, s.what FROM steps s WHERE s.dossier_id = ANY($1::uuid[]) AND s.what = ANY($2::text[])
AND NOT EXISTS (SELECT FROM steps r WHERE r.dossier_id = s.dossier_id AND r.strikes = s.sequence)
"""


class Difference(NamedTuple):
    """The first member that is told otherwise than it was recorded, and both values in words. `refiled`: the submission is another
    one; `act`: from which on of the acts that stand."""

    field: str
    told: str
    refiled: bool = False
    act: int | None = None


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
    act, how = acts_differ(case.acts, history) or (None, "")
    if other:
        told = "; ".join(f"{name} is {now[name]}, the record has {had[name]}" for name in other)
        return Difference(other[0], told, True, act)
    return Difference("acts", how, False, act) if how else None


async def correct(
    applicants: Applicants,
    told: Sequence[tuple[Case, UUID]],
    histories: Mapping[UUID, list[StoredEvent]],
    actor: str,
    traceparent: str,
) -> list[Rejected | None]:
    """Records the submissions as they are told now, and strikes out the acts that are told otherwise; for each why not, or None.

    Guarantee: a submission that its log tells otherwise is corrected once, with reason and document.
    Test: test_a_submission_is_corrected_with_its_document.
    Guarantee: an act of the applicant's that its log tells otherwise is struck out, and told anew behind it.
    Test: test_acts_of_the_applicant_are_struck_out_and_told_anew.
    """
    if not told:
        return []
    ids = [dossier_id for _, dossier_id in told]
    rows = await applicants.pool.fetch(ACTED, ids)
    acted = {row["dossier_id"] for row in rows if row["acted"]}
    answers = [what for each in ANSWERS.values() for what in each]
    answered = {tuple(row) for row in await applicants.pool.fetch(ANSWERED, ids, answers)}

    async def one(case: Case, dossier_id: UUID) -> Rejected | None:
        history = histories[dossier_id]
        answers = {what for of, what in answered if of == dossier_id}
        for _ in range(ATTEMPTS):
            differs = difference(case, history)
            if differs is None:
                return None
            decision = _decide(applicants, case, history, differs, answers, acted=dossier_id in acted)
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


def _decide(
    applicants: Applicants,
    case: Case,
    history: Sequence[StoredEvent],
    differs: Difference,
    answers: Collection[str],
    *,
    acted: bool,
) -> Sequence[Event] | Rejected:
    """Struck out first, the latest first. Guarantee: what the authority has answered is not struck out under its answer.

    Test: test_an_act_that_was_answered_is_struck_out_under_no_answer.
    """
    assert case.correction is not None
    reason, document = case.correction.reason, case.correction.document
    events: list[Event] = []
    if differs.refiled and (here := _earlier_here(history, case.submitted_at)):
        return here
    for stored in reversed(imported(history)[differs.act :] if differs.act is not None else []):
        if answer := next((what for what in ANSWERS[stored.type] if what in answers), None):
            return Rejected(
                "answer-stands",
                f"{differs.told}; the authority's {answer} answers it: have that reversed first, by processing's bulk door with the "
                "case up to there and the correction, or by a supervisor",
            )
        events.append(ApplicantActReversed(stored.version, stored.type, reason, document))
    if differs.refiled:
        command = _command(case, acted=acted)
        state = fold(_event(stored) for stored in history)
        decision = decide(command, state, PROCEDURES, applicants.intake.offices)
        if isinstance(decision, Rejected):
            return decision
        events += decision
    return events


def _earlier_here(history: Sequence[StoredEvent], submitted_at: datetime) -> Rejected | None:
    """What the applicant did here before the day on which the case is told to be submitted now."""
    own = [e for e in history if e.type not in (*FILES, REVERSED) and not e.actor.startswith(IMPORTER)]
    days = {e.type: e.occurred_at.astimezone(ZONE).date() for e in reversed(own)}
    told_on = submitted_at.astimezone(ZONE).date()
    for what, on in days.items():
        if on < told_on:
            return Rejected(
                "acted-on-here",
                f"the record has {what} on {on}, done here by the applicant, which cannot be before the submission on {told_on}: look "
                "which of the two is right; what was done here stands",
            )
    return None


def _command(case: Case, *, acted: bool) -> CorrectSubmission:
    assert case.correction is not None
    return CorrectSubmission(
        case.submitted_at.astimezone(ZONE).date(),
        case.submitted_at,
        case.procedure,
        case.office,
        case.channel,
        case.correction.reason,
        case.correction.document,
        acted,
    )


def _event(stored: StoredEvent) -> Event:
    return EVENTS.decode(stored.type, stored.schema_version, stored.data)
