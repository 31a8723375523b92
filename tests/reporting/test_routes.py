"""The public counts over HTTP: the numbers of the official report, what is refused, and what an answer says of itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.chassis.http.web import unauthorised_routes
from services.chassis.kafka.progress import Complete
from services.reporting.dashboard.page import CONTENT_SECURITY_POLICY
from services.reporting.routes import CountsAnswer
from tests.chassis.queries import ask_all
from tests.reporting.conftest import Served
from tests.reporting.serving import NOW, SUPERVISOR

FLOWS = ("submitted", "not_accepted", "received_new", "resolved")


async def ask(served: Served, **asked: str) -> dict[str, Any]:
    async with served.client() as client:
        response = await client.get("/v1/counts", params=asked, headers=SUPERVISOR)
    assert response.status_code == 200, response.text
    CountsAnswer.model_validate_json(response.content)
    answer: dict[str, Any] = response.json()
    return answer


async def test_the_nine_months_are_received_resolved_and_pending(served: Served) -> None:
    answer = await ask(served)
    assert (answer["received"], answer["resolved"], answer["pending"]) == (13_276, 12_467, 809)
    assert (answer["waiting"], answer["not_accepted"], answer["late"]) == (118, 437, 312)
    assert answer["zone"] == "Asia/Ho_Chi_Minh"
    assert answer["complete_up_to"] == "2023-10-02T08:30:00+07:00"
    assert answer["positions"] == {"intake": 13_831, "processing": 40_000}
    assert "rows" not in answer


@pytest.mark.parametrize("by", ["procedure", "office", "channel", "month", "day"])
async def test_rows_are_of_the_same_fields_and_their_flows_add_up(served: Served, by: str) -> None:
    answer = await ask(served, by=by, **{"from": "2023-02-01", "to": "2023-04-30"})
    rows = answer["rows"]
    assert rows and [row["key"] for row in rows] == sorted(row["key"] for row in rows)
    for flow in FLOWS:
        assert answer[flow] == sum(row[flow] for row in rows)
    for row in (answer, *rows):
        assert (
            row["received"] == row["resolved"] + row["pending"] == row["carried_over"] + row["received_new"]
        )
        assert (
            row["waiting_before"] + row["submitted"]
            == row["waiting"] + row["not_accepted"] + row["received_new"]
        )


async def test_a_month_of_rows_is_the_same_window_asked_alone(served: Served) -> None:
    row = next(row for row in (await ask(served, by="month"))["rows"] if row["key"] == "2023-03")
    alone = await ask(served, **{"from": "2023-03-01", "to": "2023-03-31"})
    assert {name: alone[name] for name in row if name != "key"} == {
        k: v for k, v in row.items() if k != "key"
    }


async def test_as_of_then_knows_only_what_was_recorded_by_then(served: Served) -> None:
    then = await ask(served, as_of="2023-03-31T23:59:59+07:00")
    by_date = await ask(served, to="2023-03-31")
    assert {name: then[name] for name in FLOWS} == {name: by_date[name] for name in FLOWS}
    assert then["settled"] is True
    again = await ask(served, as_of="2023-03-31T23:59:59+07:00")
    assert again["result_hash"] == then["result_hash"]
    assert (await ask(served, as_of="2023-10-03T00:00:00Z"))["settled"] is False


async def test_dear_questions_take_turns(served: Served) -> None:
    """Each waits for the one before; what sums of months answer does not."""
    then = "as_of=2023-03-31T23:59:59Z"
    dear = (
        "counts?by=day",
        f"counts?{then}",
        f"report?{then}",
        f"corrections?{then}",
        "report/form.csv",
        f"service-quality?{then}",
    )
    async with served.client() as client:
        async with served.moment.turns.taken():
            asked = [asyncio.create_task(client.get(f"/v1/{question}")) for question in dear]
            for question in ("counts", "counts?by=month", "report", "counts?by=procedure", "report?by=field"):
                assert (await client.get(f"/v1/{question}")).status_code == 200
            assert not any(each.done() for each in asked)
        assert [(await each).status_code for each in asked] == [200] * len(dear)


async def test_an_unescaped_plus_sign_is_understood(served: Served) -> None:
    async with served.client() as client:
        response = await client.get("/v1/counts?as_of=2023-03-31T23:59:59+07:00")
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"by": "week"}, "by"),
        ({"from": "2023-02-30"}, "from"),
        ({"from": "20230101"}, "from"),
        ({"from": "0"}, "from"),
        ({"to": "2023-01-01T00:00:00"}, "to"),
        ({"to": "0001-01-01"}, "to"),
        ({"from": "2023-02-01", "to": "2023-01-31"}, "to"),
        ({"as_of": "2023-01-01"}, "as_of"),
        ({"as_of": "2023-01-01T00:00:00"}, "as_of"),
        ({"as_of": "0001-01-01T00:00:00+14:00"}, "as_of"),
        ({"as_of": "9999-12-31T23:59:59-14:00"}, "as_of"),
        ({"office": "H29.015.00"}, "office"),
    ],
)
async def test_anything_else_is_422_with_its_field(served: Served, asked: dict[str, str], field: str) -> None:
    async with served.client() as client:
        response = await client.get("/v1/counts", params=asked)
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["field"].endswith(field)


async def test_a_window_that_ends_before_it_begins_is_refused(served: Served) -> None:
    async with served.client() as client:
        for path in ("/v1/counts", "/v1/report"):
            response = await client.get(path, params={"from": "2023-02-01", "to": "2023-01-01"})
            assert (response.status_code, response.json()["code"]) == (422, "window-reversed"), response.text


async def test_completeness_that_is_not_known_is_said(served: Served) -> None:
    before = replace(served.moment)
    served.moment.complete = None
    try:
        answer = await ask(served, as_of="2023-03-31T23:59:59+07:00")
    finally:
        served.moment.complete = before.complete
    assert (answer["complete_up_to"], answer["positions"], answer["settled"]) == (None, {}, False)


async def test_every_route_is_public_with_a_reason(served: Served) -> None:
    assert unauthorised_routes(served.application, served.application.public) == []


async def test_the_public_page_says_how_complete_it_is(served: Served) -> None:
    async with served.client() as client:
        fresh = (await client.get("/live")).text
        served.moment.complete = Complete(NOW - timedelta(minutes=10), {})
        served.moment.seconds += 2
        try:
            stale = (await client.get("/live?lang=en")).text
        finally:
            served.moment.complete = Complete(NOW, {"intake": 13_831, "processing": 40_000})
            served.moment.seconds += 2
    assert "08:30:00 ngày 02/10/2023" in fresh and "Đang cập nhật trực tiếp" in fresh
    assert "Waiting for newer figures" in stale and "10 minutes behind now" in stale


async def test_the_page_shows_the_numbers_in_both_languages_and_a_window(served: Served) -> None:
    async with served.client() as client:
        vi = await client.get("/")
        en = await client.get("/?lang=en&from=2023-02-01&to=2023-02-28")
    received = (await ask(served, **{"from": "2023-02-01", "to": "2023-02-28"}))["received"]
    assert '<html lang="vi">' in vi.text and '<data value="13276">13.276</data>' in vi.text
    assert "dữ liệu minh họa" in vi.text.lower() and "danh sách 13.831 hồ sơ: khớp" in vi.text
    assert '<html lang="en">' in en.text and "1 Feb 2023 to 28 Feb 2023" in en.text
    assert (
        f'<data value="{received}">{received:,}</data>' in en.text and '<data value="13276">' not in en.text
    )


async def test_the_page_loads_nothing_from_outside_and_allows_only_its_own_script(served: Served) -> None:
    async with served.client() as client:
        page = await client.get("/")
    text = page.text.replace("http://www.w3.org/2000/svg", "")
    assert "http://" not in text and "https://" not in text and 'src="//' not in text
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy


async def test_who_has_the_live_part_gets_nothing_again(served: Served) -> None:
    async with served.client() as client:
        first = await client.get("/live")
        second = await client.get("/live", headers={"If-None-Match": first.headers["etag"]})
        assert first.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert (first.status_code, second.status_code, second.content) == (200, 304, b"")


async def test_a_plot_under_its_version_may_be_kept_for_ever(served: Served) -> None:
    async with served.client() as client:
        live = (await client.get("/live")).text
        address = live.split('<img src="')[1].split('"')[0].replace("&amp;", "&")
        kept = await client.get(address)
        other = await client.get("/plots/months_wide.svg?v=other")
        none = await client.get("/plots/years.svg")
    assert kept.headers["content-type"] == "image/svg+xml" and "immutable" in kept.headers["cache-control"]
    assert "<script" not in kept.text and "02/2023" in kept.text and "Đã giải quyết" in kept.text
    assert other.headers["cache-control"] == "no-store"
    assert none.status_code == 404


async def test_every_member_of_every_query_is_taken_empty_and_refused_wrong(served: Served) -> None:
    async with served.client() as client:
        assert await ask_all(client, served.application.openapi(), {}) == 69
        members = [{"name": name, "in": "query", "schema": {}} for name in ("from", "to", "lang")]
        pages = {path: {"get": {"parameters": members}} for path in ("/", "/live", "/plots/by_month.svg")}
        assert await ask_all(client, {"paths": pages}, {}) == 9
        form = await client.get("/?from=2023-01-01&to=&lang=vi")
    assert (form.status_code, form.headers["content-type"][:9]) == (200, "text/html")
