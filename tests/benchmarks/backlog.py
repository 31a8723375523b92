"""Events as the services publish them, made without the services: a backlog for whoever counts."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer
from uuid_utils.compat import uuid7

from contracts import envelope
from contracts.intake import DossierSubmitted
from contracts.processing import DossierAccepted
from deploy.local.kafka.run import Kafka
from services.chassis.process.settings import KafkaSettings
from tests.benchmarks.filings import OFFICE, PROCEDURES

Record = tuple[str, bytes, bytes, list[tuple[str, bytes]]]
SEALED = "v1." + "A" * 56


def ours(dossiers: int, chance: random.Random) -> list[Record]:
    """Two records for each dossier, submitted and accepted, as intake and processing publish them."""
    records: list[Record] = []
    for _ in range(dossiers):
        dossier_id, procedure = uuid7(), chance.choice(PROCEDURES)
        submitted = DossierSubmitted(
            procedure=procedure,
            office=OFFICE,
            channel="online",
            applicant_id=uuid7(),
            contact_change=1,
            content_commitment=f"{chance.getrandbits(256):064x}",
        )
        accepted = DossierAccepted(
            sealed_code=SEALED,
            procedure=procedure,
            level="partial" if procedure == "1.009974" else "full",
            office=OFFICE,
            unit=f"{OFFICE}/QLXD",
            channel="online",
            due_on=date(2026, 1, 30),
        )
        for message in (submitted, accepted):
            records.append(_record(dossier_id, message))
    return records


def _record(dossier_id: UUID, message: envelope.Message) -> Record:
    now = datetime.now(UTC)
    attributes = envelope.Attributes(
        id=uuid7(),
        source=message.owner,
        type=message.type_name,
        subject=dossier_id,
        sequence=1,
        time=now,
        recorded_at=now,
        traceparent=f"00-{uuid4().hex}-00f067aa0ba902b7-01",
    )
    key, value, headers = envelope.encode(attributes, message)
    return message.topic, key, value, headers


def batches(dossiers: int, chance: random.Random) -> list[Record]:
    """As baseline(), for the side whose subscribers take batches."""
    return baseline(dossiers, chance, "batches-dossiers")


def baseline(dossiers: int, chance: random.Random, topic: str = "baseline-dossiers") -> list[Record]:
    """The same facts as the yardstick's services publish them."""
    from tests.benchmarks.baseline import messages

    records: list[Record] = []
    for _ in range(dossiers):
        dossier_id, procedure = uuid4(), chance.choice(PROCEDURES)
        submitted = messages.DossierSubmitted(
            dossier_id=dossier_id,
            trace_id=uuid4().hex,
            procedure=procedure,
            office=OFFICE,
            channel="online",
            applicant_id=uuid4(),
            email=None,
            phone=None,
        )
        accepted = messages.DossierAccepted(
            dossier_id=dossier_id,
            trace_id=uuid4().hex,
            code="H29.015.00-260101-0001",
            procedure=procedure,
            office=OFFICE,
            unit=f"{OFFICE}/QLXD",
            channel="online",
            due_on=date(2026, 1, 30),
        )
        for message in (submitted, accepted):
            headers = [("content-type", b"application/json"), ("correlation_id", message.trace_id.encode())]
            body = message.model_dump_json().encode()
            records.append((topic, str(dossier_id).encode(), body, headers))
    return records


async def publish(kafka: Kafka, records: list[Record]) -> None:
    """Sends all in order and waits until the broker has them."""
    settings = KafkaSettings(kafka.bootstrap, "admin", kafka.passwords["admin"])
    producer = AIOKafkaProducer(**settings.client_options(), acks="all", linger_ms=5, max_batch_size=262_144)
    await producer.start()
    try:
        sent = [
            await producer.send(topic, key=key, value=value, headers=headers)
            for topic, key, value, headers in records
        ]
        for future in sent:
            await future
    finally:
        await producer.stop()
