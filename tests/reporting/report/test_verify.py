"""Published reports are proven from the topics alone, and one that differs is found with its first cell."""

from __future__ import annotations

import json

import pytest

from contracts import processing
from services.chassis.kafka.progress import Complete
from services.reporting.report.verify import Unverifiable, prove, verdict
from tests.reporting.book.test_refiling import refiled
from tests.reporting.histories import HOUR, START, Told, record
from tests.reporting.report.publishing import (
    LATER,
    LIVES,
    WINDOW,
    House,
    corrected,
    refilled,
    replay_of,
)

COMPLETE = Complete(LATER, {"intake": 7, "processing": 9})


async def test_the_topics_alone_give_the_published_bytes(house: House) -> None:
    one, two, events = await corrected(house)
    said: list[str] = []
    assert prove([one, two], replay_of(events), COMPLETE, "0.1.0", said.append) == 0
    assert said == [f"report {each['number']} is proven: {each['result_hash']}" for each in (one, two)]
    with pytest.raises(Unverifiable, match="complete up to"):
        verdict(one, replay_of(events), COMPLETE._replace(up_to=START))
    with pytest.raises(Unverifiable, match="a message that lacks"):
        verdict(one, replay_of([event for event in events if event.sequence != 2]), COMPLETE)


async def test_a_refilled_topic_proves_what_was_published_before(house: House) -> None:
    """A submission that is corrected long after the report: a wiped broker is told of it before any act of the authority."""
    await house.reading.take(LIVES)
    house.heard(START + 2_000 * HOUR)
    one = await house.publish(**WINDOW)
    message = refiled(days=0, channel="postal")
    events = [*LIVES, Told("intake", 2, message, LIVES[0].stream_id, START + 2_001 * HOUR)]
    await house.reading.take(events[-1:])
    house.heard(START + 2_002 * HOUR)
    two = await house.publish(**WINDOW)
    assert one["result"]["total"] != two["result"]["total"]
    for heard in (events, refilled(events)):
        assert [verdict(each, replay_of(heard), COMPLETE) for each in (one, two)] == ["", ""]


async def test_what_cannot_be_applied_leaves_the_reports_before_it_proven(house: House) -> None:
    one, two, events = await corrected(house)
    message = processing.DossierRejected(reason="incomplete")
    impossible = Told("processing", 5, message, LIVES[0].stream_id, START + 2_001 * HOUR)
    said: list[str] = []
    replay = replay_of([*events, impossible])
    replay.take(record(events[0], 99)._replace(headers=[]))
    assert prove([one, two], replay, COMPLETE, "0.1.0", said.append) == 1
    assert said[0] == f"report 1 is proven: {one['result_hash']}"
    assert said[1].startswith("report 2 cannot be proven: 1 dossiers wait") and replay.unread == 1


async def test_a_changed_cell_is_named(house: House) -> None:
    one, _, events = await corrected(house)
    one["result"]["rows"]["Hoạt động xây dựng"]["late"] = 7
    said: list[str] = []
    assert prove([one], replay_of(events), COMPLETE, "0.2.0", said.append) == 1
    assert said == [
        "report 1 differs. row Hoạt động xây dựng, late: published 7, the topics say 0 "
        "(published by 0.1.0, verified by 0.2.0)"
    ]
    whole = json.loads(json.dumps(one))
    whole["result"]["rows"]["Hoạt động xây dựng"]["late"] = 0
    whole["result_hash"] = "sha256:0"
    assert verdict(whole, replay_of(events), COMPLETE).startswith("result_hash: published sha256:0")
