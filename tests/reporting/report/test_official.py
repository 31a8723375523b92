"""The official report's columns: over HTTP, what is refused, what a correction is told by."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.chassis.http.web import Problem
from services.reporting.report.columns import Columns, OfficialReport, Sum, official, tells
from services.reporting.report.routes import CorrectionsAnswer, ReportAnswer, sound
from services.reporting.routes import CountsAnswer
from tests.reporting.conftest import Served
from tests.reporting.serving import SUPERVISOR


def test_the_day_that_tells_is_the_last_of_the_window_or_today() -> None:
    today = date(2023, 2, 1)
    assert [tells(last, today) for last in (date(2023, 1, 31), date(2023, 3, 1), None)] == [
        date(2023, 1, 31),
        today,
        today,
    ]


def test_a_report_that_does_not_add_up_is_refused() -> None:
    lost = Sum("", date(2023, 1, 1), "overdue", "", "online", "full", "", False, 1)
    told = official([lost], None)
    assert told.broken() == ["no column is less than 0"]
    pending = Columns(received=1, received_online=1, submitted=1, pending=1, overdue=0)
    assert pending.broken() == ["11=12+13"]
    with pytest.raises(Problem) as refused:
        sound(told)
    assert (refused.value.status, refused.value.code) == (503, "report-does-not-add-up")
    rows = OfficialReport(Columns(submitted=1, waiting=1), {"a": Columns()})
    assert rows.broken() == ["rows of submitted", "rows of waiting"]


async def ask(served: Served, path: str, model: Any, **asked: str) -> dict[str, Any]:
    async with served.client() as client:
        response = await client.get(path, params=asked, headers=SUPERVISOR)
    assert response.status_code == 200, response.text
    model.model_validate_json(response.content)
    answer: dict[str, Any] = response.json()
    return answer


@pytest.mark.parametrize("by", ["procedure", "field", "office", "channel"])
async def test_the_official_report_of_a_quarter_adds_up_in_every_row(served: Served, by: str) -> None:
    asked = {"from": "2022-12-15", "to": "2023-03-14"}
    answer = await ask(served, "/v1/report", ReportAnswer, by=by, **asked)
    counts = await ask(served, "/v1/counts", CountsAnswer, **asked)
    assert answer["rows"] and answer["tells_on"] == "2023-03-14"
    for name in ("received", "carried_over", "resolved", "pending", "early", "on_time", "late", "waiting"):
        assert answer[name] == counts[name] == sum(row[name] for row in answer["rows"])
    for row in (answer, *answer["rows"]):
        assert row["received"] == row["received_online"] + row["received_otherwise"] + row["carried_over"]
        assert row["pending"] == row["in_due"] + row["overdue"]
    assert answer["overdue"] > 0 and answer["in_due"] > 0


async def test_pending_of_a_period_is_carried_over_into_the_next(served: Served) -> None:
    one = await ask(served, "/v1/report", ReportAnswer, to="2023-03-14")
    next_one = await ask(served, "/v1/report", ReportAnswer, **{"from": "2023-03-15", "to": "2023-06-14"})
    assert one["pending"] == next_one["carried_over"] > 0


async def test_as_of_then_a_window_that_is_not_over_is_told_by_the_day_of_then(served: Served) -> None:
    answer = await ask(served, "/v1/report", ReportAnswer, as_of="2023-03-31T23:59:59+07:00")
    assert answer["tells_on"] == "2023-03-31"
    assert (await ask(served, "/v1/report", ReportAnswer))["tells_on"] == "2023-10-02"


async def test_without_corrections_only_what_was_recorded_later_is_told(served: Served) -> None:
    asked = {"to": "2023-03-31", "as_of": "2023-03-31T23:59:59+07:00"}
    answer = await ask(served, "/v1/corrections", CorrectionsAnswer, **asked)
    assert (answer["corrections"], answer["count"], answer["difference"]) == ([], 0, {})
    earlier = await ask(
        served, "/v1/corrections", CorrectionsAnswer, **{**asked, "as_of": "2023-03-30T12:00:00Z"}
    )
    assert earlier["recorded_later"] > 0 and earlier["difference"]["submitted"] > 0


@pytest.mark.parametrize(
    ("path", "asked", "field"),
    [
        ("/v1/report", {"by": "month"}, "by"),
        ("/v1/report", {"by": "unit"}, "by"),
        ("/v1/corrections", {}, "as_of"),
        ("/v1/corrections", {"as_of": "2023-03-31T23:59:59Z", "limit": "501"}, "limit"),
        (
            "/v1/corrections",
            {"as_of": "2023-03-31T23:59:59Z", "from": "2023-02-01", "to": "2023-01-31"},
            "to",
        ),
    ],
)
async def test_anything_else_is_422_with_its_field(
    served: Served, path: str, asked: dict[str, str], field: str
) -> None:
    async with served.client() as client:
        response = await client.get(path, params=asked)
    assert response.status_code == 422, response.text
    assert response.json()["field"].endswith(field)


async def test_the_page_shows_the_official_form_in_both_languages(served: Served) -> None:
    answer = await ask(served, "/v1/report", ReportAnswer, to="2023-03-14")
    async with served.client() as client:
        vi, en = [(await client.get(f"/?lang={lang}&to=2023-03-14")).text for lang in ("vi", "en")]
    assert "Biểu số II.06a/VPCP/KSTT" in vi and "14/03/2023" in vi
    assert "Official report II.06a" in en and "without an apology" in en
    for name in ("in_due", "overdue", "late", "overdue_without_apology"):
        assert f'<td data-name="{name}"><data value="{answer[name]}">' in en
