"""A case that its log tells otherwise now: its submission is corrected with reason and document, while no act stands on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from contracts.catalogue.offices import load
from contracts.catalogue.shipped import PROCEDURES
from services.chassis.kafka.feeds import read_after
from services.intake.correction_events import SubmissionCorrected
from services.intake.dossier import EVENTS, CorrectSubmission, DossierSubmitted, decide, fold
from services.intake.outgoing import outgoing
from tests.deciding import deciding
from tests.intake.conftest import Front, body
from tests.intake.test_bulk import acts, answers, case

DOCUMENT = {"reason": "wrong_data", "document": "12/QĐ-SXD"}
MOVED = {"submitted_at": "2023-01-05T09:30:00+07:00", "procedure": "1.009983", "channel": "postal"}
THEN = datetime(2023, 1, 5, 2, 30, tzinfo=UTC)
OFFICE, OTHER_OFFICE = "H29.015.00", "H29.016.00"
CORRECT = CorrectSubmission(
    date(2023, 1, 5), THEN, "1.009983", OFFICE, "postal", "wrong_data", "12/QĐ-SXD", acted=False
)
CORRECTED = SubmissionCorrected(THEN, "1.009983", "postal", "wrong_data", "12/QĐ-SXD", OFFICE)
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
    given([SUBMITTED]).when(replace(CORRECT, acted=True)).then_rejected("acts-stand")
    given([]).when(CORRECT).then_rejected("dossier-unknown")
    given([SUBMITTED]).when(replace(CORRECT, procedure="9.999999")).then_rejected("procedure-unknown")
    given([SUBMITTED]).when(replace(CORRECT, office=OTHER_OFFICE)).then_rejected("procedure-not-here")
    given([SUBMITTED]).when(replace(CORRECT, office="H29.099.00")).then_rejected("office-unknown")


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
        ({"office": "H29.016.00", "procedure": "1.009982"}, "procedure-not-here", "office"),
        ({"office": "H29.099.00"}, "office-unknown", "office"),
        ({"procedure": "1.999999"}, "procedure-unknown", "procedure"),
        ({"submitted_at": "2023-01-07T08:00:00+07:00"}, "before-submission", "acts"),
    ],
)
async def test_what_cannot_be_corrected_is_refused_whole(
    front: Front, admin: asyncpg.Connection[Any], change: dict[str, Any], code: str, field: str
) -> None:
    """An office that does not take it, or is none; a procedure that is none; a day behind what the applicant did."""
    later = [each | {"at": "2023-01-06T08:00:00+07:00"} for each in acts(2)]
    await answers(front, [case(1, acts=later, procedure="1.009974")])  # which both offices take
    (refused,) = await answers(front, [correcting(1, **({"acts": later} | change))])
    assert (refused["outcome"], refused["code"], refused["field"]) == ("refused", code, field)
    assert await admin.fetchval("SELECT count(*) FROM events") == 3


async def test_another_office_has_it_from_now_on(front: Front) -> None:
    """Its status, and the person behind it, are the new office's to read, and no longer the one's before."""
    person = {"applicant": body()["applicant"], "procedure": "1.009974"}
    (first,) = await answers(front, [case(1, **person)])
    other = case(1, correction=DOCUMENT, office=OTHER_OFFICE, **person)
    (corrected,) = await answers(front, [other])
    assert corrected["outcome"] == "corrected"

    async def statuses(path: str) -> list[int]:
        who = [front.headers("officer", "o1", office=office) for office in (OFFICE, OTHER_OFFICE)]
        return [(await front.client.get(path, headers=headers)).status_code for headers in who]

    assert await statuses(f"/v1/dossiers/{first['dossier_id']}") == [404, 200]
    assert await statuses(f"/v1/people/{first['dossier_id']}?purpose=processing") == [404, 200]
    (same,) = await answers(front, [case(1, office=OTHER_OFFICE, **person)])
    assert same["outcome"] == "repeated"


async def test_acts_of_the_applicant_are_struck_out_and_told_anew(
    front: Front, admin: asyncpg.Connection[Any]
) -> None:
    """From the first that is told otherwise on, the latest first, in one append; what follows goes on from there, also back."""
    before, dearer = acts(3), [acts()[0], acts()[1] | {"amount": 300_001}, acts()[2]]
    (first,) = await answers(front, [case(1, acts=before)])
    (plain,) = await answers(front, [case(1, acts=dearer)])
    assert (plain["outcome"], plain["code"]) == ("refused", "differs-from-record")
    (corrected,) = await answers(front, [case(1, acts=dearer, correction=DOCUMENT)])
    assert corrected["outcome"] == "corrected"
    rows = await admin.fetch("SELECT type, actor, data FROM events ORDER BY version")
    assert [row["type"] for row in rows][4:] == [
        *["ApplicantActReversed"] * 2,
        "FeePaid",
        "WithdrawalRequested",
    ]
    told = [orjson.loads(row["data"]) for row in rows]
    assert [(each["sequence"], each["event"], each["document"]) for each in told[4:6]] == [
        (4, "WithdrawalRequested", "12/QĐ-SXD"),
        (3, "FeePaid", "12/QĐ-SXD"),
    ]
    assert told[6]["amount"] == 300_001
    (again,) = await answers(front, [case(1, acts=dearer)])
    (twice,) = await answers(front, [case(1, acts=dearer, correction=DOCUMENT)])
    assert again["outcome"] == twice["outcome"] == "repeated"
    (fewer,) = await answers(front, [case(1, acts=dearer[:2], correction=DOCUMENT)])
    assert fewer["outcome"] == "corrected"
    shown = (await front.status(first["dossier_id"], role="officer", subject="o1")).json()
    assert shown["status"] == "submitted", "no request to withdraw stands any more"
    found = await front.client.get("/v1/lookup", params={"code": first["dossier_id"]})
    assert found.json()["status"] == "submitted"
    (back,) = await answers(front, [case(1, acts=before, correction=DOCUMENT)])
    assert back["outcome"] == "corrected"
    (stored,) = await read_after(front.pool, 4, 1)
    assert orjson.loads(outgoing(bytes(64))(stored).value or b"")["event"] == "WithdrawalRequested"


async def test_an_act_that_was_answered_is_struck_out_under_no_answer(
    front: Front, admin: asyncpg.Connection[Any]
) -> None:
    """Whoever confirmed a payment did it on that one: the confirmation goes first, and who is to do what is told."""
    (first,) = await answers(front, [case(1, acts=acts(2))])
    dossier_id, fewer = UUID(first["dossier_id"]), case(1, acts=acts(1), correction=DOCUMENT)
    await admin.execute(STEP, dossier_id, 1, "FeeConfirmed", "accepted")
    (refused,) = await answers(front, [fewer])
    assert (refused["outcome"], refused["code"], refused["field"]) == ("refused", "answer-stands", "acts")
    assert "FeeConfirmed answers it" in refused["detail"]
    strike = "UPDATE steps SET strikes = 1 WHERE dossier_id = $1 AND sequence = 2"
    await admin.execute(STEP, dossier_id, 2, "DossierReversed", "accepted")
    await admin.execute(strike, dossier_id)
    (corrected,) = await answers(front, [fewer])
    assert corrected["outcome"] == "corrected"


async def test_what_the_applicant_did_here_stands(front: Front, admin: asyncpg.Connection[Any]) -> None:
    """It is not told by the log, and is struck out by no correction; nor does the submission move behind it."""
    (first,) = await answers(front, [case(1, acts=acts(1))])
    await admin.execute(
        "UPDATE events SET actor = 'portal/p1' WHERE stream_id = $1 AND version = 2",
        UUID(first["dossier_id"]),
    )
    (none,) = await answers(front, [case(1, acts=[], correction=DOCUMENT)])
    assert none["outcome"] == "repeated"
    later = case(1, submitted_at="2023-01-09T08:00:00+07:00", correction=DOCUMENT)
    (refused,) = await answers(front, [later])
    assert (refused["code"], refused["field"]) == ("acted-on-here", "submitted_at")
    assert "done here by the applicant" in refused["detail"]
    (corrected,) = await answers(front, [later | {"submitted_at": "2023-01-04T07:00:00+07:00"}])
    assert corrected["outcome"] == "corrected", "on the same day it may stand"


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
