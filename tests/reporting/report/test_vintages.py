"""Published reports: they never change, two of them differ by the entries between, and the topics alone give their bytes."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.kafka.progress import Complete
from services.reporting.book.rows import Entry, snapshot
from services.reporting.report.by_lines import report_of
from services.reporting.report.counts import Window
from services.reporting.report.queries import load_official
from services.reporting.report.verify import verdict
from services.reporting.report.vintage_routes import Comparison, Vintages, WholeVintage
from tests.reporting.book.test_book import Reading, Reporting, emptied
from tests.reporting.book.test_whole_lives import interleaved
from tests.reporting.histories import HOUR, START, VIETNAM, Life
from tests.reporting.report.publishing import (
    LATER,
    LIVES,
    WINDOW,
    House,
    corrected,
    refilled,
    replay_of,
    reversal,
)
from tests.reporting.report.test_form import as_rows
from tests.reporting.serving import SUPERVISOR
from tests.reporting.whole_lives import Whole, whole_lives

CALM = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


@CALM
@given(data=st.data(), lives=whole_lives(most=5))
async def test_two_reports_differ_by_the_entries_between_them(
    reporting: Reporting, base: House, data: st.DataObject, lives: list[Whole]
) -> None:
    """And what is published never changes, and the lines alone, and the topics alone, give it."""
    one_at, two_at = sorted(START + data.draw(st.integers(300, 2_400)) * HOUR for _ in range(2))
    last = (one_at + VIETNAM).date() - timedelta(days=data.draw(st.integers(1, 40)))
    first = data.draw(st.one_of(st.none(), st.integers(0, 60).map(lambda days: last - timedelta(days=days))))
    asked = {"to": str(last), "by": data.draw(st.sampled_from((None, "field", "procedure", "office")))}
    asked |= {"from": str(first)} if first else {}
    order = data.draw(interleaved(lives))
    async with emptied(reporting) as pool:
        await reporting.owner.execute("DELETE FROM vintages")
        house, published, known = base._replace(reading=Reading(pool)), [], START - timedelta(days=365)
        for at in (one_at, two_at, LATER):
            house.heard(at)
            if heard := [event for event in order if known < event.at <= at]:
                await house.reading.take(heard)
            known = at
            published.append(await house.publish(**asked))
        one, two, _ = published
        for each in published:
            assert await house.get(f"/v1/vintages/{each['number']}", WholeVintage) == each
            question = {name: value for name, value in asked.items() if value}
            again = await house.get("/v1/report", None, **question, as_of=each["as_of"])
            assert {name: again[name] for name in each["result"]["total"]} == each["result"]["total"]
            rows = {row.pop("key"): row for row in again.get("rows", ())}
            assert rows == each["result"]["rows"]
        gained, cursor, count = Counter[str](), "", 0
        while cursor is not None:
            page = await house.get("/v1/vintages/1/compare/2", Comparison, limit=2, cursor=cursor)
            count += len(page["entries"])
            for entry in page["entries"]:
                gained.update(entry["effect"])
            cursor = page["next"]
        rows = [Entry(*row) for row in await pool.fetch("SELECT * FROM entries")]
    assert (
        count
        == page["count"]
        == sum(one_at < row.recorded_at <= two_at and row.on_date <= last for row in rows)
    )
    totals = [Counter(each["result"]["total"]) for each in (one, two)]
    assert {name: n for name, n in gained.items() if n} == page["difference"]
    assert page["difference"] == {
        n: totals[1][n] - totals[0][n] for n in totals[0] if totals[1][n] != totals[0][n]
    }
    for heard in (order, refilled(order)):
        replay = replay_of(heard)
        assert [verdict(each, replay, Complete(LATER, {})) for each in published] == ["", "", ""]


@CALM
@given(data=st.data(), lives=whole_lives(most=5))
async def test_the_lines_alone_give_the_report(
    reporting: Reporting, data: st.DataObject, lives: list[Whole]
) -> None:
    first = data.draw(st.one_of(st.none(), st.dates(date(2022, 12, 25), date(2023, 3, 1))))
    window = Window(first, (first or date(2023, 1, 1)) + timedelta(days=data.draw(st.integers(0, 80))))
    at, by = START + data.draw(st.integers(0, 2_400)) * HOUR, data.draw(st.sampled_from((None, "channel")))
    order = data.draw(interleaved(lives))
    async with emptied(reporting) as pool:
        await Reading(pool).take(order)
        async with snapshot(pool) as connection:
            told = await load_official(connection, window, by, window.last, at)  # type: ignore[arg-type]
        lines = [Entry(*row) for row in await pool.fetch("SELECT * FROM entries WHERE recorded_at <= $1", at)]
    assert report_of(lines, window, by) == told == report_of(replay_of(order).lines(at), window, by)  # type: ignore[arg-type]


async def test_a_correction_lies_between_two_published_reports(house: House) -> None:
    one, two, _ = await corrected(house)
    assert (one["number"], two["number"], one["by"]) == (1, 2, "field")
    found = await house.get("/v1/vintages/1/compare/2", Comparison)
    moved = {"resolved": -1, "on_time": -1, "pending": 1, "in_due": 1}
    assert found["difference"] == moved and found["rows"] == {"Hoạt động xây dựng": moved}
    [entry] = found["entries"]
    assert (entry["effect"], entry["amount"], entry["struck"], found["count"]) == (moved, -1, True, 1)
    assert "dossier_id" not in entry
    listed = await house.get("/v1/vintages", Vintages, limit=1)
    after = await house.get("/v1/vintages", Vintages, cursor=listed["next"])
    assert [item["number"] for item in (*listed["items"], *after["items"])] == [2, 1]


async def test_an_incomplete_report_is_not_published(house: House) -> None:
    await house.reading.take(LIVES)
    house.moment.complete = None
    unknown = await house.publish(409, **WINDOW)
    assert [(fault["field"], fault["code"]) for fault in unknown["errors"]] == [
        ("intake", "not-known"),
        ("processing", "not-known"),
    ]
    over_at = datetime(2023, 2, 28, 17, tzinfo=UTC)
    behind = over_at - timedelta(seconds=1)
    house.moment.complete = Complete(behind, {}, {"intake": over_at, "processing": behind})
    late = await house.publish(409, **WINDOW)
    [fault] = late["errors"]
    assert (late["code"], fault["field"]) == ("report-not-complete", "processing")
    assert fault["detail"] == "was heard up to 2023-02-28T23:59:59+07:00 only"
    house.heard(over_at)
    await house.publish(**WINDOW)
    await house.reading.take([reversal(40, 1)])  # of a dossier of which nothing else was heard
    held = await house.publish(409, **WINDOW)
    [fault] = held["errors"]
    assert fault["field"] == "held" and str(Life(40, "", "", "", 0).stream_id) in fault["detail"]
    without_end = await house.publish(409, **{"from": "2023-01-01"})
    assert without_end["errors"][0]["code"] == "without-end"


async def test_a_repeated_request_publishes_once(house: House) -> None:
    await house.reading.take(LIVES)
    one = await house.publish(**WINDOW, key="a")
    house.heard(LATER + HOUR)
    assert await house.publish(**WINDOW, key="a") == one
    other = await house.publish(422, **WINDOW, by="office", key="a")
    assert other["code"] == "idempotency-key-reused"
    at_once = await asyncio.gather(*(house.publish(**WINDOW, key="b") for _ in range(4)))
    assert {each["number"] for each in at_once} == {2}
    assert (await house.publish(403, **WINDOW, role="officer"))["code"] == "role-not-allowed"


async def test_what_cannot_be_compared_is_refused(house: House) -> None:
    await house.reading.take(LIVES)
    await house.publish(**WINDOW)
    house.heard(LATER + HOUR)
    await house.publish(**WINDOW)
    await house.publish(**WINDOW, by=None)
    backwards = await house.get("/v1/vintages/2/compare/1", None, 422)
    others = await house.get("/v1/vintages/1/compare/3", None, 422)
    assert (backwards["code"], others["code"]) == ("vintages-reversed", "vintages-of-other-questions")
    assert (await house.get("/v1/vintages/1/compare/9", None, 404))["code"] == "not-found"
    assert (await house.get("/v1/vintages/3/form.csv", None, 409))["code"] == "vintage-without-fields"


async def test_a_published_report_is_a_form_with_number_and_hash(house: House) -> None:
    await house.reading.take(LIVES)
    one = await house.publish(period="2023-Q1", scheme="official")
    for kind in ("csv", "xlsx"):
        answer = await house.client.get(f"/v1/vintages/1/form.{kind}", headers=SUPERVISOR)
        rows = as_rows(kind, answer.content)
        assert [f"Báo cáo công bố số 1, mã kiểm tra {one['result_hash']}"] in rows
        assert rows[2][3] == "(từ ngày 15/12/2022 đến ngày 14/03/2023)"
        assert rows[8][:3] == ["1", "Hoạt động xây dựng", "6"]
