"""Published reports are proven from the topics alone, and one that differs is found with its first cell."""

from __future__ import annotations

import json

import pytest

from services.chassis.kafka.progress import Complete
from services.reporting.report.verify import Unverifiable, prove, verdict
from tests.reporting.histories import START
from tests.reporting.report.publishing import LATER, House, corrected, replay_of


async def test_the_topics_alone_give_the_published_bytes(house: House) -> None:
    one, two, events = await corrected(house)
    said: list[str] = []
    complete = Complete(LATER, {"intake": 7, "processing": 9})
    assert prove([one, two], replay_of(events), complete, "0.1.0", said.append) == 0
    assert said == [f"report {each['number']} is proven: {each['result_hash']}" for each in (one, two)]
    with pytest.raises(Unverifiable, match="complete up to"):
        prove([one], replay_of(events), complete._replace(up_to=START), "0.1.0", said.append)
    with pytest.raises(Unverifiable, match="wait for messages"):
        verdict(one, replay_of([event for event in events if event.sequence != 2]))


async def test_a_changed_cell_is_named(house: House) -> None:
    one, _, events = await corrected(house)
    one["result"]["rows"]["Hoạt động xây dựng"]["late"] = 7
    said: list[str] = []
    complete = Complete(LATER, {"intake": 7, "processing": 9})
    assert prove([one], replay_of(events), complete, "0.2.0", said.append) == 1
    assert said == [
        "report 1 differs. row Hoạt động xây dựng, late: published 7, the topics say 0 "
        "(published by 0.1.0, verified by 0.2.0)"
    ]
    whole = json.loads(json.dumps(one))
    whole["result"]["rows"]["Hoạt động xây dựng"]["late"] = 0
    whole["result_hash"] = "sha256:0"
    assert verdict(whole, replay_of(events)).difference.startswith("result_hash: published sha256:0")
