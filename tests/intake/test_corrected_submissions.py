"""A case that its log tells otherwise now: its submission is corrected with reason and document, while no act stands on it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from contracts.catalogue.offices import load
from contracts.catalogue.shipped import PROCEDURES
from services.chassis.kafka.feeds import read_after
from services.chassis.log.decider import Rejected
from services.intake.dossier import (
    EVENTS,
    CorrectSubmission,
    DossierSubmitted,
    SubmissionCorrected,
    decide,
    fold,
)
from services.intake.outgoing import outgoing
from tests.deciding import deciding
from tests.intake.conftest import Front
from tests.intake.test_bulk import acts, answers, case

DOCUMENT = {"reason": "wrong_data", "document": "12/QĐ-SXD"}
MOVED = {"submitted_at": "2023-01-05T09:30:00+07:00", "procedure": "1.009983", "channel": "postal"}
THEN = datetime(2023, 1, 5, 2, 30, tzinfo=UTC)
CORRECT = CorrectSubmission(
    date(2023, 1, 5), THEN, "1.009983", "postal", "wrong_data", "12/QĐ-SXD", acted=False
)
CORRECTED = SubmissionCorrected(THEN, "1.009983", "postal", "wrong_data", "12/QĐ-SXD")
SUBMITTED = DossierSubmitted("1.009982", "H29.015.00", "online", UUID(int=7), False, "ab" * 32, "old")
STEP = (
    "INSERT INTO steps (dossier_id, sequence, what, status, happened_at, sets_due) "
    "VALUES ($1, $2, $3, $4, '2023-01-04T08:00:00+07:00', false)"
)

given = deciding(fold, lambda command, state: decide(command, state, PROCEDURES, load()))


def correcting(number: int, **changes: Any) -> dict[str, Any]:
    return case(number, correction=DOCUMENT, **(MOVED | changes))


def test_a_submission_is_corrected_while_no_act_stands_on_it() -> None:
    given([SUBMITTED]).when(CORRECT).then([CORRECTED])
    given([SUBMITTED, CORRECTED]).when(CORRECT).then_nothing()
    acted = CorrectSubmission(*(getattr(CORRECT, name) for name in CORRECT.__slots__[:-1]), acted=True)
    given([SUBMITTED]).when(acted).then_rejected("acts-stand")
    given([]).when(CORRECT).then_rejected("dossier-unknown")
    unknown = CorrectSubmission(date(2023, 1, 5), THEN, "9.999999", "postal", "wrong_data", "1/QĐ-X", False)
    decision = decide(unknown, fold([SUBMITTED]), PROCEDURES, load())
    assert isinstance(decision, Rejected) and decision.code == "procedure-unknown"


async def test_a_submission_is_corrected_with_its_document(
    front: Front, admin: asyncpg.Connection[Any]
) -> None:
    """Its acts stay, and further ones go on from there; told again, or back, it is compared with what it is now."""
    later = [each | {"at": "2023-01-06T08:00:00+07:00"} for each in acts(2)]
    (first,) = await answers(front, [case(1, acts=later)])
    (plain,) = await answers(front, [case(1, acts=later, **MOVED)])
    assert (plain["outcome"], plain["code"]) == ("refused", "differs-from-record")
    (corrected,) = await answers(front, [correcting(1, acts=later)])
    assert corrected == {
        "source": "old",
        "case": "1",
        "outcome": "corrected",
        "dossier_id": first["dossier_id"],
    }
    (again,) = await answers(front, [case(1, acts=later, **MOVED)])
    (twice,) = await answers(front, [correcting(1, acts=later)])
    assert again["outcome"] == twice["outcome"] == "repeated"
    (more,) = await answers(front, [case(1, acts=[*later, acts(3)[2]], **MOVED)])
    assert more["outcome"] == "recorded"
    rows = await admin.fetch("SELECT type, actor, occurred_at, data FROM events ORDER BY version")
    assert [row["type"] for row in rows] == [
        "DossierSubmitted",
        "SupplementProvided",
        "FeePaid",
        "SubmissionCorrected",
        "WithdrawalRequested",
    ]
    assert EVENTS.decode("SubmissionCorrected", 1, rows[3]["data"]) == CORRECTED
    assert rows[3]["actor"] == "importer/i1" and rows[3]["occurred_at"].year > 2023
    (back,) = await answers(front, [case(1, correction=DOCUMENT, acts=[*later, acts(3)[2]])])
    assert back["outcome"] == "corrected"


async def test_what_is_shown_is_what_is_told_now(front: Front) -> None:
    (first,) = await answers(front, [case(1)])
    await answers(front, [correcting(1)])
    shown = (await front.status(first["dossier_id"], role="officer", subject="o1")).json()
    assert {name: shown[name] for name in MOVED} == MOVED
    assert [each["what"] for each in shown["history"]] == ["DossierSubmitted", "SubmissionCorrected"]


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"office": "H29.016.00", "procedure": "1.009974"}, "differs-from-record", "office"),
        ({"acts": []}, "differs-from-record", "procedure"),
        ({"procedure": "1.999999"}, "procedure-unknown", "procedure"),
        ({"submitted_at": "2023-01-07T08:00:00+07:00"}, "before-submission", "acts"),
    ],
)
async def test_what_cannot_be_corrected_is_refused_whole(
    front: Front, admin: asyncpg.Connection[Any], change: dict[str, Any], code: str, field: str
) -> None:
    """The office, on which all rights rest; acts of the applicant; a day behind them."""
    later = [each | {"at": "2023-01-06T08:00:00+07:00"} for each in acts(2)]
    await answers(front, [case(1, acts=later, procedure="1.009974")])  # which both offices take
    (refused,) = await answers(front, [correcting(1, **({"acts": later} | change))])
    assert (refused["outcome"], refused["code"], refused["field"]) == ("refused", code, field)
    assert await admin.fetchval("SELECT count(*) FROM events") == 3


async def test_an_act_of_the_authority_is_struck_out_before(
    front: Front, admin: asyncpg.Connection[Any]
) -> None:
    (first,) = await answers(front, [case(1)])
    dossier_id = UUID(first["dossier_id"])
    await admin.execute(STEP, dossier_id, 1, "DossierAccepted", "accepted")
    (refused,) = await answers(front, [correcting(1)])
    assert (refused["outcome"], refused["code"]) == ("refused", "acts-stand")
    assert refused["dossier_id"] == first["dossier_id"]
    await admin.execute(STEP, dossier_id, 2, "DossierReversed", "submitted")
    (corrected,) = await answers(front, [correcting(1)])
    assert corrected["outcome"] == "corrected"


async def test_a_correction_is_said_with_its_own_time(front: Front) -> None:
    await answers(front, [case(1)])
    await answers(front, [correcting(1)])
    (stored,) = await read_after(front.pool, 1, 10)
    message = outgoing(bytes(64))(stored)
    assert ("ce_origin", b"import") in message.headers
    told = orjson.loads(message.value or b"")
    assert datetime.fromisoformat(told["submitted_at"]) == THEN
    assert datetime.fromisoformat(told["time"]) == stored.occurred_at
