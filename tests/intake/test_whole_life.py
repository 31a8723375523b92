"""What an applicant sees of the whole life: pauses, papers, fees, withdrawals, reversals; the same however both sides are heard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from contracts.catalogue.procedure import Version
from contracts.catalogue.shipped import version_on
from services.intake.dossier import EVENTS, DossierSubmitted, FeePaid, SupplementProvided, WithdrawalRequested
from services.intake.following import Row, standing
from services.intake.incoming import APPLIED, step
from services.intake.national import STATUSES
from services.intake.usual import ZONE
from tests.intake.conftest import CODE_KEY, Front, Process, act, body, sealed
from tests.intake.test_following import CODE, delivered, hear, life

SUPPLEMENT = {
    "papers": [{"paper": 2, "fault": "unreadable"}, {"paper": 40, "fault": "missing"}],
    "deadline_on": date(2026, 3, 30),
    "clock": "paused",
    "due_on": None,
}
FEE = {"amount_vnd": 300_000, "deadline_on": date(2026, 3, 31), "clock": "paused", "due_on": None}
BACK = {"status": "accepted", "due_on": date(2026, 4, 1)}


async def accepted(front: Front) -> UUID:
    dossier_id = UUID((await front.file()).json()["dossier_id"])
    await hear(front, life(dossier_id)[:1])
    return dossier_id


async def seen(front: Front, dossier_id: UUID) -> dict[str, Any]:
    answer = await front.status(dossier_id)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def looked_up(front: Front, code: str = CODE) -> Any:
    answer = await front.client.get("/v1/lookup", params={"code": code})
    return answer.json().get("status") if answer.status_code == 200 else answer.status_code


async def test_a_request_for_papers_says_what_to_bring_and_since_when_the_clock_stands(front: Front) -> None:
    dossier_id = await accepted(front)
    await hear(front, [delivered(dossier_id, 2, "SupplementRequested", **SUPPLEMENT)])
    shown = await seen(front, dossier_id)
    version = version_on("1.009982", datetime.now(ZONE).date())
    assert isinstance(version, Version)
    assert (shown["status"], shown["national_status"]["number"]) == ("supplement_requested", 5)
    assert (shown["due_on"], shown["paused_since"], shown["paused_for"]) == (None, "2026-03-02", "supplement")
    assert shown["deadline_on"] == "2026-03-30"
    assert shown["to_bring"] == [
        {
            "paper": 2,
            "name_vi": version.papers[1].name_vi,
            "name_en": version.papers[1].name_en,
            "fault": "unreadable",
        },
        {"paper": 40, "name_vi": None, "name_en": None, "fault": "missing"},
    ]
    await hear(front, [delivered(dossier_id, 3, "SupplementAccepted", **BACK)])
    shown = await seen(front, dossier_id)
    assert (shown["status"], shown["due_on"], shown["to_bring"]) == ("accepted", "2026-04-01", [])
    assert (shown["paused_since"], shown["paused_for"], shown["deadline_on"]) == (None, None, None)


async def test_papers_keep_the_names_of_the_version_of_the_submission(process: Process) -> None:
    eve = datetime(2026, 6, 30, 23, 0, tzinfo=ZONE)
    async with process(lambda: eve) as front:
        filed = await front.file(body(procedure="1.009973"))
        dossier_id = UUID(filed.json()["dossier_id"])
        asked = SUPPLEMENT | {"papers": [{"paper": 1, "fault": "expired"}]}
        await hear(front, [delivered(dossier_id, 1, "SupplementRequested", **asked)])
        version = version_on("1.009973", eve.date())
        assert isinstance(version, Version)
        assert (await seen(front, dossier_id))["to_bring"][0]["name_vi"] == version.papers[0].name_vi


async def test_a_clock_that_runs_on_shows_no_pause(front: Front) -> None:
    dossier_id = await accepted(front)
    runs = SUPPLEMENT | {"clock": "runs", "due_on": date(2026, 3, 20)}
    await hear(front, [delivered(dossier_id, 2, "SupplementRequested", **runs)])
    shown = await seen(front, dossier_id)
    assert (shown["due_on"], shown["paused_since"], shown["paused_for"]) == ("2026-03-20", None, None)
    assert shown["deadline_on"] == "2026-03-30" and len(shown["to_bring"]) == 2


@pytest.mark.parametrize("settled", ["FeeConfirmed", "FeeWaived"])
async def test_a_fee_is_shown_until_it_is_settled(front: Front, settled: str) -> None:
    dossier_id = await accepted(front)
    await hear(front, [delivered(dossier_id, 2, "FeeRequested", **FEE)])
    shown = await seen(front, dossier_id)
    assert (shown["status"], shown["national_status"]["number"]) == ("payment_requested", 6)
    assert (shown["fee_vnd"], shown["paused_for"], shown["deadline_on"]) == (300_000, "payment", "2026-03-31")
    paid = await act(front, dossier_id, "payments", {"amount": 300_000}, role="officer")
    assert paid.json()["outcome"] == "recorded"
    assert (await seen(front, dossier_id))["status"] == "payment_requested", "settling it is processing's"
    await hear(front, [delivered(dossier_id, 3, settled, **BACK)])
    shown = await seen(front, dossier_id)
    assert (shown["status"], shown["fee_vnd"], shown["due_on"]) == ("accepted", None, "2026-04-01")


async def test_a_request_to_withdraw_is_shown_until_it_is_answered(front: Front) -> None:
    dossier_id = await accepted(front)
    await hear(front, [delivered(dossier_id, 2, "SupplementRequested", **SUPPLEMENT)])
    await act(front, dossier_id, "withdrawal", {"reason": "other"}, key="1")
    shown = await seen(front, dossier_id)
    assert (shown["status"], shown["national_status"]["number"]) == ("withdrawal_requested", 7)
    assert shown["paused_for"] == "supplement", "a pause goes on meanwhile"
    assert await looked_up(front) == "withdrawal_requested"
    refused = {"request": 2, "status": "supplement_requested"}
    await hear(front, [delivered(dossier_id, 3, "WithdrawalRefused", **refused)])
    assert (await seen(front, dossier_id))["status"] == "supplement_requested"
    assert await looked_up(front) == "supplement_requested"
    await act(front, dossier_id, "withdrawal", {"reason": "other"}, key="2")
    assert (await seen(front, dossier_id))["status"] == "withdrawal_requested"
    await hear(front, [delivered(dossier_id, 4, "DossierWithdrawn", request=3, due_on=None)])
    shown = await seen(front, dossier_id)
    assert shown["status"] == await looked_up(front) == "withdrawn"
    assert shown["national_status"] == {"number": 8, "name": "Dừng xử lý", "reason": "withdrawn"}


async def test_a_code_whose_acceptance_was_reversed_says_what_became_of_it(front: Front) -> None:
    dossier_id = await accepted(front)
    back = {"sequence": 1, "status": "submitted", "due_on": None}
    await hear(front, [_reversed(dossier_id, 2, **back)])
    shown = await seen(front, dossier_id)
    assert (shown["status"], shown["code"], shown["due_on"]) == ("submitted", None, None)
    struck = {"code": CODE, "status": "submitted", "reversed": True}
    assert (await front.client.get("/v1/lookup", params={"code": CODE})).json() == struck
    again = life(dossier_id, "H29.015.00-260303-0001")[0]._replace(sequence=3)
    await hear(front, [again])
    shown = await seen(front, dossier_id)
    assert (shown["status"], shown["code"], shown["due_on"]) == (
        "accepted",
        "H29.015.00-260303-0001",
        "2026-03-20",
    )
    assert await looked_up(front, "H29.015.00-260303-0001") == "accepted"
    now = {"status": "accepted", "official_code": "H29.015.00-260303-0001"}
    assert (await front.client.get("/v1/lookup", params={"code": CODE})).json() == struck | now


def _reversed(dossier_id: UUID, at: int, **said: Any) -> Any:
    return delivered(dossier_id, at, "DossierReversed", **said)


async def test_a_reversal_brings_back_what_was_asked(front: Front) -> None:
    dossier_id = await accepted(front)
    asked = delivered(dossier_id, 2, "SupplementRequested", **SUPPLEMENT)
    accepted_it = delivered(dossier_id, 3, "SupplementAccepted", **BACK)
    back = {"sequence": 3, "status": "supplement_requested", "due_on": None}
    await hear(front, [asked, accepted_it, _reversed(dossier_id, 4, **back)])
    shown = await seen(front, dossier_id)
    assert (shown["status"], shown["due_on"], shown["paused_since"]) == (
        "supplement_requested",
        None,
        "2026-03-02",
    )
    assert len(shown["to_bring"]) == 2
    gone = {"sequence": 2, "status": "accepted", "due_on": date(2026, 3, 20)}
    await hear(front, [_reversed(dossier_id, 5, **gone)])
    shown = await seen(front, dossier_id)
    assert (shown["status"], shown["due_on"], shown["to_bring"]) == ("accepted", "2026-03-20", [])


@pytest.mark.parametrize("what", ["DueDateChanged", "DueDateExtended"])
async def test_a_due_date_that_moves_is_shown(front: Front, what: str) -> None:
    dossier_id = await accepted(front)
    await hear(front, [delivered(dossier_id, 2, what, due_on=date(2026, 3, 27))])
    shown = await seen(front, dossier_id)
    assert (shown["status"], shown["due_on"]) == ("accepted", "2026-03-27")


BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=ZONE)
DOSSIER = uuid7()
SUBMITTED = DossierSubmitted("1.009982", "H29.015.00", "online", uuid7(), True, "ab" * 32)
OWN = (WithdrawalRequested("other"), FeePaid(1, "VND", "online"), SupplementProvided(None, "cd" * 32))
EXAMPLES: dict[str, dict[str, Any]] = {
    "DossierAccepted": {
        "sealed_code": sealed(CODE, DOSSIER),
        "procedure": "1.009982",
        "due_on": date(2026, 3, 20),
    },
    "SupplementRequested": SUPPLEMENT,
    "FeeRequested": FEE,
    "DeadlineChanged": {"request": 1, "deadline_on": date(2026, 4, 1)},
    "DossierReversed": {"sequence": 1, **BACK},
    "DossierWithdrawn": {"request": 2, "due_on": None},
    "WithdrawalRefused": {"request": 2, "status": "accepted"},
}
KINDS = sorted(kind.partition(".")[0] for kind in APPLIED)


def own_row(version: int, event: Any, at: datetime) -> Row:
    name, schema_version, data = EVENTS.encode(event)
    return Row(
        "intake", version, name, at, None, None, None, False, None, None, data, schema_version, "portal/s1"
    )


def step_row(sequence: int, kind: str, at: datetime) -> Row:
    said = delivered(DOSSIER, sequence, kind, **EXAMPLES.get(kind, BACK))._replace(occurred_at=at)
    _, number, what, status, happened_at, code, due_on, sets_due, strikes, answers, data = step(
        said, (CODE_KEY,)
    )
    return Row(
        "processing",
        number,
        what,
        happened_at,
        status,
        code,
        due_on,
        sets_due,
        strikes,
        answers,
        data,
        1,
        None,
    )


hours = st.integers(0, 40).map(lambda n: BEGIN + timedelta(hours=n))
histories = st.tuples(
    st.lists(st.tuples(st.sampled_from(OWN), hours), max_size=5),
    st.lists(st.tuples(st.sampled_from(KINDS), hours), max_size=8),
)


@settings(max_examples=300, deadline=None)
@given(histories)
def test_whatever_is_heard_is_shown(both: tuple[Sequence[Any], Sequence[Any]]) -> None:
    """Every history, also one that processing never tells, has a status of ours and all its acts, each side in its order."""
    own = [own_row(1, SUBMITTED, BEGIN), *(own_row(n, *one) for n, one in enumerate(both[0], 2))]
    steps = [step_row(n, *one) for n, one in enumerate(both[1], 1)]
    shown = standing(DOSSIER, [*own, *steps], {})
    assert shown["status"] in STATUSES
    told = [one["what"] for one in shown["history"]]
    assert told[0] == "DossierSubmitted"
    assert [what for what in told if what in EVENTS.names] == [row.what for row in own]
    assert [what for what in told if what not in EVENTS.names] == [row.what for row in steps]
    assert (shown["paused_since"] is None) == (shown["paused_for"] is None)
    if shown["paused_for"]:
        assert shown["status"] in ("supplement_requested", "payment_requested", "withdrawal_requested")


async def test_every_interleaving_is_shown_the_same(front: Front) -> None:
    """The applicant's side is two acts after the submission, the authority's six: each of the 28 ways to hear them."""
    shown: list[Any] = []
    for place, mine in enumerate(combinations(range(8), 2)):
        filed = await front.file(key=f"f{place}")
        dossier_id = UUID(filed.json()["dossier_id"])
        theirs = iter(
            [
                life(dossier_id, f"H29.015.00-260302-{place:04}")[0],
                delivered(dossier_id, 2, "SupplementRequested", **SUPPLEMENT),
                delivered(dossier_id, 3, "WithdrawalRefused", request=2, status="supplement_requested"),
                delivered(dossier_id, 4, "SupplementAccepted", **BACK),
                delivered(dossier_id, 5, "FeeRequested", **FEE),
                delivered(dossier_id, 6, "DossierForwarded", unit="X", step="thu_ly"),
            ]
        )
        told = iter([{"reason": "other"}, {"reason": "no_longer_needed"}])
        for moment in range(8):
            if moment in mine:
                answer = await act(front, dossier_id, "withdrawal", next(told), key=f"{place}.{moment}")
                assert answer.json()["outcome"] == "recorded"
            else:
                await hear(front, [next(theirs)])
        standing_now = await seen(front, dossier_id)
        for differs in ("dossier_id", "submitted_at", "code"):
            del standing_now[differs]
        for one in standing_now["history"]:
            del one["at"]
        shown.append(standing_now)
    assert len(shown) == 28
    assert all(one == shown[0] for one in shown)
    assert shown[0]["status"] == "withdrawal_requested"
