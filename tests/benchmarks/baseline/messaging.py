"""The broker as FastStream documents it, with its Prometheus middleware and without a log line for each message."""

from faststream.kafka import KafkaBroker
from faststream.kafka.prometheus import KafkaPrometheusMiddleware
from faststream.security import SASLScram256
from prometheus_client import REGISTRY

from tests.benchmarks.baseline.messages import Event
from tests.benchmarks.baseline.settings import get_settings

settings = get_settings()
DOSSIERS = f"{settings.topic_prefix}dossiers"
NOTICES = f"{settings.topic_prefix}notices"


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
