"""The one list of what a process measures, each metric with its sentence, and the mechanism by which a service adds its own.

Promises closed label sets: a label's value comes from a short list that the code knows, never from a request, an id or a
person. Names are `<noun>_<what>_total` for counters and `…_seconds`, `…_bytes` or a plain noun for the rest; all begin with `motcua_`.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

Kind = Literal["counter", "gauge", "histogram"]

disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = CollectorRegistry(auto_describe=True)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

FAST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
SLOW_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 1, 2, 5, 15, 60, 300, 3600)
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048)


@dataclass(frozen=True, slots=True)
class Described:
    """One metric of the list. `labels` gives for each label the sentence that says which closed set its values come from."""

    name: str
    kind: Kind
    sentence: str
    labels: Mapping[str, str]


LISTED: dict[str, Described] = {}
PREFIX = "motcua_"


def _list(name: str, kind: Kind, sentence: str, labels: Mapping[str, str]) -> tuple[str, str, Sequence[str]]:
    full = PREFIX + name
    if full in LISTED:
        raise ValueError(f"metric {full} is listed twice")
    LISTED[full] = Described(full, kind, sentence, labels)
    return full, sentence, tuple(labels)


def value(name: str, labels: Mapping[str, str] | None = None) -> float | None:
    """What this process measures now under a name without its prefix; None for what was never measured."""
    return REGISTRY.get_sample_value(PREFIX + name, dict(labels or {}))


def counter(name: str, sentence: str, labels: Mapping[str, str] | None = None) -> Counter:
    """A number that only grows; `name` ends in `_total`."""
    return Counter(*_list(name, "counter", sentence, labels or {}), registry=REGISTRY)


def gauge(name: str, sentence: str, labels: Mapping[str, str] | None = None) -> Gauge:
    """A number that goes up and down."""
    return Gauge(*_list(name, "gauge", sentence, labels or {}), registry=REGISTRY)


def histogram(
    name: str, sentence: str, buckets: Sequence[float], labels: Mapping[str, str] | None = None
) -> Histogram:
    """A distribution; `buckets` are upper bounds in the unit that the name ends in."""
    listed = _list(name, "histogram", sentence, labels or {})
    return Histogram(*listed, registry=REGISTRY, buckets=tuple(buckets))


class _One(Collector):
    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> Iterable[Metric]:
        return [self._family]


async def exposition() -> bytes:
    """All metrics of this process in Prometheus' text format, written one after the other: at once they would hold up the loop."""
    pieces = []
    for family in REGISTRY.collect():
        pieces.append(generate_latest(_One(family)))
        await asyncio.sleep(0)
    return b"".join(pieces)


ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

# requests
REQUESTS_ANSWERED = counter(
    "requests_answered_total",
    "Requests answered.",
    {"route": "a route's template", "method": "an HTTP method", "status": "an HTTP status code"},
)
REQUESTS_SECONDS = histogram(
    "requests_duration_seconds",
    "Time from a request's head to its answer.",
    FAST_SECONDS,
    {"route": "a route's template", "method": "an HTTP method"},
)
REQUESTS_DENIED = counter(
    "requests_denied_total",
    "Requests, and items of batches, whose caller had no right to what was asked for.",
    {"route": "a route's template"},
)
PROBLEMS_ANSWERED = counter(
    "problems_answered_total",
    "Problems answered, by the code that the document of the route names.",
    {"route": "a route's template", "problem": "a code of problems"},
)
REQUESTS_LIMITED = counter(
    "requests_limited_total", "Requests refused with 429, by limit.", {"limit": "the name of a limit"}
)

CONNECTIONS_OPEN = gauge("connections_open", "HTTP connections that are open.")
CONNECTIONS_CLOSED = counter(
    "connections_closed_total",
    "HTTP connections that were closed without the client's wish.",
    {"why": "idle, late, for-another, too-many"},
)

LOOPS_STILL_SECONDS = gauge(
    "loops_still_seconds",
    "Seconds for which a loop that must turn has not turned; at 120 its process ends and is begun again.",
    {"loop": "the name of a loop"},
)
LOOP_STALL_SECONDS = gauge(
    "loop_stall_seconds", "Longest time within the last minute in which the process answered nobody."
)

# event store
APPENDS_BATCH_SIZE = histogram("appends_batch_size", "Items that one group commit carried.", BATCH_SIZES)
APPENDS_SECONDS = histogram(
    "appends_flush_seconds", "Time of one group commit, call to answer.", FAST_SECONDS
)

