"""What a caller who may not read a dossier is told of it, once and after having acted on it."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tests.processing.conftest import HANDLER, OFFICER, STRANGER, House
from tests.processing.examples import OTHER_UNIT, UNIT


async def test_who_passed_a_dossier_on_still_gets_the_first_answer(house: House) -> None:
    """A unit outside of the office forwards what it has, and its answer is lost: the same command again is no stranger's."""
    (dossier,) = await house.submitted()
    await house.act(dossier, "accept", {"unit": UNIT})
    await house.act(dossier, "forward", {"unit": OTHER_UNIT, "step": "thu_ly"}, version=1)
    back = {"unit": UNIT, "step": "tham_tra"}
    first = await house.act(dossier, "forward", back, by=HANDLER, version=2, key="back")
    assert first.status_code == 200
    assert (await house.get(f"/v1/dossiers/{dossier}", by=HANDLER)).status_code == 404
    again = await house.act(dossier, "forward", back, by=HANDLER, version=2, key="back")
    assert (again.status_code, again.json()) == (200, first.json())
    other = await house.act(dossier, "forward", back, by=HANDLER, version=3, key="another")
    assert (other.status_code, other.json()["code"]) == (403, "not-the-holder"), "who acted on it is told why"
    stranger = await house.act(dossier, "forward", back, by=STRANGER, version=3)
    assert (stranger.status_code, stranger.json()["code"]) == (404, "dossier-unknown")


async def test_a_batch_about_what_is_not_theirs_leaves_one_line(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    dossiers = await house.submitted(3)
    items = [{"dossier_id": str(dossier), "acts": [{"act": "accept"}]} for dossier in dossiers]
    with caplog.at_level(logging.WARNING):
        answers = await house.bulk(items, by=STRANGER)
        assert {answer["code"] for answer in answers} == {"not-yet-known"}
        assert (await house.bulk(items[:1], by=OFFICER))[0]["outcome"] == "recorded"
    lines: list[Any] = [record for record in caplog.records if record.message == "denied"]
    assert [line.fields for line in lines] == [
        {"actor": "officer/chi", "code": "not-yet-known", "route": "/v1/bulk", "times": 3}
    ]
