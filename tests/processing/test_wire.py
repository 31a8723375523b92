"""What processing says and hears: every event as one message of the contract, and submissions as queue rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg
import orjson
import pytest
from uuid_utils.compat import uuid7

from contracts import calendar, envelope
from contracts import processing as contract
from contracts.calendar import CALENDAR_ID
from contracts.sealed import Unsealable, unseal
from services.chassis.log.event_store import StoredEvent
from services.processing import incoming
from services.processing.clock.declaration import (
    FACTS,
    DayDeclared,
    DayProposed,
    DeclarationWithdrawn,
    ProposalRefused,
    WithdrawalProposed,
)
from services.processing.clock.working_days import ZONE
from services.processing.dossier.events import EVENTS, DossierHandedOver, Event
from services.processing.outgoing import outgoing
from tests.processing import examples
from tests.processing.conftest import CODE_KEY, IMPORTER, MORNING, House
from tests.processing.examples import ACCEPTED, OFFICE, REJECTED, RESOLVED, UNIT

DOSSIER = UUID(int=uuid7().int)


def stored(event: Event, *, actor: str = "officer/an", number: int = 3) -> StoredEvent:
    """The event as the log keeps it: an acceptance with the number that was drawn for it."""
    name, schema_version, data = EVENTS.encode(event)
    if name == "DossierAccepted":
        data = f'{{"number":{number},{data[1:]}'
    now = datetime(2023, 3, 7, 2, tzinfo=UTC)
    ids = (UUID(int=uuid7().int), UUID(int=uuid7().int))
    return StoredEvent(
        1, DOSSIER, 1, *ids, 0, name, schema_version, MORNING, now, actor, None, None, "00-t", data
    )


def test_every_stored_event_is_one_message_of_the_contract() -> None:
    """Total over what may stand in the log, and every type that the contract gives processing is said."""
    say = outgoing(CODE_KEY)
    said = [say(stored(event)) for event in examples.EVERY_EVENT]
    assert {EVENTS.encode(event)[0] for event in examples.EVERY_EVENT} == EVENTS.names
    types = {envelope.read(message.headers).type for message in said}
    assert types == {message.type_name for message in contract.MESSAGES}
    for message in said:
        attributes = envelope.read(message.headers)
        assert (message.topic, message.key) == ("dossiers", str(DOSSIER).encode())
        assert (attributes.source, attributes.subject, attributes.sequence) == ("processing", DOSSIER, 1)
        assert (attributes.time, attributes.origin, attributes.traceparent) == (MORNING, None, "00-t")


def test_who_has_a_dossier_travels_sealed() -> None:
    """By code, and for those alone who have the key; nothing where nobody of the unit has it yet."""
    given = outgoing(CODE_KEY)(stored(DossierHandedOver(MORNING.date(), UNIT, "assigned", "kim@so.example")))
    said = orjson.loads(given.value or b"")
    assert b"kim" not in (given.value or b"")
    assert unseal([CODE_KEY], said["sealed_officer"], DOSSIER) == "kim@so.example"
    moved = outgoing(CODE_KEY)(stored(DossierHandedOver(MORNING.date(), UNIT, "transferred", None)))
    assert "sealed_officer" not in orjson.loads(moved.value or b"")


def test_what_is_declared_goes_to_the_calendars_own_topic() -> None:
    """Keyed by the one calendar, and without a dossier: whoever reads it from the beginning has the whole calendar."""
    day, at = date(2026, 11, 24), datetime(2026, 7, 1, tzinfo=ZONE)
    document = "Nghị quyết 28/2026/QH16, điều 2"
    types = set()
    for fact in (
        DayProposed(day, "off", document, at, "lan"),
        DayDeclared(day, "off", document, at),
        WithdrawalProposed(day, "off", document, at, "lan"),
        DeclarationWithdrawn(day, "off", document, at),
        ProposalRefused("withdraw", day, "off", document, at),
    ):
        name, schema_version, data = FACTS.encode(fact)
        event = stored(RESOLVED)._replace(
            type=name, schema_version=schema_version, data=data, stream_id=CALENDAR_ID
        )
        message = outgoing(CODE_KEY)(event)
        assert (message.topic, message.key) == ("calendar", str(CALENDAR_ID).encode())
        attributes, value = envelope.read(message.headers), orjson.loads(message.value or b"")
        assert (attributes.subject, attributes.sequence) == (CALENDAR_ID, 1)
        assert "dossier_id" not in value and "lan" not in str(message)
        assert (value["calendar_id"], value["day"], value["document"]) == (
            str(CALENDAR_ID),
            str(day),
            document,
        )
        types.add(attributes.type)
    assert types == {message.type_name for message in calendar.MESSAGES}


def test_the_code_travels_sealed() -> None:
    message = outgoing(CODE_KEY)(stored(ACCEPTED))
    value = orjson.loads(message.value or b"")
    assert b"230307-0003" not in (message.value or b"")
    assert unseal((CODE_KEY,), value["sealed_code"], DOSSIER) == "000.00.15.H29-230307-0003"
    with pytest.raises(Unsealable):
        unseal((CODE_KEY,), value["sealed_code"], UUID(int=1))
    assert (value["office"], value["unit"], value["due_on"]) == (OFFICE, UNIT, "2023-03-27")


def test_an_event_published_again_is_the_same_message() -> None:
    say, event = outgoing(CODE_KEY), stored(ACCEPTED)
    assert say(event) == say(event)


def test_what_an_import_recorded_says_so() -> None:
    message = outgoing(CODE_KEY)(stored(RESOLVED, actor="importer/import"))
    assert envelope.read(message.headers).origin == "import"


def test_an_event_that_the_contract_forbids_is_never_said() -> None:
    with pytest.raises(ValueError, match="reason"):
        outgoing(CODE_KEY)(stored(replace(REJECTED, reason="free text of an officer")))


def test_only_what_a_submission_starts_from_is_read() -> None:
    read = incoming.APPLIED["DossierSubmitted.v1"].model_validate_json(
        '{"procedure": "1.009982", "office": "H29.015.00", "channel": "online", "applicant_id": "x", "later": 1}'
    )
    assert set(read.model_dump()) == {"procedure", "office", "channel", "import_source", "result_delivery"}


async def test_the_queue_row_and_the_log_stand_or_fall_together(fresh_house: House) -> None:
    """A standing that the table refuses takes the events with it, and its counter's number."""
    bad, good = await fresh_house.submitted(2)
    connection = await asyncpg.connect(fresh_house.database.owner_dsn)
    await connection.execute(
        f"ALTER TABLE dossiers ADD CONSTRAINT for_this_test CHECK (dossier_id <> '{bad}' OR version = 0)"
    )
    await connection.close()
    failed = await fresh_house.act(bad, "accept")
    assert failed.status_code == 500
    assert await fresh_house.desk.store.load(bad) == []
    assert (await fresh_house.act(good, "accept")).json()["code"].endswith("-0001")


