"""The broker as FastStream documents it, with its Prometheus middleware and without a log line for each message."""

from collections.abc import Callable
from typing import Any

from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.prometheus import KafkaPrometheusMiddleware
from faststream.security import SASLScram256
from prometheus_client import REGISTRY

from tests.benchmarks.baseline.messages import Event
from tests.benchmarks.baseline.settings import get_settings

settings = get_settings()
DOSSIERS = f"{settings.topic_prefix}dossiers"
NOTICES = f"{settings.topic_prefix}notices"
BATCH_RECORDS = 500


def make_broker() -> KafkaBroker:
    security = (
        SASLScram256(username=settings.kafka_username, password=settings.kafka_password)
        if settings.kafka_username
        else None
    )
    return KafkaBroker(
        settings.kafka_bootstrap,
        acks="all",
        security=security,
        logger=None,
        middlewares=[KafkaPrometheusMiddleware(registry=REGISTRY)],
    )


async def publish(broker: KafkaBroker, topic: str, event: Event) -> None:
    await broker.publish(
        event, topic, key=str(event.dossier_id).encode(), correlation_id=event.trace_id or None
    )


def subscribe(broker: KafkaBroker, name: str, one: Callable[..., Any], many: Callable[..., Any]) -> None:
    """Has the service's events handled one at a time, or as batches, each in one transaction, when the settings say so."""
    options: dict[str, Any] = {
        "group_id": f"{settings.topic_prefix}{name}",
        "auto_offset_reset": "earliest",
        "ack_policy": AckPolicy.NACK_ON_ERROR,
    }
    if settings.batches:
        broker.subscriber(DOSSIERS, batch=True, max_records=BATCH_RECORDS, **options)(many)
    else:
        broker.subscriber(DOSSIERS, **options)(one)
