"""A submission that its log tells otherwise now: what rests on the one before is struck out, and told anew once it has come."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.processing.conftest import OFFICER, OTHER_OFFICE, PROCEDURE, House
from tests.processing.desk.test_bulk import at, item
from tests.processing.desk.test_correction import ACCEPT, DOCUMENT, FILED, FORWARD, RESOLVE, stands
from tests.processing.examples import OTHER_UNIT

ROW = (
    "SELECT status, procedure, channel, submitted_at, intake_due_at, lane FROM dossiers WHERE dossier_id = $1"
)


def told(
    when: datetime, procedure: str = PROCEDURE, channel: str = "online", **office: str
) -> dict[str, str]:
    return {"submitted_at": when.isoformat(), "procedure": procedure, "channel": channel} | office


def moved(acts: list[Any], days: int) -> list[Any]:
    """The acts so many days later."""
    later = []
    for act in acts:
        when = datetime.fromisoformat(act["at"]) + timedelta(days=days)
        due = (
            {"due_on": (date.fromisoformat(act["due_on"]) + timedelta(days=days)).isoformat()}
            if "due_on" in act
            else {}
        )
        later.append(act | {"at": when.isoformat()} | due)
    return later


async def refiled(house: House, dossier: UUID, submission: dict[str, str], sequence: int = 2) -> None:
    await house.heard(dossier, "SubmissionCorrected", sequence=sequence, **submission)


@pytest.mark.parametrize("days", [3, -3], ids=["later", "earlier"])
async def test_acts_are_struck_out_and_told_anew_on_the_corrected_submission(house: House, days: int) -> None:
    """A log whose day of submission is its day of acceptance, with all dates moved; beside it a dossier told so at once."""
    when, acts = FILED, [ACCEPT | {"at": at("2023-02-27T08:00")}, FORWARD, RESOLVE]
    now = when + timedelta(days=days)
    (dossier,) = await house.submitted(at=when)
    (fresh,) = await house.submitted(at=now)
    await house.bulk([item(dossier, acts)])
    later = item(dossier, moved(acts, days)) | {"submission": told(now)}
    (plain,) = await house.bulk([later])
    assert (plain["outcome"], plain["code"]) == ("refused", "not-yet-known")
    (struck,) = await house.bulk([later | {"correction": DOCUMENT}])
    assert (struck["outcome"], struck["code"]) == ("refused", "not-yet-known")
    (again,) = await house.bulk([later | {"correction": DOCUMENT}])
    assert again["code"] == "not-yet-known"
    assert len(await house.desk.store.load(dossier)) == 6
    row = await house.pool.fetchrow(ROW, dossier)
    assert (row["status"], row["submitted_at"]) == ("submitted", when)
    await refiled(house, dossier, told(now))
    (recorded,) = await house.bulk([later | {"correction": DOCUMENT}])
    (at_once,) = await house.bulk([item(fresh, moved(acts, days))])
    assert (recorded["outcome"], at_once["outcome"]) == ("recorded", "recorded"), (recorded, at_once)
    assert await stands(house, dossier) == await stands(house, fresh)
    (same,) = await house.bulk([later])
    assert (same["outcome"], same["version"]) == ("repeated", 9)


async def test_a_waiting_dossier_is_waited_for_by_its_own_day(house: House) -> None:
    """Procedure, door, queue and the day until which to accept follow the submission as it is told now."""
    now = FILED + timedelta(days=3)
    (dossier,) = await house.submitted(at=FILED)
    (fresh,) = await house.submitted(at=now, procedure="1.009983")
    await refiled(house, dossier, told(now, "1.009983", "postal"))
    row, right = [tuple(await house.pool.fetchrow(ROW, i)) for i in (dossier, fresh)]
    assert row == (*right[:2], "postal", *right[3:])
    accepted = await house.act(dossier, "accept")
    assert accepted.status_code == 200, accepted.text
    await refiled(house, dossier, told(FILED), sequence=3)
    row = await house.pool.fetchrow(ROW, dossier)
    assert (row["submitted_at"], row["intake_due_at"]) == (FILED, None)


async def test_another_office_has_it_from_now_on(house: House) -> None:
    """Struck out at the one, told anew at the other with a code of its own; who sees it, and whose queue counts it, goes with it."""
    office = {"office": OTHER_OFFICE}
    acts = [ACCEPT, FORWARD, RESOLVE]
    (dossier,) = await house.submitted(at=FILED)
    (fresh,) = await house.submitted(at=FILED, **office)
    await house.bulk([item(dossier, acts)])
    later = item(dossier, acts) | {"submission": told(FILED, **office)}
    (plain,) = await house.bulk([later])
    assert plain["code"] == "not-yet-known"
    (struck,) = await house.bulk([later | {"correction": DOCUMENT}])
    assert struck["code"] == "not-yet-known"
    waiting = "SELECT sum(dossiers) FROM desk_counts WHERE place = 'desk ' || $1 AND lane = 'waiting' AND span = 'month'"
    before = [await house.pool.fetchval(waiting, at) for at in (OFFICER[2], OTHER_OFFICE)]
    await refiled(house, dossier, told(FILED, **office))
    now = [await house.pool.fetchval(waiting, at) or 0 for at in (OFFICER[2], OTHER_OFFICE)]
    assert (now[0], now[1]) == (before[0] - 1, before[1] + 1)
    (recorded,) = await house.bulk([later | {"correction": DOCUMENT}])
    (at_once,) = await house.bulk([item(fresh, acts)])
    assert (recorded["outcome"], at_once["outcome"]) == ("recorded", "recorded"), (recorded, at_once)
    assert recorded["dossier_code"].split("-")[:2] == at_once["dossier_code"].split("-")[:2]
    assert await stands(house, dossier) == await stands(house, fresh)
    (same,) = await house.bulk([later])
    assert same["outcome"] == "repeated"
    (told_before,) = await house.bulk([item(dossier, acts)])
    assert told_before["outcome"] == "repeated", (
        "an item that names no submission is of the one that there is"
    )


async def test_what_was_struck_out_of_the_applicants_acts_was_never_heard(house: House) -> None:
    """One request to withdraw, a supplement and a payment, struck out one by one; what else was heard stays."""
    (dossier,) = await house.submitted(at=FILED)
    await house.heard(dossier, "SupplementProvided", sequence=2, request=None)
    await house.heard(dossier, "WithdrawalRequested", sequence=3)
    await house.heard(dossier, "FeePaid", sequence=4, amount=300_000, currency="VND")
    await house.heard(dossier, "SupplementProvided", sequence=5, request=7)
    row = "SELECT status, asked, supplied_at IS NOT NULL AS supplied, brought FROM dossiers WHERE dossier_id = $1"
    assert tuple(await house.pool.fetchrow(row, dossier)) == ("withdrawal_requested", 3, True, 7)
    await house.heard(dossier, "ApplicantActReversed", sequence=6, of=3)
    assert tuple(await house.pool.fetchrow(row, dossier)) == ("submitted", 0, True, 7)
    await house.heard(dossier, "ApplicantActReversed", sequence=7, of=4)
    await house.heard(dossier, "ApplicantActReversed", sequence=8, of=5)
    left = await house.pool.fetch("SELECT sequence, what FROM heard WHERE dossier_id = $1", dossier)
    assert [tuple(each) for each in left] == [(2, "SupplementProvided")]
    await house.heard(dossier, "ApplicantActReversed", sequence=9, of=2)
    assert tuple(await house.pool.fetchrow(row, dossier))[:3] == ("submitted", 0, False)


async def test_nothing_done_here_loses_its_submission(house: House) -> None:
    """An officer's act stands on it: neither that act nor one before it is struck out, whoever brought the dossier."""
    now = FILED + timedelta(days=2)
    alone, behind = await house.submitted(2, at=FILED)
    await house.bulk([item(behind, [ACCEPT])])
    assert (await house.act(alone, "accept")).status_code == 200
    body = {"unit": OTHER_UNIT, "step": "thu_ly"}
    assert (await house.act(behind, "forward", body, by=OFFICER, version=1)).status_code == 200
    answers = await house.bulk(
        [
            item(i, moved([ACCEPT], 2)) | {"submission": told(now), "correction": DOCUMENT}
            for i in (alone, behind)
        ]
    )
    assert [answer["code"] for answer in answers] == ["acted-on-here", "acted-on-here"]
    assert [len(await house.desk.store.load(i)) for i in (alone, behind)] == [1, 2]


async def test_an_acceptance_under_the_submission_before_is_another_one(house: House) -> None:
    """Intake had not heard of it when it corrected: the next import finds that it says another procedure."""
    (dossier,) = await house.submitted(at=FILED)
    (fresh,) = await house.submitted(at=FILED, procedure="1.009983")
    await house.bulk([item(dossier, [ACCEPT])])
    await refiled(house, dossier, told(FILED, "1.009983"))
    (plain,) = await house.bulk([item(dossier, [ACCEPT])])
    assert plain["code"] == "differs-from-record"
    (corrected,) = await house.bulk([item(dossier, [ACCEPT]) | {"correction": DOCUMENT}])
    assert corrected["outcome"] == "corrected"
    await house.bulk([item(fresh, [ACCEPT])])
    assert await stands(house, dossier) == await stands(house, fresh)
