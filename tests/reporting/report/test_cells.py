"""The dossiers behind a number: as many as the number says, in the list and in the export, whatever their lives were."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any, NamedTuple, get_args
from urllib.parse import urlencode

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.http.web import Application
from services.reporting.book.rows import snapshot
from services.reporting.dashboard.plotter import Drawings
from services.reporting.report import cells
from services.reporting.report.cell_routes import CellAnswer
from services.reporting.report.cells import BEGINNING, Cell, Cut, Place, Scope
from services.reporting.report.check import Watch
from services.reporting.report.columns import Columns, tells
from services.reporting.report.counts import Window
from services.reporting.report.queries import load_official
from tests.reporting.book.test_book import Reading, Reporting, emptied
from tests.reporting.book.test_whole_lives import interleaved
from tests.reporting.conftest import Served
from tests.reporting.histories import OFFICES, PROCEDURES, START, Life, told
from tests.reporting.quality.conftest import measured
from tests.reporting.serving import AN_ISSUER, Moment, application
from tests.reporting.whole_lives import Whole, whole_lives

CALM = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
OFFICE, UNIT = "H29.015.00", "H29.015.00/QLXD"


def test_every_column_of_the_report_opens() -> None:
    assert get_args(Cell) == tuple(asdict(Columns()))


@CALM
@given(data=st.data(), lives=whole_lives(most=6))
async def test_a_number_is_as_long_as_its_list_and_its_export(
    reporting: Reporting, data: st.DataObject, lives: list[Whole]
) -> None:
    first = data.draw(st.one_of(st.none(), st.dates(date(2022, 12, 25), date(2023, 4, 1))))
    last = (first or date(2023, 1, 15)) + timedelta(days=data.draw(st.integers(0, 60)))
    as_of = START + timedelta(hours=data.draw(st.integers(0, 2_500)))
    window, tells_on = Window(first, last), tells(last, date(2023, 5, 1))
    async with emptied(reporting) as pool:
        reading = Reading(pool)
        await reading.take(data.draw(interleaved(lives)))
        await measured(pool)
        async with snapshot(pool) as connection:
            for by, key in ((None, ""), ("procedure", PROCEDURES[0]), ("channel", "online")):
                for office in OFFICES:
                    cut = Cut("received", window, tells_on, as_of, Scope("office", office), by, key)  # type: ignore[arg-type]
                    for cell in get_args(Cell):
                        cut = cut._replace(cell=cell)
                        found = await cells.page(connection, cut, BEGINNING, 1_000)
                        assert len(found) == await cells.count(connection, cut), cut
                        assert len({each.dossier_id for each in found}) == len(found)
                        if by is None:
                            halves = await cells.page(connection, cut, BEGINNING, 2)
                            if len(halves) == 2:
                                behind = Place(halves[-1].on, halves[-1].dossier_id)
                                halves += await cells.page(connection, cut, behind, 1_000)
                            assert halves == found
            report = await load_official(connection, window, "office", tells_on, as_of)
            for office, row in report.rows.items():
                cut = Cut("received", window, tells_on, as_of, Scope("office", office))
                for cell, number in asdict(row).items():
                    assert await cells.count(connection, cut._replace(cell=cell)) == number  # type: ignore[arg-type]
            of_unit = Cut("pending", window, tells_on, as_of, Scope("unit", "QLXD"))
            listed = await cells.page(connection, of_unit, BEGINNING, 1_000)
            assert await cells.count(connection, of_unit) == len(listed) == report.total.pending


def supervisor(**claims: str) -> dict[str, str]:
    return {
        "authorization": f"Bearer {AN_ISSUER.token('supervisor', **{'office': OFFICE, 'unit': UNIT} | claims)}"
    }


async def ask(client: httpx.AsyncClient, headers: dict[str, str], **asked: Any) -> dict[str, Any]:
    answer = await client.get("/v1/report/dossiers", params=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    CellAnswer.model_validate_json(answer.content)
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    "asked",
    [
        {"cell": "overdue", "to": "2023-09-30"},
        {"cell": "late", "period": "2023-Q2", "scheme": "official"},
        {"cell": "received", "period": "2023-9m", "by": "procedure", "key": "1.009974"},
        {"cell": "waiting", "to": "2023-03-31", "as_of": "2023-03-31T23:59:59+07:00"},
    ],
)
async def test_a_number_of_the_report_opens_by_pages_and_as_a_file(
    served: Served, asked: dict[str, str]
) -> None:
    async with served.client() as client:
        report = {name: value for name, value in asked.items() if name not in ("cell", "key")}
        told = (await client.get("/v1/report", params=report, headers=supervisor())).json()
        row = (
            next((row for row in told.get("rows", ()) if row["key"] == asked["key"]), told)
            if "key" in asked
            else told
        )
        found, cursor = [], ""
        while cursor is not None:
            page = await ask(client, supervisor(), **asked, limit=200, cursor=cursor)
            assert page["count"] == row[asked["cell"]] > 0
            found += page["items"]
            cursor = page["next"]
        exported = await client.get("/v1/report/dossiers.csv", params=asked, headers=supervisor())
    assert exported.status_code == 200, exported.text
    assert len(found) == page["count"] == int(exported.headers["x-total-count"])
    assert exported.content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.DictReader(exported.content.decode("utf-8-sig").splitlines()))
    assert [line["dossier_id"] for line in lines] == [item["dossier_id"] for item in found]
    assert found[0]["link"] == lines[0]["link"] == f"https://desk.example/dossiers/{found[0]['dossier_id']}"
    assert {tuple(sorted(item)) for item in found} == {
        ("dossier_id", "link", "office", "on", "procedure", "unit")
    }


async def test_officers_see_their_units_and_supervisors_their_offices(served: Served) -> None:
    async with served.client() as client:
        all_of_it = await ask(client, supervisor(), cell="received")
        elsewhere = await ask(client, supervisor(office="H29.016.00"), cell="received")
        units = {item["unit"] for item in all_of_it["items"]}
        unit = sorted(units)[0]
        token = AN_ISSUER.token("officer", unit=unit, office=OFFICE)
        own = await ask(client, {"authorization": f"Bearer {token}"}, cell="received", limit=500)
        desk = AN_ISSUER.token("officer", office=OFFICE)
        of_the_desk = await ask(client, {"authorization": f"Bearer {desk}"}, cell="received")
        nowhere = AN_ISSUER.token("officer", unit="", office="")
        refused = await client.get(
            "/v1/report/dossiers", params={"cell": "received"}, headers={"authorization": f"Bearer {nowhere}"}
        )
        for path in ("/v1/report/dossiers", "/v1/report/dossiers.csv"):
            public = await client.get(path, params={"cell": "received"})
            portal = await client.get(
                path,
                params={"cell": "received"},
                headers={"authorization": f"Bearer {AN_ISSUER.token('portal')}"},
            )
            assert (public.status_code, portal.status_code) == (401, 403)
    assert (all_of_it["count"], all_of_it["office"], elsewhere["count"]) == (13_276, OFFICE, 0)
    assert (
        {item["unit"] for item in own["items"]} == {unit}
        and 0 < own["count"] <= 13_276
        and own["unit"] == unit
    )
    assert of_the_desk["count"] == 13_276
    assert (refused.status_code, refused.json()["code"]) == (403, "caller-without-place")


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ({"cell": "submitted", "by": "procedure"}, "row-incomplete", "key"),
        ({"cell": "submitted", "key": "1.009974"}, "row-incomplete", "key"),
        ({"cell": "most"}, "invalid", "cell"),
        ({}, "invalid", "cell"),
        ({"cell": "late", "cursor": "eA"}, "cursor-invalid", "cursor"),
        ({"cell": "late", "limit": "501"}, "invalid", "limit"),
    ],
)
async def test_a_wrong_question_for_a_list_is_refused(
    served: Served, asked: dict[str, str], code: str, field: str
) -> None:
    async with served.client() as client:
        answer = await client.get("/v1/report/dossiers", params=asked, headers=supervisor())
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["field"].endswith(field)


def lives_of(*numbers: int) -> list[Any]:
    """Dossiers that are received, each an hour after the one before."""
    return [
        event
        for n in numbers
        for event in told(Life(n, PROCEDURES[0], OFFICES[0], "online", submitted=n, accepted=n + 1))
    ]


class Small(NamedTuple):
    """Reporting over a few dossiers that a test adds to."""

    application: Application
    reading: Reading
    pool: asyncpg.Pool[Any]

    async def take(self, events: list[Any]) -> None:
        await self.reading.take(events)
        await measured(self.pool)

    async def ask(
        self, path: str, then: Callable[[int], Awaitable[None]] | None = None, **asked: Any
    ) -> tuple[int, bytes]:
        """Status and body; `then` is called behind each part of the body that was sent."""
        found, parts = [0], list[bytes]()

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(0)
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            found[0] = message.get("status", found[0])
            if message.get("body"):
                parts.append(message["body"])
                if then is not None:
                    await then(len(parts))

        headers = [(name.encode(), value.encode()) for name, value in supervisor().items()]
        scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "headers": headers}
        scope |= {
            "query_string": urlencode(asked).encode(),
            "client": ("127.0.0.1", 1),
            "server": ("reporting", 80),
        }
        scope |= {
            "scheme": "http",
            "root_path": "",
            "http_version": "1.1",
            "asgi": {"version": "3.0"},
            "extensions": {},
        }
        await self.application(scope, receive, send)
        return found[0], b"".join(parts)


@pytest.fixture
async def small(reporting: Reporting) -> AsyncIterator[Small]:
    drawings, moment = Drawings(), Moment()
    async with emptied(reporting) as pool:
        reading = Reading(pool)
        await reading.take(lives_of(1, 2, 3, 5))
        await measured(pool)
        watch = Watch(pool, lambda: moment.now, 60)
        yield Small(application(pool, moment, drawings, watch, exported_at_once=2), reading, pool)
    await drawings.close()


async def test_a_list_that_moved_begins_again(small: Small) -> None:
    asked = {"cell": "received", "limit": 3}
    page = json.loads((await small.ask("/v1/report/dossiers", **asked))[1])
    assert (page["count"], len(page["items"])) == (4, 3)
    await small.take(lives_of(7))
    status, body = await small.ask("/v1/report/dossiers", **asked, cursor=page["next"])
    assert (status, json.loads(body)["as_of"], len(json.loads(body)["items"])) == (200, page["as_of"], 1)
    await small.take(lives_of(4))  # heard only now, and recorded before the page's instant
    status, body = await small.ask("/v1/report/dossiers", **asked, cursor=page["next"])
    assert (status, json.loads(body)["code"]) == (409, "list-moved")


async def test_an_export_that_moves_breaks_off(small: Small) -> None:
    whole = (await small.ask("/v1/report/dossiers.csv", cell="received"))[1]
    assert len(whole.splitlines()) == 1 + 4

    async def move(part: int) -> None:
        if part == 2:
            await small.take(lives_of(4))

    ended: list[BaseException] = []
    try:
        broken = (await small.ask("/v1/report/dossiers.csv", move, cell="received"))[1]
    except Exception as error:
        ended.append(error)
        broken = b""
    assert ended or len(broken.splitlines()) < 1 + 5


async def test_a_list_tells_of_what_is_measured(small: Small) -> None:
    """What is heard and not measured yet is in no list; as of an instant that has such, nothing is told."""
    await small.reading.take(lives_of(7))
    status, body = await small.ask("/v1/report/dossiers", cell="received")
    page = json.loads(body)
    assert (status, page["count"], len(page["items"])) == (200, 4, 4)
    status, body = await small.ask("/v1/report/dossiers", cell="received", as_of="2023-06-01T00:00:00Z")
    assert (status, json.loads(body)["code"]) == (503, "not-measured-yet")
    await measured(small.pool)
    page = json.loads((await small.ask("/v1/report/dossiers", cell="received"))[1])
    assert (page["count"], len(page["items"])) == (5, 5)
