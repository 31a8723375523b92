"""Puts reporting together: settings, database, reader, check, page. `python -m services.reporting.app` serves."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from contracts.members import MEMBERS, OPENAPI
from contracts.topics import topics_of
from services.chassis import lifecycle
from services.chassis.answering import readiness
from services.chassis.http.issuers import tokens_of
from services.chassis.http.limits import Buckets
from services.chassis.http.turns import Turns
from services.chassis.http.typesetting import Typesetting
from services.chassis.http.web import Application, Readiness, create_app
from services.chassis.kafka.consumer import Reader
from services.chassis.kafka.ordering import Delivered
from services.chassis.kafka.progress import Progress
from services.chassis.kafka.topic_check import check_topics
from services.chassis.log.databases import open_pool
from services.chassis.process import clock, logs
from services.chassis.process.settings import load
from services.reporting import incoming, metrics
from services.reporting.dashboard.kept import Showing
from services.reporting.dashboard.plotter import Drawings
from services.reporting.quality.measuring import keep_measuring
from services.reporting.quality.routes import add_quality_routes
from services.reporting.quality.shown import Indexes
from services.reporting.report.asked import Sources
from services.reporting.report.cell_routes import add_cell_routes
from services.reporting.report.check import Watch
from services.reporting.report.files import TEMPLATE
from services.reporting.report.form_routes import add_form_routes
from services.reporting.report.routes import add_official_routes
from services.reporting.report.vintage_routes import add_vintage_routes
from services.reporting.routes import PUBLIC, add_routes
from services.reporting.settings import ReportingSettings

NAME = "reporting"
BACKLOG_SECONDS = 3.0
"""An event that waited longer for its count is not new."""
DESCRIPTION = "Counts dossiers for the official report and shows the counts to everybody."


def build(
    settings: ReportingSettings, pool: asyncpg.Pool[Any], reader: Reader, watch: Watch, drawings: Drawings
) -> Application:
    """The application; it touches the pool only when it is asked something."""

    async def ready() -> Readiness:
        """Ready while it can answer; up to when it is complete is told with every answer."""
        return await readiness(pool, await reader.complete_up_to(), {"reader": reader.ready})

    application = create_app(
        name=NAME,
        title="Mot Cua: reporting",
        description=DESCRIPTION,
        release=lifecycle.release(),
        tokens=tokens_of(settings, is_place=settings.offices.knows),
        limits=Buckets(
            settings.caller_requests_per_second, settings.caller_requests_burst, clock=time.monotonic
        ),
        unnamed=Buckets(
            settings.unnamed_answers_per_second, settings.unnamed_answers_burst, clock=time.monotonic
        ),
        ready=ready,
        public=PUBLIC,
        described_by=(MEMBERS, Path(__file__).with_name("openapi.toml")),
        contract=OPENAPI / f"{NAME}.json",
    )
    sources = Sources(
        pool,
        reader.complete_up_to,
        lambda: watch.last,
        clock.now,
        lifecycle.release(),
        settings.agency,
        settings.desk_url,
        settings.report_recipient,
        settings.report_place,
        Turns(),
    )
    limits = Buckets(
        settings.public_requests_per_second, settings.public_requests_burst, clock=time.monotonic
    )
    showing, indexes = Showing(pool, time.monotonic, reader.complete_up_to), Indexes(sources, time.monotonic)
    add_routes(application, sources, showing, indexes, drawings, limits)
    add_official_routes(application, sources, limits)
    add_cell_routes(application, sources)
    add_quality_routes(application, sources, indexes, limits)
    typesetting = Typesetting(TEMPLATE)
    add_form_routes(application, sources, limits, typesetting)
    add_vintage_routes(application, sources, limits, typesetting)
    return application


class Counted:
    """Applies batches, measures how long the oldest event of each waited for it, and knows whether more of that kind come."""

    def __init__(self) -> None:
        self._at, self._waited_seconds = -math.inf, 0.0

    async def apply(self, connection: asyncpg.Connection[Any], deliveries: Sequence[Delivered]) -> None:
        await incoming.apply(connection, deliveries)
        oldest = min(delivered.recorded_at for delivered in deliveries)
        self._waited_seconds = max((clock.now() - oldest).total_seconds(), 0.0)
        self._at = time.monotonic()
        metrics.ACCEPTED_TO_COUNTED.observe(self._waited_seconds)

    def has_backlog(self) -> bool:
        """Whether events that are not new are counted at this moment."""
        return time.monotonic() - self._at < BACKLOG_SECONDS < self._waited_seconds


async def main() -> None:
    settings = load(ReportingSettings)
    logs.set_up(settings.log_level, service=NAME, release=lifecycle.release())
    drawings = Drawings()
    async with open_pool(settings.database_dsn.get_secret_value(), name=NAME, pooled=settings.pooled) as pool:
        progress, counted = Progress(settings.kafka), Counted()
        reader = Reader.of_events(
            NAME,
            pool,
            settings.kafka,
            ["dossiers"],
            counted.apply,
            applied=incoming.APPLIED,
            passed_over=incoming.PASSED_OVER,
            sources=incoming.PRODUCERS,
            opener="intake",
            progress=progress,
            dead_letters=f"{NAME}.dead-letters",
        )
        watch = Watch(pool, clock.now, settings.identity_check_seconds)

        async def read() -> None:
            await check_topics(settings.kafka, topics_of(NAME))
            await reader.run()

        try:
            await lifecycle.serve(
                build(settings, pool, reader, watch, drawings),
                settings,
                [
                    lifecycle.background("reader", read),
                    lifecycle.background("progress", progress.run),
                    lifecycle.background("identity", watch.run),
                    lifecycle.background("measuring", partial(keep_measuring, pool, counted.has_backlog)),
                ],
            )
        finally:
            await asyncio.shield(drawings.close())


if __name__ == "__main__":
    lifecycle.run(main)
