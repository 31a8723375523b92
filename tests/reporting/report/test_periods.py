"""The periods that the public page opens on and offers, its months without a hole, and what it says of made-up figures."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import asyncpg
import httpx
import pytest

from services.chassis.http.answers import refuse
from services.chassis.http.problems import Problem
from services.chassis.log.databases import open_pool
from services.reporting.dashboard.plotter import Drawings
from services.reporting.dashboard.texts import cut_month
from services.reporting.incoming import Submitted, apply
from services.reporting.report.check import Watch
from services.reporting.report.counts import FlowSum, Window, report
from services.reporting.report.periods import Known, cut, filled, named, opening
from tests.databases import Database
from tests.reporting.conftest import Served
from tests.reporting.histories import Life, delivered, told
from tests.reporting.serving import NOW, Moment, application

NINE_MONTHS = Window(date(2023, 1, 1), date(2023, 9, 30))


@pytest.mark.parametrize(
    ("today", "last", "first_month", "last_month"),
    [
        (date(2026, 11, 28), date(2023, 9, 30), "2023-01", "2023-09"),
        (date(2026, 11, 28), date(2026, 2, 3), "2026-01", "2026-12"),
        (date(2026, 1, 1), date(2025, 12, 31), "2025-01", "2025-12"),
        (date(2026, 3, 31), date(2026, 1, 1), "2026-01", "2026-03"),
        (date(2026, 4, 1), date(2026, 1, 1), "2026-01", "2026-06"),
        (date(2026, 7, 1), None, "2026-01", "2026-09"),
    ],
)
def test_the_page_opens_on_a_period_with_dossiers(
    today: date, last: date | None, first_month: str, last_month: str
) -> None:
    window = opening(today, Known(last, last))
    assert window.first and window.last
    assert (f"{window.first:%Y-%m-%d}", f"{window.last:%Y-%m}") == (f"{first_month}-01", last_month)


async def test_three_years_later_it_opens_on_the_nine_months(served: Served) -> None:
    served.moment.now = datetime(2026, 11, 28, tzinfo=UTC)
    served.moment.seconds += 3_600
    try:
        async with served.client() as client:
            page = (await client.get("/")).text
            everything = (await client.get("/", params={"period": "all"})).text
            for asked in re.findall(r'href="(/\?[^"]*)"', page):
                assert (await client.get(asked.replace("&amp;", "&"))).status_code == 200
    finally:
        served.moment.now = NOW
        served.moment.seconds += 3_600
    assert "9 tháng đầu năm 2023 (từ 01/01/2023 đến hết 30/09/2023)" in page
    assert "trong đó 46 quá hạn, tính đến hết ngày 30/09/2023" in page
    assert 'data-live="/live?lang=vi&amp;from=2023-01-01&amp;to=2023-09-30"' in page
    assert "tính đến hết ngày 28/11/2026" in everything
    assert page.count("Sở Xây dựng") >= 2


@pytest.mark.parametrize(
    "asked",
    [
        {"from": "2023-09-30", "to": "2023-01-01"},
        {"from": "30/09/2023"},
        {"from": "2023-02-30"},
        {"lang": "fr"},
        {"period": "year"},
        {"form": "2023-01-01"},
    ],
)
async def test_a_wrong_period_is_a_page(served: Served, asked: dict[str, str]) -> None:
    async with served.client() as client:
        answer = await client.get("/", params=asked)
        data = await client.get("/v1/counts", params={"from": "x"} | asked)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "text/html; charset=utf-8")
    assert "Không xem được kỳ này" in answer.text and "<form" in answer.text
    assert "data-live" not in answer.text
    assert data.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/nowhere", "not-found"),
        ("GET", "/?lang=en&period=2023&period=2024", "query-member-twice"),
        ("POST", "/", "method-not-allowed"),
        ("GET", "/live?from=x", "invalid"),
    ],
)
async def test_a_browser_is_refused_with_a_page(served: Served, method: str, path: str, code: str) -> None:
    async with served.client() as client:
        page = await client.request(method, path, headers={"accept": "text/html,*/*;q=0.8"})
        data = await client.request(method, path, headers={"accept": "application/json"})
    assert page.headers["content-type"] == "text/html; charset=utf-8" and f"<code>{code}</code>" in page.text
    assert page.status_code == data.status_code and data.json()["code"] == code


def test_whoever_asks_too_often_reads_so_on_a_page(served: Served) -> None:
    headers = [(b"accept", b"text/html")]
    asked = {"type": "http", "method": "GET", "path": "/", "query_string": b"lang=en", "headers": headers}
    page = refuse(Problem(429, headers={"Retry-After": "7"}), asked | {"app": served.application})
    assert (page.status_code, page.headers["retry-after"]) == (429, "7")
    assert b"Wait a moment" in page.body


def test_months_stand_without_a_hole_and_carry_what_is_pending() -> None:
    sums = [
        FlowSum("", date(2023, month, 1), flow, amount)
        for month, flow, amount in [
            (2, "submitted", 9),
            (2, "received_new", 7),
            (5, "early", 3),
            (5, "not_accepted", 2),
        ]
    ]
    told_months = report(
        [*sums, FlowSum("", None, "received_new", 4), FlowSum("", None, "submitted", 4)], "month"
    )
    rows = filled(
        told_months.rows, Window(date(2023, 1, 15), date(2023, 12, 31)), date(2023, 8, 3), told_months.total
    )
    assert [row.key for row in rows] == [f"2023-0{month}" for month in range(1, 9)]
    assert [row.counts.pending for row in rows] == [4, 11, 11, 11, 8, 8, 8, 8]
    assert [row.counts.waiting for row in rows] == [0, 2, 2, 2, 0, 0, 0, 0]
    assert all(row.counts.laws_hold() for row in rows)
    assert all(one.counts.pending == next_one.counts.carried_over for one, next_one in pairwise(rows))
    assert rows[-1].counts.pending == told_months.total.pending


def test_a_month_that_is_cut_says_so() -> None:
    window, today = Window(date(2022, 12, 15), date(2023, 9, 14)), date(2023, 10, 2)
    assert cut_month("2022-12", "vi", *cut("2022-12", window, today)) == "12/2022 (từ ngày 15)"
    assert cut_month("2023-09", "vi", *cut("2023-09", window, today)) == "09/2023 (đến ngày 14)"
    assert cut_month("2023-08", "en", *cut("2023-08", window, today)) == "Aug 2023"
    running = Window(date(2023, 1, 1), date(2023, 12, 31))
    assert cut_month("2023-10", "en", *cut("2023-10", running, today)) == "Oct 2023 (to day 2)"
    assert cut("2023-01", NINE_MONTHS, today) == cut("2023-09", NINE_MONTHS, today) == (None, None)


async def test_made_up_figures_say_so_everywhere(database: Callable[..., Database]) -> None:
    """As soon as one dossier of the demonstration is among them, in whatever period it lies."""
    made, moment, drawings = database("reporting"), Moment(), Drawings()
    first = next(iter(told(Life(1, "1.009982", "H29.015.00", "online", 0, 20, 500))))
    exports = ("/v1/counts", "/v1/report", "/v1/corrections?as_of=2023-01-01T00:00:00Z")
    async with open_pool(made.dsn, size=3) as pool:
        application_ = application(pool, moment, drawings, Watch(pool, lambda: moment.now, 60))
        transport = httpx.ASGITransport(application_)
        writer = await asyncpg.connect(made.dsn)
        async with httpx.AsyncClient(transport=transport, base_url="http://reporting") as client:
            for source, is_made_up in ((None, False), ("another-log", False), ("demonstration-7", True)):
                data = first.message.model_copy(update={"import_source": source})
                told_now = delivered(replace(first), Submitted.model_validate(data.model_dump()))
                await apply(writer, [told_now])
                moment.seconds += 60
                page = (await client.get("/?from=2020-01-01&to=2020-12-31")).text
                assert ("SỐ LIỆU MINH HỌA" in page) is is_made_up
                assert ("<title>SỐ LIỆU MINH HỌA" in page) is is_made_up
                wrong = (await client.get("/?from=x")).text
                assert ("SỐ LIỆU MINH HỌA" in wrong) is is_made_up
                for path in exports:
                    assert (await client.get(path)).json()["made_up"] is is_made_up
        await writer.close()
    await drawings.close()


@pytest.mark.parametrize(
    ("period", "calendar", "official"),
    [
        ("2023-09", ("2023-09-01", "2023-09-30"), ("2023-08-15", "2023-09-14")),
        ("2024-02", ("2024-02-01", "2024-02-29"), ("2024-01-15", "2024-02-14")),
        ("2023-01", ("2023-01-01", "2023-01-31"), ("2022-12-15", "2023-01-14")),
        ("2023-Q3", ("2023-07-01", "2023-09-30"), ("2023-06-15", "2023-09-14")),
        ("2023-H1", ("2023-01-01", "2023-06-30"), ("2022-12-15", "2023-06-14")),
        ("2023-9m", ("2023-01-01", "2023-09-30"), ("2022-12-15", "2023-09-14")),
        ("2023", ("2023-01-01", "2023-12-31"), ("2022-12-15", "2023-12-14")),
    ],
)
def test_a_period_by_name_is_its_days(
    period: str, calendar: tuple[str, str], official: tuple[str, str]
) -> None:
    assert tuple(str(day) for day in named(period)) == calendar
    assert tuple(str(day) for day in named(period, "official")) == official


@pytest.mark.parametrize("scheme", ["calendar", "official"])
@pytest.mark.parametrize("shape", ["{y}-{m:02}", "{y}-Q{q}", "{y}-H{h}", "{y}"])
def test_periods_follow_one_another(shape: str, scheme: Any) -> None:
    names = dict.fromkeys(
        shape.format(y=y, m=m, q=(m + 2) // 3, h=(m + 5) // 6)
        for y in range(1999, 2030)
        for m in range(1, 13)
    )
    windows = [named(name, scheme) for name in names]
    for one, after in pairwise(windows):
        assert one.last is not None and after.first == one.last + timedelta(days=1)


async def test_a_named_period_is_answered_as_its_days(served: Served) -> None:
    async with served.client() as client:
        for path in ("/v1/report", "/v1/counts"):
            named_so = await client.get(path, params={"period": "2023-Q2", "scheme": "official"})
            by_days = await client.get(path, params={"from": "2023-03-15", "to": "2023-06-14"})
            assert named_so.status_code == 200 and named_so.json() == by_days.json()
        nine_months = (await client.get("/v1/report", params={"period": "2023-9m"})).json()
        assert (nine_months["received"], nine_months["resolved"]) == (13_276, 12_467)


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ({"period": "2023-13"}, "invalid", "period"),
        ({"period": "2023-Q5"}, "invalid", "period"),
        ({"period": "09/2023"}, "invalid", "period"),
        ({"period": "2023-09", "scheme": "fiscal"}, "invalid", "scheme"),
        ({"period": "2023-09", "to": "2023-09-30"}, "period-and-days", "period"),
        ({"scheme": "official", "to": "2023-09-30"}, "scheme-without-period", "scheme"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/report", "/v1/counts"])
async def test_a_wrong_name_of_a_period_is_refused(
    served: Served, path: str, asked: dict[str, str], code: str, field: str
) -> None:
    async with served.client() as client:
        answer = await client.get(path, params=asked)
    assert answer.status_code == 422
    assert answer.json()["field"].endswith(field)
    assert code == "invalid" or answer.json()["code"] == code
