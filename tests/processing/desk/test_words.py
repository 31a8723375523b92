"""An officer's words where intake does not answer, and where they are not taken; tests/pages/test_words.py has the rest."""

from __future__ import annotations

import pytest

from services.processing.dossier import events as e
from services.processing.dossier.acceptance import REJECT, RejectDossier
from services.processing.dossier.events import EVENTS
from tests.processing.conftest import OFFICER, House
from tests.processing.examples import TUESDAY

BODY = {"reason": "not_eligible", "words": "Bản vẽ thiếu chữ ký."}
NAME, OTHER = "a" * 64, "b" * 64


async def test_without_intake_nothing_is_recorded(house: House) -> None:
    (dossier_id,) = await house.submitted(source=None)
    answer = await house.act(dossier_id, "reject", BODY, key="k1")
    assert (answer.status_code, answer.json()["code"]) == (503, "words-not-kept")
    assert await house.desk.store.load(dossier_id) == []
    # The same key without words goes on: nothing was recorded under it.
    plain = await house.act(dossier_id, "reject", {"reason": "not_eligible"}, key="k1")
    assert plain.status_code == 200


async def test_many_acts_at_once_say_nothing_in_words(house: House) -> None:
    (dossier_id,) = await house.submitted(source=None)
    (answer,) = await house.bulk(
        [{"dossier_id": str(dossier_id), "acts": [{"act": "reject"} | BODY]}], by=OFFICER
    )
    assert (answer["outcome"], answer["code"]) == ("refused", "words-not-in-bulk")


@pytest.mark.parametrize(
    ("asked", "recorded", "same"),
    [(None, NAME, True), (None, None, True), (NAME, NAME, True), (NAME, OTHER, False), (NAME, None, False)],
)
def test_who_says_nothing_of_words_says_the_same(asked: str | None, recorded: str | None, same: bool) -> None:
    """An import, and a client of before, know of none."""
    command = RejectDossier(TUESDAY, "incomplete", words=asked)
    assert REJECT.says(command, e.DossierRejected(TUESDAY, "incomplete", recorded)) is same


def test_an_act_of_before_said_nothing_in_words() -> None:
    event = EVENTS.decode("DossierRejected", 1, '{"on":"2023-03-07","reason":"incomplete"}')
    assert event == e.DossierRejected(TUESDAY, "incomplete")
