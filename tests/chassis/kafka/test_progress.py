"""Completeness: never later than what the reader has."""

from __future__ import annotations

from datetime import timedelta

import orjson

from services.chassis.kafka import slices
from services.chassis.kafka.progress import KEPT, Complete, Progress, Said, complete_up_to
from services.chassis.process import metrics
from services.chassis.process.settings import KafkaSettings
from tests.chassis.conftest import NOW

SECOND = timedelta(seconds=1)


def said(position: int, seconds: int, offsets: dict[str, int], cluster: str = "c") -> Said:
    return Said(cluster, position, NOW + seconds * SECOND, {"t": offsets})


def test_completeness_waits_for_every_partition() -> None:
    statements = {"a": [said(2, 1, {"0": 1, "1": 1}), said(4, 2, {"0": 2, "1": 2})]}
    assert complete_up_to(statements, ["a"], "c", {("t", 0): 2, ("t", 1): 2}) == Complete(
        NOW + 2 * SECOND, {"a": 4}, {"a": NOW + 2 * SECOND}
    )
    assert complete_up_to(statements, ["a"], "c", {("t", 0): 2, ("t", 1): 1}) == Complete(
        NOW + SECOND, {"a": 2}, {"a": NOW + SECOND}
    )
    assert complete_up_to(statements, ["a"], "c", {("t", 0): 0, ("t", 1): 5}) is None


def test_the_slowest_producer_counts() -> None:
    statements = {"a": [said(1, 5, {"0": 1})], "b": [said(9, 3, {"0": 1})]}
    assert complete_up_to(statements, ["a", "b"], "c", {("t", 0): 1}) == Complete(
        NOW + 3 * SECOND, {"a": 1, "b": 9}, {"a": NOW + 5 * SECOND, "b": NOW + 3 * SECOND}
    )
    assert complete_up_to({"a": statements["a"]}, ["a", "b"], "c", {("t", 0): 1}) is None


def test_what_was_said_of_another_cluster_does_not_count() -> None:
    statements = {"a": [said(1, 5, {"0": 1}, cluster="wiped")]}
    assert complete_up_to(statements, ["a"], "c", {("t", 0): 1}) is None


def test_topics_that_are_not_read_do_not_count() -> None:
    statements = {"a": [Said("c", 1, NOW, {"t": {"0": 1}, "other": {"0": 99}})]}
    assert complete_up_to(statements, ["a"], "c", {("t", 0): 1}) == Complete(NOW, {"a": 1}, {"a": NOW})


def test_what_is_kept_is_bounded_and_keeps_the_ends() -> None:
    progress = Progress(KafkaSettings("", "", ""))
    for n in range(KEPT * 2):
        progress._hear(
            "a",
            {
                "cluster_id": "c",
                "position": n,
                "complete_up_to": (NOW + n * SECOND).isoformat(),
                "offsets": {"t": {"0": n}},
            },
        )
    heard = progress.said["a"]
    assert len(heard) <= KEPT
    assert (heard[0].position, heard[-1].position) == (0, KEPT * 2 - 1)


def test_an_idle_producer_only_moves_its_time() -> None:
    progress = Progress(KafkaSettings("", "", ""))
    for n in range(3):
        progress._hear(
            "a",
            {
                "cluster_id": "c",
                "position": 1,
                "complete_up_to": (NOW + n * SECOND).isoformat(),
                "offsets": {"t": {"0": 1}},
            },
        )
    assert list(progress.said["a"]) == [said(1, 2, {"0": 1})]


def test_a_record_that_says_nothing_is_passed_over() -> None:
    progress = Progress(KafkaSettings("b:1", "", ""))
    statement = {
        "cluster_id": "c",
        "position": 7,
        "complete_up_to": NOW.isoformat(),
        "offsets": {"t": {"0": 3}},
    }
    good = orjson.dumps(statement)
    worse = [orjson.dumps(statement | {name: wrong}) for name in statement for wrong in (None, "x", [])]
    before = metrics.PROGRESS_UNREADABLE._value.get()
    for key, value in (
        (b"a", b"{"),
        (b"a", b"{}"),
        (b"a", b"[]"),
        (b"a", b""),
        (b"\xff", good),
        (None, good),
        (b"a", None),
    ):
        progress._take(key, value)
    for value in worse:
        progress._take(b"b", value)
    progress._take(b"a", good)
    assert complete_up_to(progress.said, ["a"], "c", {("t", 0): 3}) == Complete(NOW, {"a": 7}, {"a": NOW})
    # Whatever was taken of the others is never an error where completeness is asked.
    complete_up_to(progress.said, ["a", "b"], "c", {("t", 0): 3})
    assert metrics.PROGRESS_UNREADABLE._value.get() - before >= 5 + len(statement)


def test_a_slice_that_cannot_be_read_hides_no_statement() -> None:
    progress = Progress(KafkaSettings("b:1", "", ""))
    statement = {
        "cluster_id": "c",
        "position": 7,
        "complete_up_to": NOW.isoformat(),
        "offsets": {"t": {"0": 3}},
    }
    told = {"after": str(slices.FIRST), "up_to": str(slices.LAST), "position": 7, "streams": ""}
    wrong = [told | {name: other} for name in told for other in (None, "x", "QUJD")]
    for value in ("x", [1], {"a": 1}, *wrong):
        progress._take(b"a", orjson.dumps(statement | {"slice": value}))
        assert complete_up_to(progress.said, ["a"], "c", {("t", 0): 3}) == Complete(NOW, {"a": 7}, {"a": NOW})
        progress.said.clear()
    progress._take(b"a", orjson.dumps(statement | {"slice": told}))
    assert progress.slices["a"][-1].position == 7
