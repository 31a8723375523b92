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
        "summary": {
            "vi": "5 ngày làm việc từ 24/04/2023, nghỉ lễ 5 ngày → 04/05/2023",
            "en": "5 working days from 24 April 2023, 5 days of public holidays → 4 May 2023",
        },
        "notes": [],
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
    assert skipped["holiday"] == {"vi": "Ngày Quốc tế Lao động", "en": "International Labor Day"}
    why = f"{skipped['holiday']['vi']} – {skipped['document']}"
    assert skipped["document"] and skipped["vi"].endswith(f"không tính – {why}")
    assert skipped["en"] == f"Monday 1 May 2023: skipped – International Labor Day – {skipped['document']}"


async def test_a_date_of_a_year_that_is_not_declared_says_why(house: House) -> None:
    house.clock.now = datetime(2026, 11, 27, 9, tzinfo=ZONE)
    (dossier,) = await house.submitted(procedure="1.009972", at=house.clock.now)
    accepted = await house.act(dossier, "accept", {"project_class": "A/I"})
    assert accepted.json()["due_on"] == "2027-01-04"
    told = (await house.get(f"/v1/dossiers/{dossier}/due-date")).json()
    assert (told["due_on"], told["provisional"]) == ("2027-01-04", True)
    assert told["notes"][0]["vi"].startswith("Tạm tính: lịch nghỉ Tết, Quốc khánh năm 2027 chưa được công bố")
    (new_year,) = [day for day in told["explanation"] if day["on"] == "2027-01-01"]
    assert (new_year["effect"], new_year["holiday"]["vi"]) == ("skipped", "Tết Dương lịch")


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