async def test_the_service_may_change_nothing_by_itself(fresh_house: House) -> None:
    """Asked of the catalogue: the log and the queue change through record() alone."""
    rights = {
        (row["table_name"], row["privilege_type"])
        for row in await fresh_house.pool.fetch(
            "SELECT table_name, privilege_type FROM information_schema.role_table_grants WHERE grantee = current_user"
        )
    }
    for table in ("events", "log_head", "counters", "idempotency_keys", "dossiers"):
        assert {privilege for name, privilege in rights if name == table} == {"SELECT"}
    assert not {privilege for name, privilege in rights if name == "imported_cases"}
    columns = {
        (row["column_name"], row["privilege_type"])
        for row in await fresh_house.pool.fetch(
            "SELECT column_name, privilege_type FROM information_schema.role_column_grants "
            "WHERE grantee = current_user AND table_name = 'dossiers' AND privilege_type <> 'SELECT'"
        )
    }
    start = {"dossier_id", "procedure", "office", "channel", "submitted_at", "intake_due_at"}
    start |= {"import_source", "result_delivery"}
    heard = {("asked", "UPDATE"), ("supplied_at", "UPDATE"), ("brought", "UPDATE")}
    corrected = {
        (name, "UPDATE") for name in ("procedure", "office", "channel", "submitted_at", "intake_due_at")
    }
    assert columns == {(name, "INSERT") for name in start} | heard | corrected
    for statement in (
        "UPDATE dossiers SET own_status = 'resolved'",
        "DELETE FROM events",
        "UPDATE counters SET value = 0",
        "TRUNCATE dossiers",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await fresh_house.pool.execute(statement)


async def test_an_import_leaves_its_instants_in_the_log_and_now_as_the_record_time(house: House) -> None:
    (dossier,) = await house.submitted()
    act = {"act": "accept", "at": "2023-03-06T23:30:00Z", "unit": UNIT}
    (answer,) = await house.bulk(
        [{"source": "test", "case": "night", "dossier_id": str(dossier), "acts": [act]}], by=IMPORTER
    )
    assert answer["dossier_code"].startswith("000.00.15.H29-230307-"), "the local day, not UTC's"
    (event,) = await house.desk.store.load(dossier)
    assert event.occurred_at == datetime(2023, 3, 6, 23, 30, tzinfo=UTC)
    assert event.recorded_at > event.occurred_at
