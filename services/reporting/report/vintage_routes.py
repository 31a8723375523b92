"""Publishing a report, reading what was published, and what lies between two published reports."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Path, Query, Request
from fastapi.responses import Response

from services.chassis.http import paging
from services.chassis.http.limits import Buckets
from services.chassis.http.problems import Fault
from services.chassis.http.typesetting import Typesetting
from services.chassis.http.web import (
    Application,
    Caller,
    IdempotencyKey,
    Problem,
    client_address,
    require,
    throttle,
)
from services.chassis.kafka.progress import Complete
from services.reporting.book.lines import ZONE
from services.reporting.book.rows import Entry, snapshot
from services.reporting.book.version import PROJECTION
from services.reporting.incoming import PRODUCERS
from services.reporting.report import vintages
from services.reporting.report.asked import DEAR, Sources
from services.reporting.report.columns import Columns, differences
from services.reporting.report.files import Kind
from services.reporting.report.form import Form
from services.reporting.report.form_routes import AS_FILE, COST, as_file
from services.reporting.report.queries import has_made_up, load_official
from services.reporting.report.readers import Signs
from services.reporting.report.routes import PLACELESS, as_json, sound
from services.reporting.report.vintage_answers import (
    Comparison,
    PageAsked,
    Publish,
    Vintages,
    WholeVintage,
)
from services.reporting.report.vintages import Question, Vintage, as_shown, canonical, effect, hash_of

HELD_LISTED = 20
NUMBER_MOST = 2**31 - 1

Supervisor = Annotated[Caller, Depends(require("supervisor"))]
Number = Annotated[int, Path(ge=1, le=NUMBER_MOST, description="Its number.")]


def add_vintage_routes(
    application: Application, sources: Sources, limits: Buckets, typesetting: Typesetting
) -> None:
    async def published(number: int) -> Vintage:
        found = await vintages.find(sources.pool, number)
        if found is None:
            raise Problem(404, detail="no report was published under this number")
        return found

    @application.post(
        "/v1/vintages", summary="Publish a report", response_model=WholeVintage, status_code=201
    )
    async def publish(asked: Publish, caller: Supervisor, key: IdempotencyKey) -> Response:
        """Refused while the report is not complete for its period; the answer says what is missing."""
        window = asked.window()
        said = (*window, asked.period or "", asked.scheme, asked.by or "")
        kept = await vintages.requested(sources.pool, caller.actor, key)
        if kept is None:
            complete = await sources.complete()
            async with snapshot(sources.pool) as connection:
                if missing := missing_of(window.last, complete, await vintages.held(connection, HELD_LISTED)):
                    raise Problem(
                        409, "report-not-complete", "not all of the period is in it yet", errors=missing
                    )
                assert complete is not None and window.last is not None
                question = Question(window, asked.by, complete.up_to)
                told = sound(await load_official(connection, window, asked.by, window.last, complete.up_to))
                made_up = await has_made_up(connection)
            result = canonical(question, told)
            vintage = Vintage(
                0,
                caller.actor,
                key,
                sources.now(),
                window.first,
                window.last,
                *said[2:],
                complete.up_to,
                json.dumps(complete.positions),
                sources.release,
                PROJECTION,
                ZONE.tzname(None) or "",
                made_up,
                result.decode(),
                hash_of(result),
            )
            async with sources.pool.acquire() as connection:
                kept = await vintages.add(connection, vintage)
        if (kept.first_on, kept.last_on, kept.period, kept.scheme, kept.by) != said:
            raise Problem(
                422, "idempotency-key-reused", "this Idempotency-Key came before with another question"
            )
        return as_json(_whole(kept, True), 201)

    @application.get("/v1/vintages", summary="Published reports", response_model=Vintages)
    async def listed(asked: Annotated[PageAsked, Query()], request: Request, signs: Signs) -> Response:
        """The newest first."""
        throttle(limits, client_address(request), "public")
        before = paging.given(asked.cursor, lambda text: paging.parts_of(text, paging.count)[0])
        found = await vintages.newest_first(sources.pool, before or NUMBER_MOST, asked.limit + 1)
        following = paging.cursor(found[asked.limit - 1].number) if len(found) > asked.limit else None
        # What is withheld of each is found once, and of many it takes a moment.
        items = await asyncio.to_thread(lambda: [_told(each, signs) for each in found[: asked.limit]])
        return as_json({"items": items, "next": following})

    @application.get("/v1/vintages/{number}", summary="A published report", response_model=WholeVintage)
    async def one(number: Number, request: Request, signs: Signs) -> Response:
        """With its numbers, as they were told: to supervisors in full, to the public without small ones and those that would tell them."""
        throttle(limits, client_address(request), "public")
        return as_json(await asyncio.to_thread(_whole, await published(number), signs))

    @application.get(
        "/v1/vintages/{number}/compare/{other}",
        summary="What lies between two published reports",
        response_model=Comparison,
    )
    async def compare(
        number: Number, other: Number, asked: Annotated[PageAsked, Query()], request: Request, signs: Signs
    ) -> Response:
        """Both of one period and with the same rows, the earlier one first. It names no dossier; procedure and office of an entry are
        told to supervisors."""
        throttle(limits, client_address(request), "public", DEAR)
        one, later = await published(number), await published(other)
        if (one.first_on, one.last_on, one.by) != (later.first_on, later.last_on, later.by):
            raise Problem(
                422, "vintages-of-other-questions", "compare reports of one period and the same rows"
            )
        if later.as_of < one.as_of:
            raise Problem(422, "vintages-reversed", "the earlier report comes first")
        # Whoever may ask: a cursor names no dossier either.
        passed = paging.given(asked.cursor, lambda text: paging.parts_of(text, paging.count)[0]) or 0
        async with sources.turn(DEAR), snapshot(sources.pool) as connection:
            found = await vintages.between(connection, one, later, passed, asked.limit)
        then, now = one.told(), later.told()
        hidden = [
            {} if signs else (await asyncio.to_thread(as_shown, each.result, each.by))[2]
            for each in (one, later)
        ]
        rows = {
            key: _gained(now.rows, then.rows, key, {name for each in hidden for name in each.get(key, ())})
            for key in sorted(now.rows | then.rows)
        }
        window = one.question().window
        return as_json(
            {
                "difference": differences(now.total, then.total),
                "rows": {key: gained for key, gained in rows.items() if gained},
                "withheld": any(hidden),
                "entries": [
                    _entry(line, effect(line, window)) | ({} if signs else PLACELESS)
                    for line in found.entries
                ],
                "count": found.in_all,
                "next": paging.cursor(passed + asked.limit) if passed + asked.limit < found.in_all else None,
            }
        )

    @application.get(
        "/v1/vintages/{number}/form.{kind}",
        summary="A published report in its official form",
        response_class=Response,
        responses=AS_FILE,
    )
    async def form(number: Number, kind: Kind, request: Request, signs: Signs) -> Response:
        """With its number and its hash; of reports with a row for each field. To supervisors in full."""
        throttle(limits, client_address(request), "public", COST[kind])
        vintage = await published(number)
        if vintage.by != "field":
            raise Problem(409, "vintage-without-fields", "the official form has a row for each field")
        result_hash, hidden = (vintage.result_hash, {}) if signs else as_shown(vintage.result, vintage.by)[1:]
        agency = sources.agency.partition("|")[0].strip()
        made = Form(
            vintage.told(),
            vintage.question().window,
            vintage.period,
            agency,
            sources.recipient,
            sources.place,
            vintage.published_at.astimezone(ZONE).date(),
            vintage.as_of,
            vintage.made_up,
            hidden=hidden,
            published=(vintage.number, result_hash),
        )
        return await as_file(kind, made, typesetting)


def missing_of(
    last: date | None, complete: Complete | None, held: list[tuple[UUID | None, datetime, str]]
) -> list[Fault]:
    """What a report of a period that ends on `last` still lacks.

    Guarantee: no report is published of which anything may be missing. Test: test_an_incomplete_report_is_not_published.
    """
    if last is None:
        return [Fault(field="to", code="without-end", detail="a period without an end is never over")]
    over_at = datetime.combine(last + timedelta(days=1), time.min, ZONE)
    found = []
    for producer in PRODUCERS:
        at = complete.producers.get(producer, complete.up_to) if complete else None
        if at is None:
            found.append(
                Fault(field=producer, code="not-known", detail="up to when it was heard is not known")
            )
        elif at < over_at:
            since = at.astimezone(ZONE).isoformat(timespec="seconds")
            found.append(Fault(field=producer, code="not-complete", detail=f"was heard up to {since} only"))
    for dossier_id, since_at, reason in held:
        since = since_at.astimezone(ZONE).isoformat(timespec="seconds")
        found.append(
            Fault(field="held", code=reason, detail=f"dossier {dossier_id or 'unknown'} waits since {since}")
        )
    return found


def _told(vintage: Vintage, signs: bool) -> dict[str, Any]:
    names = ("number", "scheme", "code_version", "projection", "zone", "made_up")
    _, result_hash, hidden = ("", vintage.result_hash, {}) if signs else as_shown(vintage.result, vintage.by)
    return {
        **{name: getattr(vintage, name) for name in names},
        "from": vintage.first_on,
        "to": vintage.last_on,
        "period": vintage.period or None,
        "by": vintage.by or None,
        "as_of": vintage.as_of.astimezone(ZONE),
        "positions": json.loads(vintage.positions),
        "published_at": vintage.published_at.astimezone(ZONE),
        "withheld": bool(hidden),
        "result_hash": result_hash,
    }


def _whole(vintage: Vintage, signs: bool) -> dict[str, Any]:
    result = vintage.result if signs else as_shown(vintage.result, vintage.by)[0]
    return {**_told(vintage, signs), "result": json.loads(result)}


def _gained(now: Any, then: Any, key: str, hidden: Collection[str]) -> dict[str, int]:
    nothing = Columns()
    gained = differences(now.get(key, nothing), then.get(key, nothing))
    return {name: value for name, value in gained.items() if name not in hidden}


def _entry(line: Entry, adds: dict[str, int]) -> dict[str, Any]:
    return {
        "recorded_at": line.recorded_at.astimezone(ZONE),
        "on": line.on_date,
        "flow": line.flow,
        "timeliness": line.timeliness or None,
        "manner": line.manner or None,
        "amount": line.amount,
        "struck": bool(line.struck),
        "procedure": line.procedure,
        "office": line.office,
        "effect": adds,
    }