# relay
RELAY_LAG_EVENTS = gauge(
    "relay_lag_events", "Stored events that are not yet published.", {"cursor": "the name of a feed"}
)
RELAY_LAG_SECONDS = gauge(
    "relay_lag_seconds",
    "Age of the oldest event that is not yet published; 0 when all is.",
    {"cursor": "the name of a feed"},
)
RELAY_PUBLISHED = counter(
    "relay_published_total", "Messages that the broker acknowledged.", {"cursor": "the name of a feed"}
)
RELAY_RESTARTS = counter(
    "relay_restarts_total",
    "Producers replaced after a refused batch or a new cluster.",
    {"reason": "lost (the lease) or refused (a batch, or a new cluster)"},
)
RELAY_OWNS_LEASE = gauge("relay_owns_lease", "1 while this process publishes its database's events.")
LOG_REWOUND = gauge(
    "log_rewound",
    "1 while the log differs from what was published of it: nothing is appended and nothing published.",
)
LOG_AHEAD_SECONDS = gauge(
    "log_ahead_seconds",
    "How far the next event's record time would lie ahead of the database's or this process's clock; above 5 nothing is appended.",
)

# consumer
CONSUMER_LAG_MESSAGES = gauge(
    "consumer_lag_messages",
    "Messages on the topic behind which this reader stands.",
    {"topic": "a declared topic"},
)
CONSUMER_POSITIONS_LOST = counter(
    "consumer_positions_lost_total",
    "Positions that their topic did not have, begun again from 0: records were lost.",
    {"topic": "a declared topic"},
)
CONSUMER_LAG_SECONDS = gauge(
    "consumer_lag_seconds",
    "Age of the last message applied when it was applied.",
    {"topic": "a declared topic"},
)
CONSUMER_APPLIED = counter(
    "consumer_applied_total", "Messages seen.", {"outcome": "applied, repeated, passed-over, held or dropped"}
)
CONSUMER_BATCH_SIZE = histogram("consumer_batch_size", "Messages that one transaction applied.", BATCH_SIZES)
CONSUMER_BATCH_SECONDS = histogram("consumer_batch_seconds", "Time of one such transaction.", FAST_SECONDS)
CONSUMER_RETRIES = counter("consumer_retries_total", "Batches done again after a transient error.")
CONSUMER_FORKS = counter(
    "consumer_forks_total", "Two different messages with one stream, producer and version: an alarm."
)
HELD_STREAMS = gauge(
    "held_streams",
    "Streams whose messages wait.",
    {"reader": "a reader of this service", "reason": "poison, unknown-type, gap, before-opener or behind"},
)
HELD_OLDEST_SECONDS = gauge(
    "held_oldest_seconds",
    "Age of the oldest held stream; 0 when none is held.",
    {"reader": "a reader of this service"},
)
DEAD_LETTERS = counter("dead_letters_published_total", "Messages put on the dead-letter topic.")
DEAD_LETTERS_WAIT = counter(
    "dead_letters_refused_total", "Attempts to put poison on the dead-letter topic that the broker refused."
)
PROGRESS_UNREADABLE = counter(
    "progress_unreadable_total", "Records on `progress` that say nothing: passed over."
)
RECONCILIATION_DIFFERENCE = gauge(
    "reconciliation_difference",
    "Messages that a relay has published and this reader neither applied nor holds, or that it has and the producer's log lost; 0 in a "
    "sound system.",
    {"producer": "whose log it was compared with"},
)
RECONCILIATION_STREAMS_LACKING = gauge(
    "reconciliation_streams_lacking",
    "Streams of which this reader has an earlier version than the log says and holds nothing; 0 in a sound system.",
    {"producer": "whose log it was compared with"},
)
RECONCILIATION_PASS_AT = gauge(
    "reconciliation_pass_timestamp_seconds",
    "When the last pass over all streams of a log ended, slice by slice, Unix time; 0 before the first.",
    {"producer": "whose log it was compared with"},
)
COMPLETE_UP_TO_AGE_SECONDS = gauge(
    "complete_up_to_age_seconds",
    "How far behind now the time is up to which this reader is complete, or was last known to be, or began.",
)

# process
BUILD_INFO = gauge(
    "build_info",
    "1: which release runs.",
    {"service": "a service", "release": "a version of this software", "python": "a version of Python"},
)
TASKS_RESTARTED = counter(
    "tasks_restarted_total",
    "Background tasks begun again after an error.",
    {"task": "the name of a background task"},
)
TASKS_RUNNING = gauge(
    "tasks_running", "1 while a background task runs.", {"task": "the name of a background task"}
)
KAFKA_REACHABLE = gauge("kafka_reachable", "1 while this process can speak with the broker.")
