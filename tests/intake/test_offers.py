"""What can be applied for, by the day: shown to everybody, and obeyed by the doors."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from contracts.catalogue.offices import SHIPPED
from contracts.catalogue.shipped import PROCEDURES
from services.intake.submitting import ZONE
from tests.chassis.queries import ask_all
from tests.filled import filled
from tests.intake.conftest import Front, Process, body
from tests.intake.test_bulk import case

LATE_ON_THE_EVE = datetime(2026, 6, 30, 23, 59, 30, tzinfo=ZONE)
# Still 30 June in UTC.
FIRST_MINUTES = datetime(2026, 7, 1, 0, 5, tzinfo=ZONE)
ABOLISHED = {"1.009973", "1.009988", "1.009989", "1.009990", "1.009991", "1.009936"}
ANSWERED_SINCE_THE_FIRST_RELEASE = {
    "code",
    "name_vi",
    "name_en",
    "field",
    "field_en",
    "level",
    "partial_reason_vi",
    "partial_reason_en",
    "limit_days",
    "limit_unit",
    "limit_days_by_class",
    "fee_vnd",
    "fee_vnd_min",
    "fee_vnd_max",
    "fee_basis",
    "unverified",
}


class Clock:
    """The time that intake is told."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(LATE_ON_THE_EVE)


@pytest.fixture
async def that_night(process: Process, clock: Clock) -> AsyncIterator[Front]:
    async with process(clock) as front:
        yield front


async def offered(front: Front, **asked: str) -> dict[str, dict[str, Any]]:
    answer = await front.client.get("/v1/procedures", params=asked)
    assert answer.status_code == 200, answer.text
    return {item["code"]: item for item in answer.json()["items"]}


async def test_procedures_are_public_by_the_day(front: Front) -> None:
    past, now = await offered(front, on="2023-06-01"), await offered(front, on="2026-07-01")
    assert list(past) == list(PROCEDURES) and len(past) == 22
    assert [item["level"] for item in past.values()].count("full") == 17
    assert past.keys() - now.keys() == ABOLISHED and now.keys() <= past.keys()
    assert (past["1.009974"]["limit_days"], past["1.009974"]["limit_unit"]) == (20, "calendar_days")
    assert (now["1.009974"]["limit_days"], now["1.009974"]["limit_unit"]) == (10, "working_days")
    assert (past["1.009974"]["effective_from"], now["1.009974"]["effective_from"]) == (None, "2026-07-01")
    assert await offered(front, on="2026-06-30") == past


async def test_procedures_say_what_to_bring_pay_and_expect(front: Front) -> None:
    permit = (await offered(front, on="2026-07-01"))["1.009974"]
    assert permit.keys() > ANSWERED_SINCE_THE_FIRST_RELEASE
    assert {
        "name_vi": "Đơn đề nghị cấp giấy phép xây dựng",
        "name_en": "Application for a building permit",
    } in permit["papers"]
    assert permit["fee_vnd"] == 150_000
    assert permit["supplement"]["policy"] == "short_fix"
    assert permit["supplement"]["short_fix_working_days"] == 2
    assert permit["consultation"] == {"answer_within_working_days": 2, "silence": "consent"}
    assert "papers" in permit["unverified"]


async def test_procedures_are_todays_by_intakes_own_clock_in_vietnam(that_night: Front, clock: Clock) -> None:
    assert len(await offered(that_night)) == 22
    clock.now = FIRST_MINUTES
    assert len(await offered(that_night)) == 16


@pytest.mark.parametrize(
    "on", ["tomorrow", "2026-13-01", "2026-02-30", "20260701", "0", "1782864000", "3000-01-01"]
)
async def test_procedures_of_no_day_are_refused(front: Front, on: str) -> None:
    answer = await front.client.get("/v1/procedures", params={"on": on})
    assert (answer.status_code, answer.json()["field"]) == (422, "on"), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_procedures_abolished_at_midnight_are_refused_by_name(that_night: Front, clock: Clock) -> None:
    assert (await that_night.file(body(procedure="1.009988"), key="k1")).status_code == 201
    clock.now = FIRST_MINUTES
    refused = await that_night.file(body(procedure="1.009988"), key="k2")
    told = refused.json()
    assert (refused.status_code, told["code"], told["field"]) == (422, "procedure-abolished", "procedure")
    assert (await that_night.file(key="k3")).status_code == 201


async def test_a_retry_after_the_abolition_gets_the_first_answer(
    that_night: Front, clock: Clock, admin: asyncpg.Connection[Any]
) -> None:
    filed = body(procedure="1.009973")
    first = await that_night.file(filed)
    clock.now = FIRST_MINUTES
    again = await that_night.file(filed)
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    other = await that_night.file(body(procedure="1.009973", content={"grade": "III"}))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert await admin.fetchval("SELECT count(*) FROM events") == 1


async def test_an_import_is_asked_for_the_day_of_its_case(front: Front) -> None:
    eve = case(1, procedure="1.009973", submitted_at="2026-06-30T23:59:00+07:00")
    day = case(2, procedure="1.009973", submitted_at="2026-06-30T17:00:00Z")
    long_ago = case(3, procedure="1.009973", submitted_at="2010-10-02T08:00:00+07:00")
    answer = await front.import_cases([eve, day, long_ago])
    told = answer.json()["answers"]
    assert [one["outcome"] for one in told] == ["recorded", "refused", "recorded"]
    assert (told[1]["code"], told[1]["field"]) == ("procedure-abolished", "procedure")


