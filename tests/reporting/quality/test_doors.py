"""The index over HTTP and as a page: the report's numbers, what few are told, and what officers see of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import asyncpg
import httpx
import pytest

from services.chassis.log.databases import open_pool
from services.reporting.dashboard.page import CONTENT_SECURITY_POLICY
from services.reporting.dashboard.plotter import Drawings
from services.reporting.dashboard.quality_texts import MEASURES, QUALITY, decimal
from services.reporting.quality.answers import IndexAnswer, OwnReport, SignsAnswer, WorkAnswer
from services.reporting.report.check import Watch
from tests.databases import Database
from tests.reporting.conftest import Served
from tests.reporting.serving import AN_ISSUER, SUPERVISOR, Moment, application

OFFICE = "H29.015.00"
NINE = {"period": "2023-9m"}
NOBODYS = (
    "submitted",
    "waiting_before",
    "waiting",
    "not_accepted",
    "rejected",
    "withdrawn_before_acceptance",
)


def officer(unit: str) -> dict[str, str]:
    return {"authorization": f"Bearer {AN_ISSUER.token('officer', unit=unit, office=OFFICE)}"}


async def ask(served: Served, path: str, headers: dict[str, str] | None = None, **asked: Any) -> Any:
    async with served.client() as client:
        answer = await client.get(path, params=asked, headers=headers or {})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_each_measure_rests_on_the_reports_columns(served: Served) -> None:
    told = await ask(served, "/v1/service-quality", **NINE)
    IndexAnswer.model_validate(told)
    report = await ask(served, "/v1/report", SUPERVISOR, **NINE)
    found = {each["code"]: (each["numerator"], each["denominator"]) for each in told["measures"]}
    in_time = report["early"] + report["on_time"] + report["in_due"]
    assert found["on_time_rate"] == (in_time, report["resolved"] + report["pending"])
    assert found["score_timeliness"] == (2 * report["early"] + report["on_time"], report["resolved"])
    received = report["received_online"] + report["received_otherwise"]
    assert found["online_share"] == (report["received_online"], received)
    results = report["resolved"] - report["stopped"] - report["withdrawn"]
    assert found["days_to_result"][1] == results and found["procedures_online"][1] == 22
    assert found["satisfaction"] == found["complaints"] == (None, None)
    assert told["complete_up_to"] == report["complete_up_to"] and told["tells_on"] == "2023-09-30"
    whole = await ask(served, "/v1/service-quality", SUPERVISOR, **NINE)
    assert sum(each["results"] for each in whole["procedures"]) == results


async def test_the_public_is_not_shown_times_of_few(served: Served) -> None:
    asked = {"from": "2023-01-01", "to": "2023-02-10"}
    public = await ask(served, "/v1/service-quality", **asked)
    whole = await ask(served, "/v1/service-quality", SUPERVISOR, **asked)
    assert (public["withheld"], whole["withheld"]) == (True, False)
    assert public["measures"] == whole["measures"]
    few = {each["procedure"] for each in whole["procedures"] if each["results"] < 5}
    hidden = {each["procedure"] for each in public["procedures"] if each["results"] is None}
    assert few and few <= hidden and len(hidden) > 1
    for each in public["procedures"]:
        numbers = [each[name] is None for name in ("results", "mean", "median", "p90")]
        of_few = each["procedure"] in few
        assert numbers == [each["procedure"] in hidden] * 2 + [of_few] * 2


async def test_an_earlier_instant_is_the_index_of_then(served: Served) -> None:
    as_of = "2023-03-31T23:59:59+07:00"
    then = await ask(served, "/v1/service-quality", as_of=as_of)
    report = await ask(served, "/v1/report", SUPERVISOR, as_of=as_of)
    [rate] = [each for each in then["measures"] if each["code"] == "on_time_rate"]
    assert rate["numerator"] == report["early"] + report["on_time"] + report["in_due"]
    assert rate["denominator"] == report["resolved"] + report["pending"] and then["tells_on"] == "2023-03-31"


async def test_what_is_ones_own_is_told_in_full(served: Served) -> None:
    of_office = await ask(served, "/v1/report/own", SUPERVISOR, by="procedure", **NINE)
    OwnReport.model_validate(of_office)
    report = await ask(served, "/v1/report", SUPERVISOR, by="procedure", **NINE)
    assert of_office["rows"] == report["rows"] and of_office["office"] == OFFICE
    work = await ask(served, "/v1/service-quality/work", SUPERVISOR, **NINE)
    units = [each["unit"] for each in work["workload"]]
    assert len(units) > 1
    own = [await ask(served, "/v1/report/own", officer(unit), by="procedure", **NINE) for unit in units]
    assert [each["unit"] for each in own] == units
    for name, value in of_office.items():
        if isinstance(value, int) and not isinstance(value, bool) and name not in (*NOBODYS, "held"):
            assert sum(each[name] for each in own) == value, name
    for each in own:
        assert all(None not in row.values() for row in each["rows"]) and each["withheld"] is False


async def test_work_is_ones_own(served: Served) -> None:
    whole = await ask(served, "/v1/service-quality/work", SUPERVISOR, **NINE)
    WorkAnswer.model_validate(whole)
    report = await ask(served, "/v1/report", SUPERVISOR, **NINE)
    for name in ("carried_over", "resolved", "late", "overdue"):
        assert sum(each[name] for each in whole["workload"]) == report[name], name
    assert sum(each["in_hand"] for each in whole["workload"]) == report["pending"]
    unit = whole["workload"][0]["unit"]
    own = await ask(served, "/v1/service-quality/work", officer(unit), **NINE)
    assert own["workload"] == whole["workload"][:1] and {each["unit"] for each in own["steps"]} <= {unit}
    elsewhere = {"authorization": f"Bearer {AN_ISSUER.token('supervisor', office='H29.016.00')}"}
    assert (await ask(served, "/v1/service-quality/work", elsewhere, **NINE))["workload"] == []


async def test_signs_are_listed_by_pages(served: Served) -> None:
    asked = {"pattern": "ended_without_result", "limit": 100, **NINE}
    report = await ask(served, "/v1/report", SUPERVISOR, **NINE)
    found, cursor = [], ""
    while cursor is not None:
        page = await ask(served, "/v1/service-quality/signs", SUPERVISOR, cursor=cursor, **asked)
        SignsAnswer.model_validate(page)
        found += page["items"]
        cursor = page["next"]
    assert len(found) == page["count"] == report["stopped"] + report["withdrawn"] > 100
    assert len({each["dossier_id"] for each in found}) == len(found)
    assert [each["on"] for each in found] == sorted(each["on"] for each in found)
    assert found[0]["link"] == f"https://desk.example/dossiers/{found[0]['dossier_id']}"
    unit = found[0]["unit"]
    own = await ask(served, "/v1/service-quality/signs", officer(unit), **asked)
    assert own["count"] == sum(each["unit"] == unit for each in found)


@pytest.mark.parametrize("path", ["/v1/service-quality/work", "/v1/service-quality/signs", "/v1/report/own"])
async def test_only_officers_see_what_is_ones_own(served: Served, path: str) -> None:
    asked = {"pattern": "asked_again"} if path.endswith("signs") else {}
    async with served.client() as client:
        public = await client.get(path, params=asked)
        portal = {"authorization": f"Bearer {AN_ISSUER.token('portal')}"}
        of_portal = await client.get(path, params=asked, headers=portal)
        nowhere = {"authorization": f"Bearer {AN_ISSUER.token('officer', unit='', office='')}"}
        placeless = await client.get(path, params=asked, headers=nowhere)
    assert (public.status_code, of_portal.status_code) == (401, 403)
    assert (placeless.status_code, placeless.json()["code"]) == (403, "caller-without-place")


async def test_an_index_that_cannot_be_told_says_so(module_database: Callable[..., Database]) -> None:
    """The book was begun by a release that kept no acts."""
    database, moment, drawings = module_database("reporting"), Moment(), Drawings()
    owner = await asyncpg.connect(database.admin_dsn)
    await owner.execute("INSERT INTO not_kept DEFAULT VALUES")
    async with open_pool(database.dsn, size=2) as pool:
        made = application(pool, moment, drawings, Watch(pool, lambda: moment.now, 60))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url="http://r") as client:
            for headers in ({}, SUPERVISOR):
                answer = await client.get("/v1/service-quality", headers=headers)
                assert (answer.status_code, answer.json()["code"]) == (503, "index-not-begun")
            page = await client.get("/quality", headers={"accept": "text/html"})
            assert page.status_code == 503 and "chờ được tính lại" in page.text
            assert (await client.get("/v1/report/own", headers=SUPERVISOR)).status_code == 200
            assert (await client.get("/v1/report/own", headers=officer("QLXD"))).status_code == 503
            await owner.execute("DELETE FROM not_kept")
            assert (await client.get("/v1/service-quality")).json()["measures"][0]["value"] is None
    await owner.close()
    await drawings.close()


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_the_page_shows_each_measure_as_the_door_tells_it(served: Served, lang: Any) -> None:
    asked = {"from": "2023-01-01", "to": "2023-02-10"}
    told = await ask(served, "/v1/service-quality", **asked)
    async with served.client() as client:
        page = await client.get("/quality", params={"lang": lang, **asked})
    assert page.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert page.headers["content-language"] == lang and QUALITY[lang]["title"] in page.text
    parts = re.split(r'<li data-measure="', page.text)[1:]
    assert [part.partition('"')[0] for part in parts] == [each["code"] for each in told["measures"]]
    for part, each in zip(parts, told["measures"], strict=True):
        name, _, _ = MEASURES[lang][each["code"]]
        assert name in part
        if each["value"] is None:
            words = "not_heard" if each["denominator"] is None else "nothing"
            assert QUALITY[lang][words] in part
        else:
            assert f">{decimal(each['value'], lang)}</data>" in part
    for each in told["procedures"]:
        [row] = re.findall(rf"<small>{re.escape(each['procedure'])}</small></th>(.*?)</tr>", page.text)
        shown = re.findall(r"<td>(.*?)</td>", row)
        assert shown[1] == decimal(each["mean"], lang)
        assert (each["results"] is None) == (shown[0] == "…")
    assert QUALITY[lang]["withheld"] in page.text


async def test_a_wrong_period_of_the_index_is_a_page(served: Served) -> None:
    async with served.client() as client:
        page = await client.get("/quality", params={"from": "2023-02-01", "to": "2023-01-01"})
        data = await client.get("/v1/service-quality", params={"from": "2023-02-01", "to": "2023-01-01"})
    assert page.status_code == 422 and 'role="alert"' in page.text and 'action="/quality"' in page.text
    assert (data.status_code, data.json()["code"]) == (422, "window-reversed")


def test_each_measure_has_its_words_in_both_languages() -> None:
    assert set(MEASURES["vi"]) == set(MEASURES["en"]) and set(QUALITY["vi"]) == set(QUALITY["en"])
    assert (decimal(1234.5, "vi"), decimal(1234.5, "en"), decimal(None, "vi")) == (
        "1.234,50",
        "1,234.50",
        "…",
    )
