"""The events of all dossiers out of the topic `dossiers`, as an analyst may read them: each once, what is known of it in columns.

The end of every partition is fixed with the first message; what is published later is another export's. Nothing is committed to Kafka.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts import envelope, intake, processing
from deploy.export.files import Column, Kind
from deploy.export.spool import Row, Spool
from deploy.local.process import Failed
from services.chassis.kafka.cluster import Cluster
from services.chassis.process.settings import KafkaSettings

TOPIC = "dossiers"
BATCH = 5_000
SOURCES = ("intake", "processing")
OF_NO_USE = frozenset({"sealed_code", "sealed_filer", "content_commitment", "contact_change", "words"})
"""Members that say nothing to who has no key."""
CLOCKS_DIFFER = timedelta(days=1)
"""By how much the broker's clock may be behind the databases': it appends an event after that was recorded."""

Say = Callable[[str], None]


def _kind(schema: Mapping[str, Any]) -> Kind:
    """The kind of a member by its JSON schema; what has parts of its own stays JSON text."""
    options = [option for option in schema.get("anyOf", [schema]) if option.get("type") != "null"]
    kind, form = options[0].get("type"), options[0].get("format")
    if kind == "string":
        return {"date": "day", "date-time": "instant"}.get(form, "text")  # type: ignore[return-value]
    return {"integer": "whole", "boolean": "flag"}.get(kind, "text")  # type: ignore[return-value]


def _members() -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    for message in (*intake.MESSAGES, *processing.MESSAGES):
        for name, schema in message.model_json_schema()["properties"].items():
            if name not in OF_NO_USE:
                found.setdefault(name, _kind(schema))
    return found


MEMBERS = _members()
"""What events say beside their envelope, and how it is written."""
COLUMNS = (
    Column("dossier_id", "text"),
    Column("source", "text"),
    Column("version", "whole"),
    Column("type", "text"),
    Column("time", "instant"),
    Column("recorded_at", "instant"),
    Column("origin", "text"),
    Column("id", "text"),
    *(Column(name, kind) for name, kind in sorted(MEMBERS.items())),
    Column("more", "text"),
)


def row_of(headers: Any, value: bytes | None) -> Row:
    """One event as a row; ValueError where it is none of ours. `more`: members that this release does not know, as JSON."""
    said, members = envelope.read(headers), envelope.json_object(value or b"")
    repeated = {"id", "type", "time", "dossier_id", *OF_NO_USE}
    known = {name: _text(found) for name, found in members.items() if name in MEMBERS}
    more = {name: found for name, found in members.items() if name not in MEMBERS and name not in repeated}
    return known | {
        "dossier_id": str(said.subject),
        "source": said.source,
        "version": said.sequence,
        "type": said.type,
        "time": said.time,
        "recorded_at": said.recorded_at,
        "origin": said.origin,
        "id": str(said.id),
        "more": orjson.dumps(more).decode() if more else None,
    }


def _text(value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, list | dict) else value


def key_of(row: Row) -> bytes:
    """The place of an event, which comes twice after a refill of the broker: dossier, producer and version."""
    dossier, source = bytes.fromhex(row["dossier_id"].replace("-", "")), SOURCES.index(row["source"])
    return dossier + bytes([source]) + int(row["version"]).to_bytes(4, "big")


async def gather(
    kafka: KafkaSettings, spool: Spool, since: datetime | None, as_of: datetime | None, say: Say
) -> dict[str, str]:
    """All events that were recorded after `since` and up to `as_of`; what is to be said of them."""
    cluster = Cluster(kafka)
    consumer = AIOKafkaConsumer(**kafka.client_options(), enable_auto_commit=False, fetch_max_wait_ms=50)
    try:
        await consumer.start()
        topic = (await cluster.topic_ids([TOPIC])).get(TOPIC, "")
        places = await cluster.partitions([TOPIC])
        if spool.told("topic") is None:
            begins, ends = await _begins(consumer, places, since), await consumer.end_offsets(places)
            spool.keep(
                (),
                topic=topic,
                next={str(place.partition): begins[place] for place in places},
                ends={str(place.partition): ends[place] for place in places},
                unread=0,
                made_up=False,
            )
        if spool.told("topic") != topic:
            raise Failed(f"the topic was made anew since {spool.path} was begun: --anew begins again")
        await _read(consumer, spool, since, as_of, say)
    finally:
        await consumer.stop()
        await cluster.close()
    return {"unread": str(spool.told("unread")), "made_up": str(spool.told("made_up")).lower()}


async def _begins(
    consumer: AIOKafkaConsumer, places: list[TopicPartition], since: datetime | None
) -> dict[TopicPartition, int]:
    """Where each partition begins to matter: what was recorded later was appended later."""
    begins: dict[TopicPartition, int] = await consumer.beginning_offsets(places)
    if since is None:
        return begins
    at = int((since - CLOCKS_DIFFER).timestamp() * 1000)
    found = await consumer.offsets_for_times(dict.fromkeys(places, at))
    ends = await consumer.end_offsets(places)
    return {place: found[place].offset if found.get(place) else ends[place] for place in places}


async def _read(
    consumer: AIOKafkaConsumer, spool: Spool, since: datetime | None, as_of: datetime | None, say: Say
) -> None:
    following, ends, unread, made_up = (spool.told(name) for name in ("next", "ends", "unread", "made_up"))
    first = sum(following.values())
    total = sum(ends.values()) - first
    for partition, end in ends.items():
        place = TopicPartition(TOPIC, int(partition))
        consumer.assign([place])
        consumer.seek(place, following[partition])
        while following[partition] < end:
            records = (await consumer.getmany(timeout_ms=1000, max_records=BATCH)).get(place, ())
            rows = []
            for record in records:
                if record.offset >= end:
                    break
                try:
                    row = row_of(record.headers, record.value)
                    key = key_of(row)
                except ValueError:
                    unread += 1
                    continue
                if (since is None or row["recorded_at"] > since) and (
                    as_of is None or row["recorded_at"] <= as_of
                ):
                    rows.append((key, row))
                    made_up = made_up or (row.get("import_source") or "").startswith(intake.MADE_UP_SOURCE)
            following[partition] = min(await consumer.position(place), end)
            spool.keep(rows, next=following, unread=unread, made_up=made_up)
            say(f"{sum(following.values()) - first:,} of {total:,} messages")
