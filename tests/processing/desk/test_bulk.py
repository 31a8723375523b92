"""The bulk door: many dossiers at once, on the real PostgreSQL, and the pure walk behind it."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.log.decider import Rejected
from services.processing.clock.working_days import ZONE, shipped
from services.processing.desk.answers import BulkAnswer
from services.processing.dossier.act import Command
from services.processing.dossier.decide import decide
from services.processing.dossier.events import Event
from services.processing.dossier.history import fold
from services.processing.dossier.official_code import parse
from services.processing.dossier.repeats import Asked, Missing, missing_of
from services.processing.dossier.state import Dossier, new
from tests.processing.conftest import DESK, HANDLER, IMPORTER, OFFICER, PORTAL, STRANGER, House
from tests.processing.dossier.test_histories import commands
from tests.processing.examples import FILING, OTHER_UNIT, UNIT

LAST_DAY = "2023-03-06"


def at(text: str) -> str:
    return f"{text}:00+07:00"


ACCEPT = {"act": "accept", "at": at("2023-03-06T09:00"), "unit": UNIT, "due_on": "2023-03-20"}
FORWARD = {"act": "forward", "at": at("2023-03-06T10:00"), "unit": OTHER_UNIT, "step": "thu_ly"}
RESOLVE = {"act": "resolve", "at": at("2023-03-06T16:00"), "outcome": "granted"}
RETURN = {"act": "return", "at": at("2023-03-06T16:30"), "method": "postal"}
WHOLE = [ACCEPT, FORWARD, RESOLVE, RETURN]


def item(dossier: UUID, acts: Sequence[Any], case: str | None = None) -> dict[str, Any]:
    return {"source": "test", "case": case or str(dossier), "dossier_id": str(dossier), "acts": acts}


async def test_an_item_is_recorded_with_its_business_times(house: House) -> None:
    (dossier,) = await house.submitted()
    (answer,) = await house.bulk([item(dossier, WHOLE)])
    assert parse(answer.pop("dossier_code")) is not None
    assert answer == {
        "source": "test",
        "case": str(dossier),
        "dossier_id": str(dossier),
        "outcome": "recorded",
        "version": 4,
    }
    stored = await house.desk.store.load(dossier)
    assert [e.type for e in stored] == [
        "DossierAccepted",
        "DossierForwarded",
        "DossierResolved",
        "ResultReturned",
    ]
    assert [e.occurred_at.astimezone(ZONE).hour for e in stored] == [9, 10, 16, 16]
    assert {e.actor for e in stored} == {"importer/import"}
    assert len({e.command_id for e in stored}) == 1
    row = (await house.get(f"/v1/dossiers/{dossier}")).json()
    assert (row["status"], row["version"], row["unit"], row["due_on"]) == (
        "returned",
        4,
        OTHER_UNIT,
        "2023-03-20",
    )
    assert row["accepted_at"] == at("2023-03-06T09:00")


async def test_a_dossier_that_has_not_arrived_is_tried_again(house: House) -> None:
    (answer,) = await house.bulk([item(uuid4(), [ACCEPT])])
    assert (answer["outcome"], answer["code"]) == ("refused", "not-yet-known")


async def test_acts_sent_again_with_more_go_on(house: House) -> None:
    (dossier,) = await house.submitted()
    twice = [ACCEPT, FORWARD, FORWARD | {"at": at("2023-03-06T11:00")}]
    (first,) = await house.bulk([item(dossier, twice)])
    (again,) = await house.bulk([item(dossier, twice)])
    assert (first["outcome"], first["version"]) == ("recorded", 2)
    assert again == first | {"outcome": "repeated"}
    (more,) = await house.bulk([item(dossier, [*twice, RESOLVE, RETURN])])
    assert more == first | {"version": 4}
    (last,) = await house.bulk([item(dossier, [*twice, RESOLVE, RETURN])])
    assert last == more | {"outcome": "repeated"}


async def test_an_item_is_recorded_whole_or_not_at_all(house: House) -> None:
    (dossier,) = await house.submitted()
    (answer,) = await house.bulk([item(dossier, [ACCEPT, RETURN])])
    assert (answer["outcome"], answer["code"]) == ("refused", "not-while-accepted")
    assert await house.desk.store.load(dossier) == []


async def test_one_bad_item_fails_no_other(house: House) -> None:
    good, bad, worse = await house.submitted(3)
    answers = await house.bulk(
        [
            item(bad, [{"act": "forward", "at": at("2023-03-06T10:00"), "unit": UNIT, "step": "dance"}]),
            item(good, [ACCEPT]),
            item(worse, [RETURN]),
            {"nonsense": 1},
            item(uuid4(), [ACCEPT]),
        ]
    )
    assert [a["outcome"] for a in answers] == ["refused", "recorded", "refused", "refused", "refused"]
    assert [a.get("code") for a in answers] == [
        "literal-error",
        None,
        "not-while-submitted",
        answers[3]["code"],
        "not-yet-known",
    ]
    assert answers[0]["case"] == str(bad)
    assert answers[0]["field"].startswith("acts.0")


@pytest.mark.parametrize("dossier_id", ["", "x", None, 5, {"a": 1}, []])
async def test_a_malformed_item_is_answered_in_the_documented_shape(house: House, dossier_id: object) -> None:
    (answer,) = await house.bulk([{"source": 5, "case": None, "dossier_id": dossier_id, "acts": [ACCEPT]}])
    BulkAnswer.model_validate(answer)
    assert answer["outcome"] == "refused"
    assert "dossier_id" not in answer


async def test_an_end_earlier_in_the_day_than_its_start_is_valid(house: House) -> None:
    (dossier,) = await house.submitted()
    early = RESOLVE | {"at": at("2023-03-06T08:00")}
    (answer,) = await house.bulk([item(dossier, [ACCEPT, early])])
    assert answer["outcome"] == "recorded"


@pytest.mark.parametrize(
    ("acts", "code"),
    [
        ([ACCEPT, RESOLVE | {"at": at("2023-03-05T23:59")}], "earlier-than-last-act"),
        ([ACCEPT | {"at": at("2023-03-05T23:59")}], "earlier-than-last-act"),
        ([ACCEPT | {"at": at("2023-04-01T09:00")}], "in-the-future"),
        ([ACCEPT | {"at": "0001-01-01T00:00:00+14:00"}], "too-long-ago"),
        ([ACCEPT | {"due_on": "2023-03-05"}], "due-before-acceptance"),
        ([ACCEPT | {"at": None}], "business-time-missing"),
        ([ACCEPT | {"at": "2023-03-06T09:00:00"}], "timezone-aware"),
        ([ACCEPT | {"at": "2023-03-06"}], None),
        ([ACCEPT | {"at": 1678068000}], None),
        ([ACCEPT | {"due_on": "2023-02-30"}], None),
        ([ACCEPT | {"due_on": "0001-01-01"}], None),
        ([ACCEPT] * 51, "too-long"),
    ],
)
async def test_business_times_are_checked(house: House, acts: list[Any], code: str | None) -> None:
    (dossier,) = await house.submitted()
    (answer,) = await house.bulk([item(dossier, acts)])
    assert answer["outcome"] == "refused"
    assert code is None or answer["code"] == code
    assert await house.desk.store.load(dossier) == []


async def test_a_late_end_without_reason_is_recorded_for_an_import_alone(house: House) -> None:
    (dossier,) = await house.submitted()
    (answer,) = await house.bulk([item(dossier, [ACCEPT | {"due_on": LAST_DAY}, RESOLVE])])
    assert answer["outcome"] == "recorded"
    (other,) = await house.submitted()
    late = RESOLVE | {"at": at("2023-03-07T08:00")}
    (answer,) = await house.bulk([item(other, [ACCEPT | {"due_on": LAST_DAY}, late])])
    assert answer["outcome"] == "recorded"


async def test_a_case_acts_on_one_dossier_for_ever(house: House) -> None:
    one, other = await house.submitted(2)
    (first,) = await house.bulk([item(one, [ACCEPT], case="A-1")])
    (second,) = await house.bulk([item(other, [ACCEPT], case="A-1")])
    assert (first["outcome"], second["outcome"]) == ("recorded", "refused")
    assert second["code"] == "case-of-another-dossier"
    assert await house.desk.store.load(other) == []


async def test_a_case_has_any_name(house: House) -> None:
    dossier, other = await house.submitted(2)
    (first,) = await house.bulk([item(dossier, [ACCEPT], case="Hồ-1")])
    (second,) = await house.bulk([item(other, [ACCEPT], case=unicodedata.normalize("NFD", "Hồ-1"))])
    assert (first["outcome"], first["case"]) == ("recorded", "Hồ-1")
    assert second["code"] == "case-of-another-dossier"
    (unseen,) = await house.bulk([item(other, [ACCEPT], case="Hồ\u200b-1")])
    assert (unseen["outcome"], unseen["field"]) == ("refused", "case")


async def test_two_items_of_one_dossier_in_a_batch(house: House) -> None:
    (dossier,) = await house.submitted()
    answers = await house.bulk([item(dossier, [ACCEPT]), item(dossier, [ACCEPT, FORWARD])])
    assert [a["outcome"] for a in answers] == ["recorded", "refused"]
    assert answers[1]["code"] == "dossier-twice"


async def test_officers_act_on_many_now_and_give_no_times(house: House) -> None:
    dossiers = await house.submitted(3)
    accept = {"act": "accept"}
    items = [{"dossier_id": str(dossier), "acts": [accept]} for dossier in dossiers]
    answers = await house.bulk(items, by=OFFICER)
    assert {a["outcome"] for a in answers} == {"recorded"}
    assert len({a["dossier_code"] for a in answers}) == 3
    assert {a["outcome"] for a in await house.bulk(items, by=OFFICER)} == {"repeated"}
    (stored,) = await house.desk.store.load(dossiers[0])
    assert stored.occurred_at == house.clock.now
    assert stored.actor == "officer/an"
    for given_time in ({"at": at("2023-03-06T09:00")}, {"due_on": "2024-01-01"}):
        (refused,) = await house.bulk(
            [{"dossier_id": str(dossiers[0]), "acts": [accept | given_time]}], by=OFFICER
        )
        assert refused["code"] == "business-time-not-allowed"


async def test_rights_hold_in_bulk_too(house: House) -> None:
    (dossier,) = await house.submitted()
    items = [{"dossier_id": str(dossier), "acts": [{"act": "accept"}]}]
    assert (await house.bulk(items, by=STRANGER))[0]["code"] == "not-yet-known"
    assert (await house.bulk(items, by=HANDLER))[0]["code"] == "not-yet-known"
    assert (await house.bulk(items, by=DESK))[0]["outcome"] == "recorded"
    forward = {"act": "forward", "unit": OTHER_UNIT, "step": "thu_ly"}
    assert (await house.bulk([items[0] | {"acts": [forward]}], by=HANDLER))[0]["code"] == "not-yet-known"
    assert (await house.bulk([items[0] | {"acts": [forward]}], by=DESK))[0]["outcome"] == "recorded"
    assert (await house.bulk([items[0] | {"acts": [forward]}], by=OFFICER))[0]["code"] == "not-the-holder"
    refused = await house.client.post("/v1/bulk", json={"items": items}, headers=house.headers(PORTAL))
    assert refused.status_code == 403


async def test_a_batch_is_bounded(house: House) -> None:
    items = [item(uuid4(), [ACCEPT])] * 501
    refused = await house.client.post("/v1/bulk", json={"items": items}, headers=house.headers(IMPORTER))
    assert (refused.status_code, refused.json()["field"]) == (422, "items")


async def test_a_whole_batch_is_dense_and_quick(fresh_house: House) -> None:
    """500 items of several acts in few flushes; the same batch twice at once records nothing twice."""
    dossiers = await fresh_house.submitted(500)
    items = [item(dossier, WHOLE) for dossier in dossiers]
    first, second = await asyncio.gather(fresh_house.bulk(items), fresh_house.bulk(items))
    outcomes = [{a["outcome"], b["outcome"]} for a, b in zip(first, second, strict=True)]
    assert outcomes == [{"recorded", "repeated"}] * 500
    codes = [parse(a["dossier_code"]) for a in first]
    assert sorted(code.number for code in codes if code) == list(range(1, 501))
    assert [a["dossier_code"] for a in first] == [b["dossier_code"] for b in second]
    counts = await fresh_house.pool.fetchrow("SELECT count(*), max(position) FROM events")
    assert tuple(counts) == (2000, 2000)


def decide_plainly(command: Command, dossier: Dossier) -> Sequence[Event] | Rejected:
    return decide(command, dossier, shipped())


def record(asked: Asked, recorded: list[Event]) -> list[Event]:
    """What the log holds after an item: all that was missing, or as before when it was refused."""
    missing = missing_of(asked, new(FILING), recorded, decide_plainly)
    if isinstance(missing, Rejected):
        return recorded
    after = [*recorded, *(event for event, _ in missing.events)]
    assert fold(FILING, after) == missing.dossier
    return after


NOW = datetime(2023, 6, 1, tzinfo=UTC)


@given(st.lists(commands, max_size=8), st.lists(commands, max_size=4), st.booleans())
def test_any_acts_sent_again_write_nothing_and_with_more_go_on(
    acts: list[Command], more: list[Command], dated: bool
) -> None:
    asked = Asked([(command, NOW) for command in acts], dated)
    recorded = record(asked, [])
    if not recorded:
        return
    if dated:
        assert missing_of(asked, new(FILING), recorded, decide_plainly) == Missing([], fold(FILING, recorded))
        longer = Asked([(command, NOW + timedelta(days=1)) for command in [*acts, *more]], dated)
        assert record(longer, recorded) in (recorded, record(longer, []))