async def test_every_member_of_every_query_is_taken_empty_and_refused_wrong(process: Process) -> None:
    async with process(lookups_per_minute=10_000) as front:
        document = (await front.client.get("/openapi.json")).json()
        assert await ask_all(front.client, document, front.headers("officer")) == 18


async def test_offices_say_where_when_and_what_they_take(front: Front) -> None:
    """And what is filed elsewhere is refused, with the field named."""
    told = (await front.client.get("/v1/offices", params={"on": "2025-12-25"})).json()
    department, zones = told["items"]
    assert (department["code"], len(department["procedures"])) == ("H29.015.00", len(PROCEDURES))
    assert "Trương Định" in department["address_vi"] and department["opening_hours"][0]["opens"] == "07:30"
    assert department["units"][0]["code"] == "H29.015.00/QLXD"
    assert "1.009982" not in zones["procedures"]
    assert [agency["code"] for agency in told["agencies"]] == ["H29.020.00", "H29.021.00", "H29.022.00"]
    now = (await front.client.get("/v1/offices")).json()["items"][0]
    assert "Trung tâm Phục vụ hành chính công" in now["address_vi"]
    for office, code in (("H29.999.99", "office-unknown"), ("H29.016.00", "procedure-not-here")):
        answer = await front.file(body(office=office))
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert answer.json()["field"] == "office"
        (imported,) = (await front.import_cases([case(1, office=office)])).json()["answers"]
        assert (imported["outcome"], imported["code"], imported["field"]) == ("refused", code, "office")


async def test_an_operators_own_offices_are_obeyed(process: Process, tmp_path: Path) -> None:
    content = json.loads(SHIPPED.read_bytes())
    content["offices"] = [content["offices"][0] | {"code": "H01.003.00", "units": []}]
    own = tmp_path / "offices.json"
    own.write_text(json.dumps(content), encoding="utf-8")
    async with process(offices_file=str(own)) as front:
        assert (await front.file(body(office="H01.003.00"))).status_code == 201
        assert (await front.file(body(), key="k2")).json()["code"] == "office-unknown"
        stranger = front.headers("officer", office="H29.015.00")
        answer = await front.client.get(f"/v1/dossiers/{uuid4()}", headers=stranger)
        assert (answer.status_code, answer.json()["code"]) == (401, "token-office-unknown")


async def test_a_form_is_public_by_the_day(front: Front) -> None:
    async def form(code: str, on: str) -> dict[str, Any]:
        answer = await front.client.get(f"/v1/procedures/{code}/form", params={"on": on})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    before, later = await form("1.009982", "2026-12-31"), await form("1.009982", "2027-01-01")
    assert (before["effective_from"], later["effective_from"]) == (None, "2027-01-01")
    assert before["schema"]["required"] == ["certificate_class"]
    first = later["fields"][0]
    assert (first["name"], first["label_vi"], first["required"]) == (
        "certificate_class",
        "Hạng chứng chỉ đề nghị",
        True,
    )
    assert [(each["code"], each["label_vi"]) for each in first["choices"]] == [
        ("II", "Hạng II"),
        ("III", "Hạng III"),
    ]
    assert later["fields"][-1]["when"] == {"result_delivery": ["post"]}
    assert later["schema"]["properties"].keys() == {each["name"] for each in later["fields"]}
    for code, on in (("1.009973", "2026-07-01"), ("9.999999", "2026-07-01")):
        answer = await front.client.get(f"/v1/procedures/{code}/form", params={"on": on})
        assert (answer.status_code, answer.json()["code"]) == (404, "procedure-unknown")


async def test_each_field_of_the_form_is_checked(process: Process, admin: asyncpg.Connection[Any]) -> None:
    """By the form of the day of the submission; and a repeat across the change of forms gets the first answer."""
    clock = Clock(datetime(2026, 12, 31, 23, 59, 30, tzinfo=ZONE))
    async with process(clock) as front:
        core = body(content={"certificate_class": "II"})
        first = await front.file(core, key="core")
        assert first.status_code == 201
        for content, field, code in (
            ({}, "content.certificate_class", "missing"),
            ({"certificate_class": "IV"}, "content.certificate_class", "not-a-choice"),
            ({"certificate_class": "II", "grade": "II"}, "content.grade", "unknown-field"),
        ):
            answer = await front.file(body(content=content), key="other")
            told = answer.json()
            assert (answer.status_code, told["code"], told["field"]) == (422, "form-not-filled-in", field)
            assert [(each["field"], each["code"]) for each in told["errors"]] == [(field, code)]
        clock.now += timedelta(minutes=1)
        assert (await front.file(core, key="core")).content == first.content
        told = (await front.file(core, key="new")).json()
        assert told["code"] == "form-not-filled-in"
        assert {each["code"] for each in told["errors"]} == {"missing"} and len(told["errors"]) > 3
        assert (await front.file(body(content=filled()), key="new")).status_code == 201
        assert await admin.fetchval("SELECT count(*) FROM events") == 2
