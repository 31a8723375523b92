"""A case that comes again and is told otherwise than before."""

from __future__ import annotations

from typing import Any

import pytest

from tests.processing.conftest import OFFICER, House
from tests.processing.desk.test_bulk import ACCEPT, FORWARD, RESOLVE, RETURN, at, item
from tests.processing.examples import OTHER_UNIT, UNIT


@pytest.mark.parametrize(
    ("acts", "told"),
    [
        (
            [ACCEPT, FORWARD, RESOLVE | {"at": at("2023-03-06T17:00")}],
            "the record has DossierResolved (outcome granted) at 2023-03-06T16:00:00+07:00; "
            "the import tells resolve at 2023-03-06T17:00:00+07:00 (outcome granted)",
        ),
        (
            [ACCEPT, FORWARD, RESOLVE | {"outcome": "refused"}, RETURN],
            "the import tells resolve at 2023-03-06T16",
        ),
        (
            [ACCEPT, FORWARD],
            "DossierResolved (outcome granted) at 2023-03-06T16:00:00+07:00; the import tells it no longer",
        ),
        (
            [ACCEPT | {"due_on": "2023-03-21"}, FORWARD, RESOLVE],
            f"DossierAccepted (unit {UNIT}, due_on 2023-03-20) at",
        ),
        (
            [ACCEPT | {"at": at("2023-03-06T08:00")}, RESOLVE],
            "the import tells accept at 2023-03-06T08:00:00+07:00",
        ),
    ],
)
async def test_a_case_that_its_log_tells_otherwise_now_is_refused(
    house: House, acts: list[Any], told: str
) -> None:
    dossier, other = await house.submitted(2)
    whole = [ACCEPT, FORWARD, RESOLVE]
    await house.bulk([item(dossier, whole), item(other, whole)])
    differs, goes_on = await house.bulk([item(dossier, acts), item(other, [*whole, RETURN])])
    assert (differs["outcome"], differs["code"]) == ("refused", "differs-from-record")
    assert told in differs["detail"]
    assert goes_on["outcome"] == "recorded"
    assert len(await house.desk.store.load(dossier)) == 3


async def test_what_was_done_here_since_the_import_is_no_difference(house: House) -> None:
    """An officer went on with it, or reversed what the import had told: the log cannot know that."""
    (dossier,) = await house.submitted()
    await house.bulk([item(dossier, [ACCEPT, FORWARD, RESOLVE])])
    reversal = {"sequence": 3, "reason": "wrong_decision", "document": "1234/QĐ-SXD"}
    supervisor = ("supervisor", "dung", OFFICER[2], OTHER_UNIT)
    answer = await house.act(dossier, "reverse", reversal, by=supervisor, version=3)
    assert answer.status_code == 200, answer.text
    (same,) = await house.bulk([item(dossier, [ACCEPT, FORWARD, RESOLVE])])
    (corrected,) = await house.bulk([item(dossier, [ACCEPT, FORWARD, RESOLVE | {"outcome": "refused"}])])
    assert (same["outcome"], same["version"]) == ("repeated", 4)
    assert corrected["code"] == "earlier-than-last-act"
