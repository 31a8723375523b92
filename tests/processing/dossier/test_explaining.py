"""GET /v1/dossiers/{id}/due-date: the date that was promised, and every day that made it."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from services.processing.clock.working_days import ZONE
from tests.processing.conftest import HANDLER, House
from tests.processing.examples import UNIT


async def test_a_due_date_tells_every_day_in_both_languages(fresh_house: House) -> None:
    (dossier,) = await fresh_house.submitted(procedure="1.006871")
    fresh_house.clock.now = datetime(2023, 4, 24, 9, tzinfo=ZONE)
    await fresh_house.act(dossier, "accept")
    answer = await fresh_house.get(f"/v1/dossiers/{dossier}/due-date")
    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
    told = answer.json()
    days = told.pop("explanation")
    assert told == {
        "dossier_id": str(dossier),
        "due_on": "2023-05-04",
        "accepted_on": "2023-04-24",
        "project_class": None,
        "limit": {
            "amount": 5,
            "unit": "working_days",
            "vi": "5 ngày làm việc",
            "en": "5 working days",
        },
        "extended_by": 0,
        "paused_since": None,
        "due_on_if_it_ended_today": None,
        "pauses": [],
        "provisional": False,
    }
    assert [day["on"] for day in days if day["effect"] == "counted"] == [
        "2023-04-25",
        "2023-04-26",
        "2023-04-27",
        "2023-04-28",
        "2023-05-04",
    ]
    assert days[-1]["vi"] == "thứ Năm 04/05/2023: tính 5"
    skipped = next(day for day in days if day["on"] == "2023-05-01")
    assert skipped["document"] and skipped["vi"].endswith(f"không tính – {skipped['document']}")
    assert skipped["en"] == f"Monday 2023-05-01: skipped – {skipped['document']}"


async def test_a_date_that_was_brought_along_is_not_explained(house: House) -> None:
    (dossier,) = await house.submitted()
    act = {"act": "accept", "at": "2023-03-06T10:00:00+07:00", "unit": UNIT, "due_on": "2023-03-09"}
    (told,) = await house.bulk(
        [{"source": "test", "case": str(dossier), "dossier_id": str(dossier), "acts": [act]}]
    )
    assert told["outcome"] == "recorded"
    answer = (await house.get(f"/v1/dossiers/{dossier}/due-date")).json()
    assert (answer["due_on"], answer["limit"], answer["explanation"]) == ("2023-03-09", None, [])


async def test_before_acceptance_there_is_no_clock_and_strangers_see_none(house: House) -> None:
    (dossier,) = await house.submitted()
    waiting = await house.get(f"/v1/dossiers/{dossier}/due-date")
    assert (waiting.status_code, waiting.json()["code"]) == (409, "not-accepted")
    hidden = await house.get(f"/v1/dossiers/{dossier}/due-date", by=HANDLER)
    assert (hidden.status_code, hidden.json()["code"]) == (404, "dossier-unknown")
    unknown = await house.get(f"/v1/dossiers/{uuid4()}/due-date")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "dossier-unknown")
