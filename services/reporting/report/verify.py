"""Proves published reports from the topics alone: reads them from their beginning, folds them in memory, and compares byte by byte.

It shares the fold with the projection and nothing else: no database is asked.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts import envelope
from services.chassis.kafka.cluster import Cluster
from services.chassis.kafka.ordering import Arrival, sort_out
from services.chassis.kafka.progress import Complete, Progress, complete_up_to
from services.chassis.kafka.records import Dialect, Record, Unread, record_of
from services.chassis.process.ending import end
from services.chassis.process.settings import KafkaSettings
from services.reporting.book.fold import enter
from services.reporting.book.lines import ImpossibleStep
from services.reporting.book.rows import Dossier, Entry
from services.reporting.book.version import changes_since
from services.reporting.incoming import APPLIED, COUNTED, PASSED_OVER, PRODUCERS
from services.reporting.report.by_lines import report_of
from services.reporting.report.counts import Window
from services.reporting.report.vintages import Question, as_shown, canonical, hash_of

TOPIC = "dossiers"
HEAR_SECONDS = 15.0
FETCH_MILLISECONDS = 50
"""How long the broker keeps a question for more open: another partition is asked for only then."""


class Unverifiable(Exception):
    """The topics cannot prove it; says why."""


class Replay:
    """The book as the topics tell it, in memory: a partition's messages in, their lines out once they are settled.

    What two producers say of one dossier is entered in the order in which it was recorded: after a wiped broker the topic has one
    producer's messages behind all of the other's.
    Guarantee: a published report is proven in whatever order the topic has its producers.
    Test: test_a_refilled_topic_proves_what_was_published_before.
    """

    def __init__(self) -> None:
        self._dialect = Dialect(envelope.read, APPLIED, PASSED_OVER, PRODUCERS)
        self._heard: dict[UUID, dict[tuple[str, int], Arrival]] = {}
        self._lines: list[Entry] = []
        self._waiting: dict[UUID, datetime] = {}
        self.unread = 0

    def take(self, record: Record) -> None:
        """One message; the first of each counts. One that cannot be read is of no dossier, and leaves a gap where it was of one."""
        arrival = self._dialect.arrival(record)
        if isinstance(arrival, Unread):
            self.unread += 1
        elif arrival is not None:
            message = arrival.message
            told = self._heard.setdefault(message.stream_id, {})
            told.setdefault((message.source, message.sequence), arrival._replace(record=None))

    def settle(self) -> None:
        """Enters what was taken, which is all that there is of its dossiers: a dossier is in one partition."""
        while self._heard:
            self._enter(*self._heard.popitem())

    def lines(self, as_of: datetime) -> Iterator[Entry]:
        """What was known at an instant."""
        return (line for line in self._lines if line.recorded_at <= as_of)

    def waiting(self, as_of: datetime) -> list[UUID]:
        """Dossiers of which a message waits for one that does not come, or cannot be applied."""
        return [stream_id for stream_id, since in self._waiting.items() if since <= as_of]

    def _enter(self, stream_id: UUID, heard: Mapping[tuple[str, int], Arrival]) -> None:
        found = sort_out(sorted(heard.values(), key=_recorded), {}, "intake")
        waiting = [each.message.recorded_at for each, _ in found.hold]
        state: Dossier | None = None
        lines: list[Entry] = []
        for message in (each.message for each in found.apply if each.message.type in COUNTED):
            try:
                state, made = enter(state, message, lines)
            except ImpossibleStep:
                waiting.append(message.recorded_at)
                break
            lines += made
        self._lines += lines
        if waiting:
            self._waiting[stream_id] = min(waiting)


def _recorded(arrival: Arrival) -> tuple[bool, datetime, int]:
    """The submission, then what was recorded first: the clocks of two databases may disagree about which that is."""
    message = arrival.message
    opens = message.source == "intake" and message.sequence == 1
    return not opens, message.recorded_at, message.sequence


def verdict(published: Mapping[str, Any], replay: Replay, complete: Complete) -> str:
    """Nothing when the topics alone give the published bytes, else where they first differ; `published` is a report as
    GET /v1/vintages/{number} tells it.

    Guarantee: the topics alone give the published bytes. Test: test_the_topics_alone_give_the_published_bytes.
    Guarantee: a report that was published otherwise is found, and its first cell named. Test: test_a_changed_cell_is_named.
    """
    question = question_of(published)
    if complete.up_to < question.as_of:
        raise Unverifiable(f"the topics are complete up to {complete.up_to.isoformat()} only")
    if waiting := replay.waiting(question.as_of):
        raise Unverifiable(
            f"{len(waiting)} dossiers wait for a message that lacks or cannot be applied, as {min(waiting)}"
        )
    lines = replay.lines(question.as_of)
    result = canonical(question, report_of(lines, question.window, question.by))
    if published.get("withheld"):
        result = as_shown(result.decode(), question.by or "")[0].encode()
    difference = first_difference(published["result"], json.loads(result))
    if not difference and hash_of(result) != published["result_hash"]:
        difference = f"result_hash: published {published['result_hash']}, the topics say {hash_of(result)}"
    return difference


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


async def replayed(
    kafka: KafkaSettings, least: datetime, say: Callable[[str], None]
) -> tuple[Replay, Complete]:
    """All that the topic holds, and up to when the producers say that it is complete: `least`, if they say so in time."""
    replay, cluster, progress = Replay(), Cluster(kafka), Progress(kafka)
    consumer = AIOKafkaConsumer(
        **kafka.client_options(), enable_auto_commit=False, fetch_max_wait_ms=FETCH_MILLISECONDS
    )
    hearing = asyncio.create_task(progress.run())
    try:
        await consumer.start()
        places = await cluster.partitions([TOPIC])
        ends, taken = await consumer.end_offsets(places), 0
        for place, beginning in (await consumer.beginning_offsets(places)).items():
            consumer.assign([place])
            consumer.seek(place, beginning)
            taken += await _read(consumer, place, ends[place], replay)
            replay.settle()
        unread = f", {replay.unread:,} of them cannot be read" if replay.unread else ""
        say(f"{taken:,} messages read from {len(places)} partitions{unread}")
        passed = {(place.topic, place.partition): end for place, end in ends.items()}
        ids, cluster_id = await cluster.topic_ids([TOPIC]), await cluster.ask()
        deadline, complete = asyncio.get_running_loop().time() + HEAR_SECONDS, None
        # What was said long ago is heard first.
        while complete is None or complete.up_to < least:
            if asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(0.1)  # it tells nobody what it hears
            complete = complete_up_to(progress.said, PRODUCERS, cluster_id, passed, ids)
        if complete is None:
            raise Unverifiable("the producers do not say up to when the topics are complete")
        return replay, complete
    finally:
        await end([hearing])
        await consumer.stop()
        await cluster.close()


async def _read(consumer: AIOKafkaConsumer, place: TopicPartition, end_offset: int, replay: Replay) -> int:
    taken = 0
    while await consumer.position(place) < end_offset:
        for raw in (await consumer.getmany(timeout_ms=1000)).get(place, ()):
            if raw.offset < end_offset:
                replay.take(record_of(raw))
                taken += 1
    return taken


def prove(
    published: Sequence[Mapping[str, Any]],
    replay: Replay,
    complete: Complete,
    release: str,
    say: Callable[[str], None],
) -> int:
    """Says of each report whether it is proven; the exit code, 0 when all are."""
    found = 0
    for report in published:
        number = report["number"]
        try:
            difference = verdict(report, replay, complete)
        except Unverifiable as reason:
            found = 1
            say(f"report {number} cannot be proven: {reason}")
            continue
        if difference:
            found = 1
            by = report["code_version"]
            say(f"report {number} differs. {difference} (published by {by}, verified by {release})")
            for change in changes_since(report["projection"]):
                say(f"since it was published the rules changed, {change}")
        else:
            say(f"report {number} is proven: {report['result_hash']}")
    return found
