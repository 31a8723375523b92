"""The importer's door: finished cases of another system, up to 500 at once, each answered by itself.

Promises one dossier per (source, case) for ever: the case is given its dossier first, and whatever comes after, a crash or
another import, goes on with the same one. Never sets a status: what the authority did is processing's door.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel, ConfigDict, Field

from contracts.catalogue.offices import Offices
from contracts.catalogue.shipped import PROCEDURES
from services.chassis.http.batches import Batch, Refused
from services.chassis.log.decider import Rejected
from services.chassis.log.event_store import Appended, Item
from services.intake.acting import Applicants
from services.intake.dossier import ACTS_STAND, INITIAL, SubmitDossier, decide
from services.intake.importing.acts import add_acts
from services.intake.importing.case import Case
from services.intake.importing.correcting import correct, differing
from services.intake.submitting import FIELD_OF, Intake, Submission, item_of
from services.intake.usual import ZONE

ITEMS_MAX = 500
BYTES_MAX = 1_048_576
CLOCKS_DIFFER = timedelta(minutes=5)
# The first hours of the calendar have no local day, and one such case would fail its neighbours.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


class Cases(BaseModel):
    """The body of the bulk door."""

    model_config = ConfigDict(extra="forbid", strict=True)

    items: list[Case] = Field(max_length=ITEMS_MAX)


class CaseAnswer(BaseModel):
    """What became of one item."""

    source: str
    case: str
    outcome: Literal["recorded", "repeated", "corrected", "refused"]
    dossier_id: UUID | None = None
    code: str | None = None
    detail: str | None = None
    field: str | None = None


class CaseAnswers(BaseModel):
    """One answer per item, in the order of the items."""

    answers: list[CaseAnswer]


Told = dict[str, Any]


async def take_in(applicants: Applicants, batch: Batch[Case], actor: str, traceparent: str) -> bytes:
    """Records the cases and answers for each, in order; the answer's JSON.

    Guarantee: a case is one dossier for ever, whoever imports it, however often. Test: test_a_case_is_one_dossier_for_ever.
    """
    intake, pool = applicants.intake, applicants.pool
    now = intake.clock()
    answers: list[Told | None] = []
    sound: list[tuple[int, Case, Item]] = []
    for place, case in enumerate(batch.items):
        if isinstance(case, Refused):
            answers.append(_malformed(case))
            continue
        item = _item(intake, case, intake.new_id(), actor, traceparent, now)
        if isinstance(item, Rejected):
            answers.append(_refused(case, item))
        else:
            answers.append(None)
            sound.append((place, case, item))
    if sound:
        items = await _claimed(intake, pool, sound, actor, traceparent, now)
        stored = await asyncio.gather(*(intake.store.append(item) for item in items))
        told = [(case, item.stream_id) for (_, case, _), item in zip(sound, items, strict=True)]
        before = [not isinstance(answer, Appended) for answer in stored]
        differ, histories = await differing(applicants, told, before)
        correctable = [
            each
            for each, differs in zip(told, differ, strict=True)
            if differs and each[0].correction is not None
        ]
        refusals = await correct(applicants, correctable, histories, actor, traceparent)
        corrected = {dossier_id: why for (_, dossier_id), why in zip(correctable, refusals, strict=True)}
        left_out = [
            differs is not None and corrected.get(dossier_id, ACTS_STAND) is not None
            for (_, dossier_id), differs in zip(told, differ, strict=True)
        ]
        added = await add_acts(
            applicants,
            [([] if left else case.acts, i) for (case, i), left in zip(told, left_out, strict=True)],
            actor,
            traceparent,
        )
        for (place, _, _), (case, dossier_id), stood, differs, left, more in zip(
            sound, told, before, differ, left_out, added, strict=True
        ):
            answer = {"dossier_id": str(dossier_id)}
            if differs and left:
                why = corrected.get(dossier_id) or Rejected("differs-from-record", differs.told)
                answers[place] = _refused(case, why, differs.field) | answer
            else:
                outcome = "corrected" if differs else "repeated" if stood and not more else "recorded"
                answers[place] = {"source": case.source, "case": case.case, "outcome": outcome} | answer
    return orjson.dumps({"answers": answers})


async def _claimed(
    intake: Intake,
    pool: asyncpg.Pool[Any],
    sound: list[tuple[int, Case, Item]],
    actor: str,
    traceparent: str,
    now: datetime,
) -> list[Item]:
    """The items under the dossiers that their cases have: the proposed ones, or those that were claimed before.

    A claim without its event is what a crash in between leaves: the next import appends under the same id.
    """
    rows = await pool.fetch(
        "SELECT dossier_id FROM claim_cases($1, $2, $3)",
        [case.source for _, case, _ in sound],
        [case.case for _, case, _ in sound],
        [item.stream_id for _, _, item in sound],
    )
    items = []
    for (_, case, item), row in zip(sound, rows, strict=True):
        dossier_id: UUID = row["dossier_id"]
        if dossier_id != item.stream_id:
            again = _item(intake, case, dossier_id, actor, traceparent, now)
            assert isinstance(again, Item), "the same case was decided the other way a moment ago"
            item = again
        items.append(item)
    return items


def foreseen(case: Case, now: datetime, offices: Offices) -> Rejected | None:
    """Why the case is refused, whatever was recorded of others; None when it is taken. Pure."""
    if untimely := _untimely(case, now):
        return untimely
    filing = SubmitDossier(
        case.submitted_at.astimezone(ZONE).date(),
        "import",
        case.procedure,
        case.office,
        case.channel,
        UUID(int=0),
        False,
        "",
        case.source,
    )
    decision = decide(filing, INITIAL, PROCEDURES, offices)
    return decision if isinstance(decision, Rejected) else None


def _untimely(case: Case, now: datetime) -> Rejected | None:
    if case.submitted_at > now + CLOCKS_DIFFER:
        return Rejected("in-the-future", "an import tells what has happened")
    if case.submitted_at < EARLIEST:
        return Rejected("too-long-ago", "a dossier is submitted in 1900 or later")
    for number, act in enumerate(case.acts):
        if act.at < EARLIEST:
            return Rejected(
                "before-submission", f"act {number}: nothing is done before the day of the submission"
            )
        if act.at > now + CLOCKS_DIFFER:
            return Rejected("in-the-future", f"act {number}: an import tells what has happened")
        if act.at.astimezone(ZONE).date() < case.submitted_at.astimezone(ZONE).date():
            return Rejected(
                "before-submission", f"act {number}: nothing is done before the day of the submission"
            )
    return None


def _item(
    intake: Intake, case: Case, dossier_id: UUID, actor: str, traceparent: str, now: datetime
) -> Item | Rejected:
    if untimely := _untimely(case, now):
        return untimely
    submission = Submission(
        door="import",
        procedure=case.procedure,
        office=case.office,
        channel=case.channel,
        applicant=case.applicant,
        content=orjson.dumps({"source": case.source, "case": case.case}),
        occurred_at=case.submitted_at,
        import_source=case.source,
    )
    return item_of(intake, submission, dossier_id, actor, traceparent=traceparent)


def _refused(case: Case, rejected: Rejected, field: str = "") -> Told:
    acts = rejected.code == "before-submission" or rejected.detail.startswith("act ")
    field = field or ("acts" if acts else FIELD_OF.get(rejected.code, "submitted_at"))
    return {
        "source": case.source,
        "case": case.case,
        "outcome": "refused",
        "code": rejected.code,
        "detail": rejected.detail,
        "field": field,
    }


def _malformed(refused: Refused) -> Told:
    """The case is named as it came, as far as it can be."""
    named = {name: str(refused.item.get(name, ""))[:100] for name in ("source", "case")}
    fault = refused.fault
    return {
        **named,
        "outcome": "refused",
        "code": fault.code,
        "detail": fault.detail,
        "field": fault.field,
    }
