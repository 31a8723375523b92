"""Puts processing together: settings, database, log, relay, reader, routes. `python -m services.processing.app` serves."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import asyncpg

from contracts.members import MEMBERS, OPENAPI
from contracts.topics import topics_of
from services.chassis import lifecycle
from services.chassis.http.issuers import tokens_of
from services.chassis.http.limits import Buckets
from services.chassis.http.web import Application, create_app
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
from services.processing import incoming, open_dossiers, sweeps
from services.processing.calendar.current import Declaring
from services.processing.calendar.foreseen import Foreseeing
from services.processing.calendar.recount import Recounter
from services.processing.calendar.routes import add_calendar_routes
from services.processing.clock.working_days import NOT_READ, ZONE
from services.processing.desk.at_intake import AtIntake
from services.processing.desk.carry_out import Desk
from services.processing.desk.officer_routes import add_officer_routes
from services.processing.desk.officers import NAMES_FEED
from services.processing.desk.payment_routes import add_payment_routes
from services.processing.desk.people_routes import add_people_routes
from services.processing.desk.queue_routes import add_queue_routes
from services.processing.desk.reversal_routes import add_reversal_routes
from services.processing.desk.supervision_routes import add_supervision_routes
from services.processing.metrics import watch_years
from services.processing.outgoing import SOURCE, outgoing
from services.processing.pages.officer import add_officer_pages
from services.processing.routes import add_routes
from services.processing.samples import whole_item
from services.processing.settings import ProcessingSettings

DESCRIPTION = "What the authority does with dossiers: the desk's and the units' queue and commands."
WEEKS_SECONDS = 3600.0


def build(settings: ProcessingSettings, desk: Desk, declaring: Declaring | None = None) -> Application:
    """The application; it touches the database only when it is asked something."""

    desk.intake = AtIntake(settings.people_url)
    application = create_app(
        name=SOURCE,
        title="Mot Cua: processing",
        description=DESCRIPTION,
        release=lifecycle.release(),
        tokens=tokens_of(settings, is_place=settings.offices.knows, met=desk.officers.met),
        limits=Buckets(
            settings.caller_requests_per_second, settings.caller_requests_burst, clock=time.monotonic
        ),
        unnamed=Buckets(
            settings.unnamed_answers_per_second, settings.unnamed_answers_burst, clock=time.monotonic
        ),
        ready=lambda: readiness(desk.pool, (desk.store, whole_item(desk.new_id))),
        query_lists=frozenset({"status"}),
        described_by=(MEMBERS, Path(__file__).with_name("openapi.toml")),
        contract=OPENAPI / f"{SOURCE}.json",
    )
    add_routes(application, desk)
    add_queue_routes(application, desk)
    add_supervision_routes(application, desk)
    add_payment_routes(application, desk)
    foreseeing = Foreseeing(declaring or Declaring(desk))
    add_calendar_routes(application, foreseeing)
    add_people_routes(application, desk)
    add_officer_routes(application, desk)
    add_reversal_routes(application, desk)
    add_officer_pages(application, settings, desk, foreseeing)
    return application


def open_store(pool: asyncpg.Pool[Any], **rest: Any) -> EventStore:
    """The log, appended to through record_v2(), which moves the queue in the same call."""
    return EventStore(pool, function="record_v2", attachment_type="new_standing_v2", **rest)


async def main() -> None:
    settings = load(ProcessingSettings)
    logs.set_up(settings.log_level, service=SOURCE, release=lifecycle.release())
    async with open_pool(
        settings.database_dsn.get_secret_value(), name=SOURCE, pooled=settings.pooled
    ) as pool:
        say = outgoing(settings.code_keys[0])
        events = events_feed(say, main="dossiers")
        relay = Relay(SOURCE, pool, settings.kafka, [events, NAMES_FEED], uuid7(), "intake")
        store = open_store(
            pool, poke=relay.poke, observe=metrics.APPENDS_BATCH_SIZE.observe, opened=relay.guard.opened
        )
        desk = Desk(pool, store, NOT_READ, lambda: clock.now(ZONE), uuid7, settings.offices)
        declaring = Declaring(desk)
        progress, paid = Progress(settings.kafka), asyncio.Event()
        reader = Reader.of_events(
            SOURCE,
            pool,
            settings.kafka,
            ["dossiers"],
            incoming.listening(lambda: desk.calendar, paid.set),
            applied=incoming.APPLIED,
            passed_over=incoming.PASSED_OVER,
            sources=incoming.SOURCES,
            progress=progress,
            dead_letters="processing.dead-letters",
        )

        async def with_kafka(run: Any) -> None:
            await check_topics(settings.kafka, topics_of(SOURCE))
            await run()

        async def weeks() -> None:
            while True:
                await pool.execute("SELECT keep_idempotency_weeks($1)", clock.now().date())
                await pool.execute("SELECT forget_fired($1)", years_ago(settings.facts_years))
                await asyncio.sleep(WEEKS_SECONDS)

        await lifecycle.serve(
            build(settings, desk, declaring),
            settings,
            [
                lifecycle.background("relay", lambda: with_kafka(relay.run)),
                lifecycle.background("log-guard", relay.guard.run),
                lifecycle.background("reader", lambda: with_kafka(reader.run)),
                lifecycle.background("progress", progress.run),
                lifecycle.background("idempotency-weeks", weeks),
                lifecycle.background("sweeps", lambda: sweeps.run(desk, settings.sweep_seconds)),
                lifecycle.background("payments", lambda: sweeps.run_payments(desk, paid)),
                lifecycle.background("calendar", declaring.watch),
                lifecycle.background("recounts", relay.guard.first(Recounter(declaring, uuid7()).run)),
                lifecycle.background("calendar-years", lambda: watch_years(declaring)),
                lifecycle.background("open-dossiers", lambda: open_dossiers.run(desk)),
            ],
        )


if __name__ == "__main__":
    lifecycle.run(main)
