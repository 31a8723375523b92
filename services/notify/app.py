"""Puts notify together: settings, database, log, relay, readers, senders, routes. `python -m services.notify.app` serves."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from contracts.catalogue.shipped import PROCEDURES
from contracts.members import MEMBERS, OPENAPI
from contracts.topics import topics_of
from services.chassis import lifecycle
from services.chassis.answering import readiness
from services.chassis.http.issuers import tokens_of
from services.chassis.http.limits import Buckets
from services.chassis.http.web import Application, Readiness, create_app
from services.chassis.kafka import names
from services.chassis.kafka.consumer import Reader
from services.chassis.kafka.feeds import events_feed
from services.chassis.kafka.log_identity import log_state
from services.chassis.kafka.ordering import Delivered
from services.chassis.kafka.progress import Complete, Progress
from services.chassis.kafka.records import Keyed
from services.chassis.kafka.relay import Relay
from services.chassis.kafka.topic_check import check_topics
from services.chassis.log.databases import open_pool
from services.chassis.log.event_store import EventStore
from services.chassis.process import logs, metrics
from services.chassis.process.clock import now
from services.chassis.process.ids import uuid7
from services.chassis.process.settings import load
from services.notify import contacts, incoming
from services.notify.channels.delivery import Sender
from services.notify.channels.email import Carrier
from services.notify.channels.letters import Letters
from services.notify.choices import routes as choice_routes
from services.notify.messages import receipt_routes
from services.notify.messages.receipts import Receipts
from services.notify.messages.sending import Messages
from services.notify.notice import Channel
from services.notify.outgoing import outgoing
from services.notify.reads import add_read_route
from services.notify.returns.keeping import Keeper
from services.notify.returns.listener import Listener
from services.notify.routes import add_routes
from services.notify.settings import NotifySettings
from services.notify.webhooks import routes as webhook_routes
from services.notify.webhooks.call import Caller as Calls
from services.notify.webhooks.calling import Webhooks
from services.notify.wording.messages import ShortTexts
from services.notify.wording.texts import Texts

NAME = "notify"
DEAD_LETTERS = "notify.dead-letters"
DESCRIPTION = "Tells applicants what happened to their dossiers, and shows what they were told."


async def unknown() -> None:
    """Up to when it is complete, where no reader says so."""


def build(
    settings: NotifySettings,
    pool: asyncpg.Pool[Any],
    texts: Texts,
    moving: Callable[[], dict[str, bool]],
    complete: Callable[[], Awaitable[Complete | None]] = unknown,
) -> Application:
    """The application; `moving` says of each reader whether it moves, `complete` up to when it has heard of dossiers."""

    async def ready() -> Readiness:
        """Ready while it can answer and its log is not refused: then it tells nobody anything until somebody decides."""
        found = await readiness(pool, await complete(), moving())
        if found.ready and (log_says := await log_state(pool)) != "away":
            return Readiness(False, {**found.parts, "log": log_says})
        return found

    application = create_app(
        name=NAME,
        title="Mot Cua: notify",
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
        public=receipt_routes.PUBLIC | choice_routes.PUBLIC,
        described_by=(MEMBERS, Path(__file__).with_name("openapi.toml")),
        contract=OPENAPI / f"{NAME}.json",
    )
    short = ShortTexts(code_keys=settings.code_keys, register=settings.offices)
    add_routes(application, pool, texts, short, settings.code_keys)
    add_read_route(application, pool, settings.code_keys, clock=now)
    choice_routes.add_pages(application, pool, settings.choices_url, settings.code_keys, clock=now)
    receipt_routes.add_routes(application, pool, settings.callback_key, clock=now)
    webhook_routes.add_routes(
        application,
        pool,
        Calls(private=settings.webhook_private_addresses),
        code_keys=settings.code_keys,
        private=settings.webhook_private_addresses,
        clock=now,
        new_id=uuid7,
    )
    return application


def text_messages(
    settings: NotifySettings, pool: asyncpg.Pool[Any], relay: Relay
) -> tuple[Messages, Receipts]:
    """What sends text messages, and what hears of them; idle where no provider is named."""
    store = EventStore(
        pool,
        function="record_messages_v1",
        attachment_type="message_outcome_v1",
        poke=relay.poke,
        observe=metrics.APPENDS_BATCH_SIZE.observe,
        opened=relay.guard.opened,
    )
    providers = settings.providers()
    messages = Messages(
        pool=pool,
        store=store,
        providers=providers,
        texts=ShortTexts(code_keys=settings.code_keys, register=settings.offices),
        clock=now,
        new_id=uuid7,
        may_send=lambda: relay.guard.opened.refusal is None,
        at_night=settings.sms_at_night,
    )
    receipts = Receipts(
        pool=pool, store=store, providers=providers, clock=now, new_id=uuid7, wake=messages.wake
    )
    return messages, receipts


def returns_of(
    settings: NotifySettings, pool: asyncpg.Pool[Any], store: EventStore, relay: Relay
) -> list[lifecycle.Background]:
    """What hears of e-mails that come back; nothing where no port is named."""
    paths = settings.return_paths
    if paths is None or not settings.smtp_return_port:
        return []
    keeper = Keeper(pool, store, paths, now, uuid7)
    listener = Listener(settings.host, settings.smtp_return_port, paths, keeper.keep)
    return [
        lifecycle.background("returns", relay.guard.first(keeper.run)),
        lifecycle.background("return-listener", listener.run),
    ]


async def main() -> None:
    settings = load(NotifySettings)
    logs.set_up(settings.log_level, service=NAME, release=lifecycle.release())
    texts = Texts(
        code_keys=settings.code_keys,
        procedures={code: (each.name_vi, each.name_en) for code, each in PROCEDURES.items()},
        register=settings.offices,
    )
    async with open_pool(settings.database_dsn.get_secret_value(), name=NAME, pooled=settings.pooled) as pool:
        relay = Relay(NAME, pool, settings.kafka, [events_feed(outgoing)], uuid7())
        store = EventStore(
            pool,
            function="record_notices_v2",
            attachment_type="mail_outcome_v2",
            poke=relay.poke,
            observe=metrics.APPENDS_BATCH_SIZE.observe,
            opened=relay.guard.opened,
        )
        sender = Sender(
            pool=pool,
            store=store,
            carriers=[
                Carrier(settings.smtp_host, settings.smtp_port, settings.smtp_from, settings.entry)
                for _ in range(settings.smtp_connections)
            ],
            letters=Letters(
                texts,
                settings.smtp_from,
                paths=settings.return_paths,
                links=settings.links,
                signer=settings.signer(),
            ),
            clock=now,
            new_id=uuid7,
            poke=relay.poke,
            may_send=lambda: relay.guard.opened.refusal is None,
        )
        messages, receipts = text_messages(settings, pool, relay)
        woken = [sender.wake, messages.wake]

        def wake() -> None:
            for each in woken:
                each()

        webhooks = Webhooks(
            pool,
            Calls(private=settings.webhook_private_addresses),
            settings.code_keys,
            now,
            may_send=lambda: relay.guard.opened.refusal is None,
        )
        progress = Progress(settings.kafka)
        dossiers = Reader.of_events(
            NAME,
            pool,
            settings.kafka,
            ["dossiers"],
            incoming.Dossiers(
                channels=settings.channels,
                code_keys=settings.code_keys,
                clock=now,
                new_id=uuid7,
                poke=wake,
            ).apply,
            applied=incoming.APPLIED,
            passed_over=incoming.PASSED_OVER,
            sources=incoming.SOURCES,
            opener="intake",
            progress=progress,
            dead_letters=DEAD_LETTERS,
        )

        async def known(connection: asyncpg.Connection[Any], deliveries: Sequence[Delivered]) -> None:
            await contacts.apply(connection, deliveries)
            wake()

        phones = Channel.SMS in settings.channels
        people = Reader(
            contacts.READER_WITH_PHONES if phones else contacts.READER,
            pool,
            settings.kafka,
            ["contacts"],
            Keyed(partial(contacts.parse, phones=phones)),
            known,
            dead_letters=DEAD_LETTERS,
        )

        async def read_people() -> None:
            if not phones:
                await contacts.forget_phones(pool)
            await people.run()

        officers = names.reader(NAME, pool, settings.kafka)

        def moving() -> dict[str, bool]:
            return {"dossiers": dossiers.ready, "contacts": people.ready}

        def with_kafka(run: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
            async def checked() -> None:
                await check_topics(settings.kafka, topics_of(NAME))
                await run()

            return checked

        await lifecycle.serve(
            build(settings, pool, texts, moving, dossiers.complete_up_to),
            settings,
            [
                lifecycle.background("relay", with_kafka(relay.run)),
                lifecycle.background("log-guard", relay.guard.run),
                lifecycle.background("dossiers", with_kafka(dossiers.run)),
                lifecycle.background("progress", progress.run),
                lifecycle.background("contacts", with_kafka(read_people)),
                lifecycle.background("officers", with_kafka(officers.run)),
                lifecycle.background("inbox", relay.guard.first(sender.run_inbox)),
                lifecycle.background("mails", relay.guard.first(sender.run_mails)),
                lifecycle.background("measure", sender.measure),
                lifecycle.background("webhooks", relay.guard.first(webhooks.run)),
                lifecycle.background("measure-webhooks", webhooks.measure),
                *returns_of(settings, pool, store, relay),
                *(
                    [
                        lifecycle.background("messages", relay.guard.first(messages.run)),
                        lifecycle.background("receipts", relay.guard.first(receipts.run)),
                        lifecycle.background("measure-messages", messages.measure),
                    ]
                    if phones
                    else []
                ),
            ],
        )


if __name__ == "__main__":
    lifecycle.run(main)
