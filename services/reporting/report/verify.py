"""Proves published reports from the topics alone: reads them from their beginning, folds them in memory, and compares byte by byte.

It shares the fold with the projection and nothing else: no database is asked.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts import envelope
from services.chassis.kafka.cluster import Cluster
from services.chassis.kafka.ordering import Arrival, Seen, sort_out
from services.chassis.kafka.progress import Complete, Progress, complete_up_to
from services.chassis.kafka.records import Dialect, Record, Unread, record_of
from services.chassis.process.ending import end
from services.chassis.process.settings import KafkaSettings
from services.reporting.book.fold import enter
from services.reporting.book.lines import ImpossibleStep
from services.reporting.book.rows import Dossier, Entry
from services.reporting.book.version import changes_since
from services.reporting.incoming import APPLIED, PASSED_OVER, PRODUCERS
from services.reporting.report.by_lines import report_of
from services.reporting.report.counts import Window
from services.reporting.report.vintages import Question, canonical, hash_of

TOPIC = "dossiers"
HEAR_SECONDS = 15.0


class Unverifiable(Exception):
    """The topics cannot prove it; says why."""


class Replay:
    """The book as the topics tell it, in memory: messages in, lines out."""

    def __init__(self) -> None:
        self._dialect = Dialect(envelope.read, APPLIED, PASSED_OVER, PRODUCERS)
        self._states: dict[UUID, Dossier] = {}
        self._seen: dict[UUID, Seen] = {}
        self._waiting: dict[UUID, list[Arrival]] = {}
        self._lines: dict[UUID, list[Entry]] = {}

    def take(self, record: Record) -> None:
        """One message; the first of each is applied, in its producer's order, behind the submission."""
        arrival = self._dialect.arrival(record)
        if arrival is None:
            return
        if isinstance(arrival, Unread):
            raise Unverifiable(f"a record cannot be read: {record.topic}/{record.partition}/{record.offset}")
        stream_id = arrival.message.stream_id
        seen = self._seen.setdefault(stream_id, {})
        found = sort_out([*self._waiting.pop(stream_id, ()), arrival], seen, "intake")
        for each in found.apply:
            if self._dialect.applies(each.message):
                self._enter(each)
        if found.hold:
            self._waiting[stream_id] = [each for each, _ in found.hold]

    def _enter(self, arrival: Arrival) -> None:
        stream_id = arrival.message.stream_id
        lines = self._lines.setdefault(stream_id, [])
        try:
            self._states[stream_id], made = enter(self._states.get(stream_id), arrival.message, lines)
        except ImpossibleStep as step:
            raise Unverifiable(f"dossier {stream_id}: {step}") from None
        lines += made

    def lines(self, as_of: datetime) -> Iterator[Entry]:
        """What was known at an instant."""
        return (line for lines in self._lines.values() for line in lines if line.recorded_at <= as_of)

    def waiting(self, as_of: datetime) -> list[UUID]:
        """Dossiers of which a message waits for one that does not come, or cannot be applied."""
        return [
            i for i, held in self._waiting.items() if any(each.message.recorded_at <= as_of for each in held)
        ]


class Verdict(NamedTuple):
    """Of one published report: nothing when the topics say the same bytes, else where they first differ."""

    number: int
    difference: str


def verdict(published: Mapping[str, Any], replay: Replay) -> Verdict:
    """Whether the topics alone give the published bytes; `published` is a report as GET /v1/vintages/{number} tells it.

    Guarantee: the topics alone give the published bytes. Test: test_the_topics_alone_give_the_published_bytes.
    Guarantee: a report that was published otherwise is found, and its first cell named. Test: test_a_changed_cell_is_named.
    """
    question = question_of(published)
    if waiting := replay.waiting(question.as_of):
        raise Unverifiable(f"{len(waiting)} dossiers wait for messages, the first {waiting[0]}")
    lines = replay.lines(question.as_of)
    result = canonical(question, report_of(lines, question.window, question.by))
    difference = first_difference(published["result"], json.loads(result))
    if not difference and hash_of(result) != published["result_hash"]:
        difference = f"result_hash: published {published['result_hash']}, the topics say {hash_of(result)}"
    return Verdict(published["number"], difference)


def question_of(published: Mapping[str, Any]) -> Question:
    first, last = (
        published[side] and datetime.fromisoformat(published[side]).date() for side in ("from", "to")
    )
    return Question(Window(first, last), published["by"], datetime.fromisoformat(published["as_of"]))


def first_difference(published: Mapping[str, Any], proven: Mapping[str, Any]) -> str:
    """The first cell that differs, in words: the question, then the total, then the rows in their order."""
    sides = [_cells(side) for side in (published, proven)]
    for cell in dict.fromkeys((*sides[0], *sides[1])):
        told, found = (side.get(cell) for side in sides)
        if told != found:
            return f"{cell}: published {told}, the topics say {found}"
    return ""


def _cells(result: Mapping[str, Any]) -> dict[str, Any]:
    cells = {f"question, {name}": value for name, value in result["question"].items()}
    cells |= {f"total, {name}": value for name, value in result["total"].items()}
    for key, row in result["rows"].items():
        cells |= {f"row {key}, {name}": value for name, value in row.items()}
    return cells


async def replayed(kafka: KafkaSettings, say: Callable[[str], None]) -> tuple[Replay, Complete]:
    """All that the topic holds, and up to when the producers say that it is complete."""
    replay, cluster, progress = Replay(), Cluster(kafka), Progress(kafka)
    consumer = AIOKafkaConsumer(**kafka.client_options(), enable_auto_commit=False)
    hearing = asyncio.create_task(progress.run())
    try:
        await consumer.start()
        places = await cluster.partitions([TOPIC])
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        for place, beginning in (await consumer.beginning_offsets(places)).items():
            consumer.seek(place, beginning)
        taken = await _read(consumer, ends, replay)
        say(f"{taken:,} messages read from {len(places)} partitions")
        passed = {(place.topic, place.partition): end for place, end in ends.items()}
        ids, cluster_id = await cluster.topic_ids([TOPIC]), await cluster.ask()
        async with asyncio.timeout(HEAR_SECONDS):
            while (complete := complete_up_to(progress.said, PRODUCERS, cluster_id, passed, ids)) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.1)  # it tells nobody what it hears
        return replay, complete
    except TimeoutError:
        raise Unverifiable("the producers do not say up to when the topics are complete") from None
    finally:
        await end([hearing])
        await consumer.stop()
        await cluster.close()


async def _read(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int], replay: Replay) -> int:
    left, taken = {place for place, end in ends.items() if end}, 0
    while left:
        for place, records in (await consumer.getmany(timeout_ms=1000)).items():
            for raw in records:
                if raw.offset < ends[place]:
                    replay.take(record_of(raw))
                    taken += 1
        left = {place for place in left if await consumer.position(place) < ends[place]}
    return taken


def prove(
    published: Sequence[Mapping[str, Any]],
    replay: Replay,
    complete: Complete,
    release: str,
    say: Callable[[str], None],
) -> int:
    """Says of each report whether it is proven; the exit code."""
    found = 0
    for report in published:
        if complete.up_to < datetime.fromisoformat(report["as_of"]):
            raise Unverifiable(f"the topics are complete up to {complete.up_to.isoformat()} only")
        number, difference = verdict(report, replay)
        if difference:
            found = 1
            by = report["code_version"]
            say(f"report {number} differs. {difference} (published by {by}, verified by {release})")
            for change in changes_since(report["projection"]):
                say(f"since it was published the rules changed, {change}")
        else:
            say(f"report {number} is proven: {report['result_hash']}")
    return found
