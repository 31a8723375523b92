"""Following a dossier: right after the submission, through the authority's acts, and who may see what."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from contracts.sealed import Unsealable
from services.chassis.kafka.ordering import Delivered
from services.intake.incoming import APPLIED, STATUS_AFTER, Accepted, tracking
from tests.intake.conftest import CODE_KEY, Front, sealed

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CODE = "H29.015.00-260302-0001"


def delivered(dossier_id: UUID, sequence: int, kind: str, /, **data: Any) -> Delivered:
    said = APPLIED[f"{kind}.v1"].model_validate(data)
    return Delivered(
        "dossiers",
        0,
        sequence,
        uuid7(),
        "processing",
        f"{kind}.v1",
        dossier_id,
        sequence,
        AT,
        AT,
        None,
        None,
        said,
    )


def life(dossier_id: UUID, code: str = CODE) -> list[Delivered]:
    """What processing says of a dossier that goes its whole way."""
    return [
        delivered(
            dossier_id,
            1,
            "DossierAccepted",
            sealed_code=sealed(code, dossier_id),
            due_on=date(2026, 3, 20),
            level="full",
            procedure="1.009982",
        ),
        delivered(dossier_id, 2, "DossierForwarded", unit="X", step="thu_ly"),
        delivered(
            dossier_id, 3, "DossierResolved", outcome="granted", due_on=date(2026, 3, 23), late_reason=None
        ),
        delivered(dossier_id, 4, "ResultReturned", method="online"),
    ]


async def hear(front: Front, deliveries: list[Delivered]) -> None:
    async with front.pool.acquire() as connection, connection.transaction():
        await tracking((CODE_KEY,))(connection, deliveries)


async def test_a_submission_can_be_followed_at_once(front: Front) -> None:
    receipt = (await front.file()).json()
    seen = (await front.status(receipt["dossier_id"])).json()
    assert seen == {
        "dossier_id": receipt["dossier_id"],
        "procedure": "1.009982",
        "office": "H29.015.00",
        "channel": "online",
        "result_delivery": "collected",
        "status": "submitted",
        "national_status": {"number": 1, "name": "Mới đăng ký", "reason": None},
        "code": None,
        "submitted_at": receipt["submitted_at"],
        "due_on": None,
        "provisional": None,
        "paused_since": None,
        "paused_for": None,
        "deadline_on": None,
        "desk_closes": None,
        "reception_due_at": seen["reception_due_at"],
        "to_bring": [],
        "fee_vnd": None,
        "usual_time": None,
        "handled_by": None,
        "outcome": None,
        "reason": None,
        "words": None,
        "history": [{"what": "DossierSubmitted", "at": receipt["submitted_at"], "words": None}],
    }


@pytest.mark.parametrize(
    ("kind", "data", "outcome", "reason"),
    [
        ("DossierRejected", {"reason": "not_eligible"}, None, ("not_eligible", "không đủ điều kiện theo quy định")),
        ("ProcessingStopped", {"reason": "not_competent", "due_on": None}, None,
         ("not_competent", "hồ sơ không thuộc thẩm quyền giải quyết")),
        ("DossierResolved", {"outcome": "granted", "due_on": None}, "granted", None),
        ("DossierResolved", {"outcome": "refused", "due_on": None, "refusal_reason": "against_planning",
         "document": "45/SXD-QLXD"}, "refused", ("against_planning", "không phù hợp quy hoạch được duyệt")),
    ],
)  # fmt: skip
async def test_an_end_says_how_and_why(
    front: Front, kind: str, data: dict[str, Any], outcome: str | None, reason: tuple[str, str] | None
) -> None:
    """Until the act is reversed."""
    dossier = UUID((await front.file()).json()["dossier_id"])
    await hear(front, [delivered(dossier, 1, "DossierForwarded", unit="H29.015.00/QLXD", step="thu_ly")])
    await hear(front, [delivered(dossier, 2, kind, **data)])
    told = (await front.status(str(dossier))).json()
    assert told["outcome"] == outcome
    assert told["handled_by"] == {
        "unit": "H29.015.00/QLXD",
        "vi": "Phòng Quản lý xây dựng",
        "en": "Construction Management Division",
        "telephone": "1022",
        "officer": None,
    }
    assert (told["reason"] and (told["reason"]["code"], told["reason"]["vi"])) == reason
    assert (told["reason"] or {}).get("document") == data.get("document")
    back = {"sequence": 2, "status": "in_processing", "due_on": None}
    await hear(front, [delivered(dossier, 3, "DossierReversed", **back)])
    told = (await front.status(str(dossier))).json()
    assert (told["outcome"], told["reason"]) == (None, None)


async def test_a_date_that_may_still_move_says_why(front: Front) -> None:
    """The due date as it was told last, then the deadline of what is asked for; nothing where the clock stands still or has ended."""
    dossier = UUID((await front.file()).json()["dossier_id"])
    (accepted, *_) = life(dossier, "H29.015.00-260302-0101")
    assert isinstance(accepted.data, Accepted)
    tentative = accepted.data.model_copy(update={"due_on": date(2027, 1, 4), "provisional": True})
    await hear(front, [accepted._replace(data=tentative)])
    told = (await front.status(str(dossier))).json()
    assert told["due_on"] == "2027-01-04"
    assert told["provisional"]["vi"].startswith("Tạm tính: lịch nghỉ Tết, Quốc khánh")
    asked = {"amount_vnd": 1, "deadline_on": date(2026, 12, 30), "clock": "paused", "due_on": None}
    await hear(front, [delivered(dossier, 2, "FeeRequested", **asked)])
    assert (await front.status(str(dossier))).json()["provisional"] is None
    moved = {"request": 2, "deadline_on": date(2027, 1, 5), "provisional": True}
    await hear(front, [delivered(dossier, 3, "DeadlineChanged", **moved)])
    assert (await front.status(str(dossier))).json()["provisional"]
    back = {"status": "accepted", "due_on": date(2026, 12, 31)}
    await hear(front, [delivered(dossier, 4, "FeeConfirmed", **back)])
    assert (await front.status(str(dossier))).json()["provisional"] is None


async def test_the_status_follows_the_authoritys_acts(front: Front) -> None:
    dossier_id = UUID((await front.file()).json()["dossier_id"])
    statuses, dues = [], []
    for one in life(dossier_id):
        await hear(front, [one])
        seen = (await front.status(dossier_id)).json()
        statuses.append(seen["status"])
        dues.append(seen["due_on"])
    assert statuses == ["accepted", "in_processing", "resolved", "returned"]
    assert dues == ["2026-03-20", "2026-03-20", "2026-03-23", "2026-03-23"]
    assert seen["code"] == CODE
    assert [step["what"] for step in seen["history"]] == [
        "DossierSubmitted",
        "DossierAccepted",
        "DossierForwarded",
        "DossierResolved",
        "ResultReturned",
    ]
    assert seen["history"][1]["at"] == "2026-03-02T16:00:00+07:00"


async def test_a_rejection_is_seen(front: Front) -> None:
    dossier_id = UUID((await front.file()).json()["dossier_id"])
    await hear(front, [delivered(dossier_id, 1, "DossierRejected", reason="incomplete")])
    assert (await front.status(dossier_id)).json()["status"] == "rejected"


async def test_an_apology_and_a_correction_leave_the_status_as_it_was(front: Front) -> None:
    dossier_id = UUID((await front.file()).json()["dossier_id"])
    sorry = delivered(dossier_id, 2, "ApologyIssued", reason="workload", appointment_on="2026-03-30")
    await hear(front, [life(dossier_id)[0], sorry])
    assert (await front.status(dossier_id)).json()["status"] == "accepted"
    looked = await front.client.get("/v1/lookup", params={"code": CODE})
    assert looked.json() == {"code": CODE, "status": "accepted"}
    stopped = delivered(dossier_id, 3, "ProcessingStopped", reason="not_competent", due_on="2026-03-20")
    corrected = delivered(dossier_id, 4, "ResultCorrected", reason="wrong_data", document="1/QĐ-SXD")
    await hear(front, [stopped, corrected])
    seen = (await front.status(dossier_id)).json()
    assert (seen["status"], seen["due_on"]) == ("stopped", "2026-03-20")
    assert seen["national_status"] == {"number": 8, "name": "Dừng xử lý", "reason": None}
    whats = [step["what"] for step in seen["history"]]
    assert whats[2:] == ["ApologyIssued", "ProcessingStopped", "ResultCorrected"]


def test_every_applied_type_has_its_status() -> None:
    says_it_itself = {kind for kind, model in APPLIED.items() if "status" in model.model_fields}
    unchanged = APPLIED.keys() - STATUS_AFTER.keys() - says_it_itself
    assert unchanged == {
        "ApologyIssued.v1",
        "ResultCorrected.v1",
        "SupplementLapsed.v1",
        "OpinionRequested.v1",
        "OpinionGiven.v1",
        "ConsentDeemed.v1",
        "DueDateChanged.v1",
        "DueDateExtended.v1",
        "DeadlineChanged.v1",
        "OpinionDeadlineChanged.v1",
        "DossierHandedOver.v1",
    }
    assert STATUS_AFTER.keys() <= APPLIED.keys()
    assert not STATUS_AFTER.keys() & says_it_itself


async def test_acts_before_their_submission_is_here_are_kept(front: Front) -> None:
    dossier_id = uuid7()
    await hear(front, life(dossier_id))
    assert (await front.status(dossier_id, "officer")).status_code == 404
    looked = await front.client.get("/v1/lookup", params={"code": CODE})
    assert looked.json() == {"code": CODE, "status": "returned"}


async def test_a_code_sealed_for_another_dossier_is_poison(front: Front) -> None:
    dossier_id = uuid7()
    act = delivered(
        dossier_id, 1, "DossierAccepted", sealed_code=sealed(CODE, uuid7()), procedure="1.009982", due_on=None
    )
    with pytest.raises(Unsealable):
        await hear(front, [act])
    assert await front.pool.fetchval("SELECT count(*) FROM steps") == 0


async def test_a_dossier_is_shown_to_who_filed_it_and_to_officers(front: Front) -> None:
    dossier_id = (await front.file()).json()["dossier_id"]
    assert (await front.status(dossier_id)).status_code == 200
    assert (await front.status(dossier_id, "officer", "o1")).status_code == 200
    assert (await front.status(dossier_id, "supervisor", "o2")).status_code == 200
    assert (await front.status(dossier_id, "portal", "s2")).status_code == 404
    assert (await front.status(uuid7())).status_code == 404
    assert (await front.status(dossier_id, "importer")).status_code == 403
    assert (await front.client.get(f"/v1/dossiers/{dossier_id}")).status_code == 401
    assert (await front.status("not-an-id")).status_code == 422


async def test_ready_means_that_it_can_append(front: Front, admin: asyncpg.Connection[Any]) -> None:
    answer = await front.client.get("/readyz")
    assert (answer.status_code, answer.json()["log"]) == (200, "writable")
    assert "kafka" in answer.json()
    before = await admin.fetchval("SELECT count(*) FROM events")
    async with admin.transaction():
        await admin.execute("SELECT FROM log_head FOR UPDATE")
        answer = await asyncio.wait_for(front.client.get("/readyz"), 10)
        assert (answer.status_code, answer.json()["log"]) == (503, "away")
    assert (await front.client.get("/readyz")).status_code == 200
    assert await admin.fetchval("SELECT count(*) FROM events") == before


@pytest.mark.parametrize("changed", ["new_filing_v2", "new_act_v2", "new_event_v2"])
async def test_ready_means_that_its_rows_are_taken(
    front: Front, admin: asyncpg.Connection[Any], changed: str
) -> None:
    """Somebody alters a type under a running process, which knows it by heart."""
    assert (await front.client.get("/readyz")).status_code == 200
    await admin.execute(f"ALTER TYPE {changed} ADD ATTRIBUTE one_more text")
    answer = await front.client.get("/readyz")
    assert (answer.status_code, answer.json()["log"]) == (503, "refusing")
    assert await admin.fetchval("SELECT count(*) FROM events") == 0


async def test_readiness_leaves_nothing_behind(front: Front, admin: asyncpg.Connection[Any]) -> None:
    assert (await front.client.get("/readyz")).status_code == 200
    tables = await admin.fetch(
        "SELECT c.oid::regclass::text AS name FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
    )
    counts = {row["name"]: await admin.fetchval(f"SELECT count(*) FROM {row['name']}") for row in tables}
    assert {name for name, count in counts.items() if count} == {
        *("alembic_version", "log_head", "log_incarnations", "relay_lease"),
        "people_index_at",
    }
    assert (await front.file()).status_code == 201
