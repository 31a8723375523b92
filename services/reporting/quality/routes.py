"""The service-quality index as JSON, and what officers and supervisors see of their own beside it. It changes nothing."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response

from services.chassis.http import paging
from services.chassis.http.limits import Buckets
from services.chassis.http.web import Application, Caller, Problem, client_address, throttle
from services.reporting.book.lines import ZONE, local_date
from services.reporting.book.rows import count_held, snapshot
from services.reporting.quality.answers import (
    IndexAnswer,
    IndexAsked,
    OwnReport,
    SignsAnswer,
    SignsAsked,
    WorkAnswer,
)
from services.reporting.quality.index import workloads
from services.reporting.quality.loading import (
    BEGINNING,
    Whose,
    count_signs,
    load_parts,
    load_signs,
    load_times,
    newest,
)
from services.reporting.quality.own import report_of_unit
from services.reporting.quality.shown import Indexes, load_index, told
from services.reporting.report.asked import DEAR, Sources
from services.reporting.report.cell_routes import Staff, scope_of
from services.reporting.report.columns import official, tells
from services.reporting.report.counts import Window
from services.reporting.report.flows import load_sums
from services.reporting.report.measured import measured_up_to, waits_since
from services.reporting.report.queries import has_made_up
from services.reporting.report.readers import Signs
from services.reporting.report.routes import ReportAsked, as_json, sound

TIMES = ("results", "mean", "median", "p90")


class _Page:
    """Where a page begins, as its cursor says: the instant and the count of the first page, and the line before."""

    def __init__(self, text: str) -> None:
        self.as_of, self.tells_on, self.count, on, dossier_id, number = paging.parts_of(
            text,
            paging.instant,
            date.fromisoformat,
            paging.count,
            date.fromisoformat,
            UUID,
            paging.count,
        )
        self.after = BEGINNING._replace(on=on, dossier_id=dossier_id, number=number)


def add_quality_routes(application: Application, sources: Sources, indexes: Indexes, limits: Buckets) -> None:
    async def framed(
        connection: Any, asked: IndexAsked | ReportAsked, up_to: datetime | None, measured: bool = True
    ) -> tuple[dict[str, Any], Window]:
        """What every answer says of itself, and the days that it counts; 503 where acts of before were not kept to be measured."""
        window = asked.window()
        tells_on = tells(window.last, local_date(asked.as_of or sources.now()))
        if measured:
            up_to = measured_up_to(up_to, await waits_since(connection))
        said = {
            "from": window.first,
            "to": window.last,
            "as_of": asked.as_of,
            "tells_on": tells_on,
            "complete_up_to": up_to.astimezone(ZONE) if up_to else None,
            "held": await count_held(connection),
            "made_up": await has_made_up(connection),
            "zone": ZONE.tzname(None),
            "code_version": sources.release,
        }
        return said, Window(window.first, tells_on)

    async def complete() -> datetime | None:
        found = await sources.complete()
        return found.up_to if found else None

    @application.get("/v1/service-quality", summary="The service-quality index", response_model=IndexAnswer)
    async def service_quality(
        asked: Annotated[IndexAsked, Query()], request: Request, signs: Signs
    ) -> Response:
        """Each measure of decision 766 with its numerator, its denominator and what it leaves out, and how long results took by procedure.

        The public is not shown the times of fewer than five results, nor those that would tell them; supervisors are.
        """
        throttle(limits, client_address(request), "public", DEAR if asked.as_of else 1)
        window = asked.window()
        found = await (load_index(sources, window, asked.as_of) if asked.as_of else indexes.get(window))
        hidden = frozenset() if signs else found.withheld
        return as_json(
            {
                "from": window.first,
                "to": window.last,
                "as_of": asked.as_of,
                "tells_on": found.tells_on,
                "measures": [each._asdict() for each in found.measures],
                "procedures": [
                    {"procedure": each.key} | dict(zip(TIMES, told(each, hidden), strict=True))
                    for each in found.procedures
                ],
                "withheld": bool(hidden),
                "complete_up_to": found.complete_up_to.astimezone(ZONE) if found.complete_up_to else None,
                "held": found.held,
                "made_up": found.made_up,
                "zone": ZONE.tzname(None),
                "code_version": sources.release,
            }
        )

    @application.get(
        "/v1/service-quality/work", summary="Times and workload of one's own", response_model=WorkAnswer
    )
    async def work(asked: Annotated[IndexAsked, Query()], caller: Staff) -> Response:
        """How long each step took, and what each unit had to do: to officers of their unit, to supervisors of their office."""
        whose, up_to = _whose(caller), await complete()
        async with snapshot(sources.pool) as connection:
            said, days = await framed(connection, asked, up_to)
            steps = await load_times(connection, days, "steps", asked.as_of, whose)
            parts = await load_parts(connection, days, asked.as_of, whose, places=("unit",))
        return as_json(
            said
            | {"office": None, "unit": None, whose.kind: whose.code}
            | {
                "steps": [{"step": each.key} | dict(list(each._asdict().items())[1:]) for each in steps],
                "workload": [each._asdict() for each in workloads(parts)],
            }
        )

    @application.get(
        "/v1/service-quality/signs", summary="What may hide lateness", response_model=SignsAnswer
    )
    async def signs_listed(asked: Annotated[SignsAsked, Query()], caller: Staff) -> Response:
        """The dossiers that show one sign, by pages: to officers those of their unit, to supervisors those of their office.

        Guarantee: all pages and the count are of one instant. Test: test_signs_are_listed_by_pages.
        """
        begins = paging.given(asked.cursor, _Page)
        whose, up_to = _whose(caller), await complete()
        async with snapshot(sources.pool) as connection:
            said, days = await framed(connection, asked, up_to)
            known = measured_up_to(await newest(connection), await waits_since(connection))
            as_of = begins.as_of if begins else asked.as_of or known or sources.now()
            if begins:
                said["tells_on"], days = begins.tells_on, Window(days.first, begins.tells_on)
            count = await count_signs(connection, days, asked.pattern, as_of, whose)
            after = begins.after if begins else BEGINNING
            found = await load_signs(connection, days, asked.pattern, as_of, whose, after, asked.limit + 1)
        if begins and begins.count != count:
            raise Problem(409, "list-moved", "more was heard of that time: begin at the first page again")
        items, following = found[: asked.limit], None
        if len(found) > asked.limit:
            last = items[-1]
            following = paging.cursor(
                as_of.isoformat(), said["tells_on"], count, last.on, last.dossier_id, last.number
            )
        return as_json(
            said
            | {"as_of": as_of.astimezone(ZONE), "pattern": asked.pattern, "count": count, "next": following}
            | {"office": None, "unit": None, whose.kind: whose.code}
            | {
                "items": [
                    {name: value for name, value in each._asdict().items() if name != "number"}
                    | {"link": f"{sources.desk}/dossiers/{each.dossier_id}"}
                    for each in items
                ]
            }
        )

    @application.get("/v1/report/own", summary="The report of one's own", response_model=OwnReport)
    async def own(asked: Annotated[ReportAsked, Query()], caller: Staff) -> Response:
        """The official report with every number: to supervisors of their office, to officers of their unit.

        Of a unit it has what was accepted for it: what waits, or was not accepted, is nobody's.
        """
        whose, up_to = _whose(caller), await complete()
        async with snapshot(sources.pool) as connection:
            said, days = await framed(connection, asked, up_to, measured=whose.kind == "unit")
            if whose.kind == "office":
                sums = await load_sums(connection, days, asked.by, asked.as_of, only={"office": whose.code})
                found = official(sums, asked.by)
            else:
                parts = await load_parts(connection, days, asked.as_of, whose)
                found = report_of_unit(parts, asked.by)
        found = sound(found)
        answer = said | {"by": asked.by, "withheld": False, **asdict(found.total)}
        if asked.by:
            answer["rows"] = [{"key": key, **asdict(row)} for key, row in found.rows.items()]
        return as_json(answer | {"office": None, "unit": None, whose.kind: whose.code})


def _whose(caller: Caller) -> Whose:
    scope = scope_of(caller)
    return Whose(scope.kind, scope.code)
