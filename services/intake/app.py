"""Puts intake together: settings, database, log, relay, reader, routes. `python -m services.intake.app` serves."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from contracts.members import MEMBERS, OPENAPI
from contracts.topics import topics_of
from services.chassis import lifecycle
from services.chassis.http.issuers import tokens_of
from services.chassis.http.limits import Buckets
from services.chassis.http.web import Application, create_app
from services.chassis.kafka import names
from services.chassis.kafka.consumer import Reader
from services.chassis.kafka.feeds import events_feed
from services.chassis.kafka.progress import Progress
from services.chassis.kafka.relay import Relay
from services.chassis.kafka.topic_check import check_topics
from services.chassis.log.databases import open_pool, years_ago
from services.chassis.log.event_store import EventStore
from services.chassis.process import clock, logs, metrics
from services.chassis.process.ids import uuid7
from services.chassis.process.settings import load
from services.chassis.writable import readiness
from services.intake import incoming
from services.intake.acting import ACTS, Applicants
from services.intake.outgoing import SOURCE, outgoing
from services.intake.pages.applicant import add_applicant_pages
from services.intake.papers.objects import Objects
from services.intake.papers.sweeping import sweep
from services.intake.papers.uploads import Uploads
from services.intake.people import drafts, wishes
from services.intake.people.searching import keep_index
from services.intake.people.store import CONTACTS
from services.intake.routes import PUBLIC, add_routes
from services.intake.samples import samples
from services.intake.settings import IntakeSettings
from services.intake.submitting import Intake
from services.intake.usual import ZONE

DESCRIPTION = "Takes dossiers in and tells applicants how far they are."
WEEKS_SECONDS = SWEEP_SECONDS = 3600.0
log = logging.getLogger(__name__)


def now() -> datetime:
    """The clock of this process."""
    return clock.now(ZONE)


def build(
    settings: IntakeSettings,
    pool: asyncpg.Pool[Any],
    store: EventStore,
    clock: Callable[[], datetime] = now,
    acts: EventStore | None = None,
) -> Application:
    """The application; it touches the pool only when it is asked something. `acts` appends to the same log as `store`."""

    acting = acts or EventStore(pool, **ACTS)
    application = create_app(
        name=SOURCE,
        title="Mot Cua: intake",
        description=DESCRIPTION,
        release=lifecycle.release(),
        tokens=tokens_of(settings, is_place=settings.offices.knows),
        limits=Buckets(
            settings.caller_requests_per_second, settings.caller_requests_burst, clock=time.monotonic
        ),
        unnamed=Buckets(
            settings.unnamed_answers_per_second, settings.unnamed_answers_burst, clock=time.monotonic
        ),
        ready=lambda: readiness(pool, *zip((store, acting), samples(uuid7), strict=True)),
        public=PUBLIC,
        described_by=(MEMBERS, Path(__file__).with_name("openapi.toml")),
        contract=OPENAPI / f"{SOURCE}.json",
    )
    uploads = uploads_of(settings, pool)
    intake = Intake(store, settings.hmac_keys, clock, uuid7, settings.offices, uploads=uploads)
    lookups = Buckets(settings.lookups_per_minute / 60, settings.lookups_per_minute, clock=time.monotonic)
    applicants = Applicants(intake, acting, pool)
    people_reads, paper_reads = (
        Buckets(a_minute / 60, a_minute, clock=time.monotonic)
        for a_minute in (settings.people_reads_per_minute, settings.paper_reads_per_minute)
    )
    add_routes(application, applicants, lookups, people_reads, paper_reads, settings.payment_secrets)
    add_applicant_pages(application, settings, applicants, lookups)
    return application


def uploads_of(settings: IntakeSettings, pool: asyncpg.Pool[Any]) -> Uploads:
    """Where files go."""
    waiting_bytes_max = settings.files_waiting_megabytes * 1_000_000
    return Uploads(pool, Objects(settings), uuid7, settings.clamd, waiting_bytes_max)


async def main() -> None:
    settings = load(IntakeSettings)
    logs.set_up(settings.log_level, service=SOURCE, release=lifecycle.release())
    async with open_pool(
        settings.database_dsn.get_secret_value(), name=SOURCE, pooled=settings.pooled
    ) as pool:
        relay = Relay(
            SOURCE, pool, settings.kafka, [events_feed(outgoing(settings.code_keys[0])), CONTACTS], uuid7()
        )
        store = EventStore(
            pool,
            function="submit_v2",
            attachment_type="new_filing_v2",
            poke=relay.poke,
            observe=metrics.APPENDS_BATCH_SIZE.observe,
            opened=relay.guard.opened,
        )
        acts = EventStore(
            pool,
            poke=relay.poke,
            observe=metrics.APPENDS_BATCH_SIZE.observe,
            opened=relay.guard.opened,
            **ACTS,
        )
        progress = Progress(settings.kafka)
        reader = Reader.of_events(
            SOURCE,
            pool,
            settings.kafka,
            ["dossiers"],
            incoming.tracking(settings.code_keys),
            applied=incoming.APPLIED,
            passed_over=incoming.PASSED_OVER,
            sources=incoming.SOURCES,
            progress=progress,
            dead_letters="intake.dead-letters",
        )
        officers = names.reader(SOURCE, pool, settings.kafka)

        async def check() -> None:
            await check_topics(settings.kafka, topics_of(SOURCE))

        async def weeks() -> None:
            while True:
                await pool.execute("SELECT keep_idempotency_weeks($1)", clock.now().date())
                await pool.execute("SELECT forget_people_access($1)", years_ago(settings.people_access_years))
                await drafts.sweep(pool, clock.now())
                await wishes.sweep(pool)
                if (heard := await reader.complete_up_to()) is not None:
                    await pool.execute("SELECT forget_words($1)", heard.up_to)
                await asyncio.sleep(WEEKS_SECONDS)

        async def papers() -> None:
            uploads = uploads_of(settings, pool)
            while True:
                if settings.files_url:
                    try:
                        await sweep(uploads, int(time.time() // SWEEP_SECONDS))
                    except Exception as error:
                        log.warning("papers-unswept", extra={"fields": logs.describe(error)})
                await asyncio.sleep(SWEEP_SECONDS)

        await lifecycle.serve(
            build(settings, pool, store, acts=acts),
            settings,
            [
                lifecycle.with_broker("relay", check, relay.run),
                lifecycle.background("log-guard", relay.guard.run),
                lifecycle.with_broker("reader", check, reader.run),
                lifecycle.with_broker("officers", check, officers.run),
                lifecycle.background("progress", progress.run),
                lifecycle.background("idempotency-weeks", weeks),
                lifecycle.background("papers", papers),
                lifecycle.background("people-index", lambda: keep_index(pool)),
            ],
        )


if __name__ == "__main__":
    lifecycle.run(main)
