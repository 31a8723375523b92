"""Dates that reach a year which is not declared are told as provisional; and what a pause's end did to the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from services.processing.clock.due_date import Limit
from services.processing.clock.working_days import (
    ZONE,
    Calendar,
    Declaration,
    announced,
    read_declarations,
    shipped,
)
from services.processing.dossier.act import Command
from services.processing.dossier.decide import decide
from services.processing.dossier.events import Event
from services.processing.dossier.history import fold
from services.processing.dossier.state import Dossier, Filing, new
from tests.processing import commands as c
from tests.processing.conftest import House
from tests.processing.examples import PAPERS, UNIT

DECEMBER = date(2026, 12, 18)
FILED = Filing("1.009974", "H29.015.00", "online", datetime(2026, 12, 17, 9, tzinfo=ZONE))
TEN_DAYS = Limit(10, "working_days")
ACCEPT = c.AcceptDossier(DECEMBER, datetime(2026, 12, 18, 9, tzinfo=ZONE), UNIT, "partial", TEN_DAYS)
WHOLE_YEAR = Calendar.of(
    [
        *read_declarations(),
        *(
            Declaration(date.fromisoformat(day), "off", "d", announced(date(2026, 10, 1)))
            for day in ("2027-02-05", "2027-02-08", "2027-02-09", "2027-09-01")
        ),
    ]
)


def first(command: Command, dossier: Dossier, calendar: Calendar = shipped()) -> Event:
    decided = decide(command, dossier, calendar)
    assert not hasattr(decided, "code"), decided
    return next(iter(decided))  # type: ignore[arg-type]


def provisional(event: Event) -> bool:
    found: bool = getattr(event, "provisional")  # noqa: B009
    return found


def test_a_provisional_date_is_told_as_one() -> None:
    accepted = first(ACCEPT, new(FILED))
    assert (accepted.due_on, provisional(accepted)) == (date(2027, 1, 4), True)  # type: ignore[union-attr]
    declared = first(ACCEPT, new(FILED), WHOLE_YEAR)
    assert (declared.due_on, provisional(declared)) == (date(2027, 1, 4), False)  # type: ignore[union-attr]
    soon = first(replace(ACCEPT, limit=Limit(3, "working_days")), new(FILED))
    assert not provisional(soon)
    brought = first(replace(ACCEPT, due_on=date(2027, 1, 8)), new(FILED))
    assert not provisional(brought), "its source counted it"
    running = fold(FILED, [accepted])
    for command in (
        c.AskForPapers(DECEMBER, PAPERS, "restart", 3, 20, None),
        c.AskForFee(DECEMBER, 150_000, 20),
        c.RecountDueDate(DECEMBER, ()),
    ):
        events = decide(command, replaced_due_on(running), shipped())
        assert [provisional(event) for event in events] == [True], command  # type: ignore[union-attr]


def replaced_due_on(dossier: Dossier) -> Dossier:
    """As a release before had it."""
    return dossier._replace(now=dossier.now._replace(due_on=date(2027, 1, 1)))  # type: ignore[union-attr, call-arg]


def test_a_brought_along_date_that_equals_the_counted_one_is_a_counted_one() -> None:
    told = replace(ACCEPT, due_on=date(2027, 1, 4))
    assert first(told, new(FILED)) == first(ACCEPT, new(FILED))


@pytest.mark.parametrize(("rule", "anew"), [("restart", True), ("subtract", False), ("short_fix", False)])
def test_a_supplement_says_that_the_clock_begins_anew(rule: str, anew: bool) -> None:
    asked = c.AskForPapers(DECEMBER, PAPERS, rule, 3, 20, None)  # type: ignore[arg-type]
    acts = [first(ACCEPT, new(FILED))]
    acts.append(first(asked, fold(FILED, acts)))
    taken = c.TakePapers(DECEMBER, ACCEPT.at, proof_may_lack=True)
    accepted = first(taken, fold(FILED, acts))
    assert getattr(accepted, "begun_anew", None) is anew


async def test_whoever_acts_is_told_before(house: House) -> None:
    """In the answer of an act, of the dossier and of each queue: provisional dates, and the last day on which a fee leaves no day."""
    house.clock.now = datetime(2026, 12, 18, 9, tzinfo=ZONE)
    (dossier,) = await house.submitted(procedure="1.009974", at=house.clock.now)
    accepted = (await house.act(dossier, "accept")).json()
    assert (accepted["due_on"], [each["code"] for each in accepted["warnings"]]) == (
        "2027-01-04",
        ["provisional"],
    )
    assert "năm 2027 chưa được công bố" in accepted["warnings"][0]["vi"]
    listed = (await house.get("/v1/dossiers?status=accepted&limit=200")).json()["items"]
    (mine,) = [each for each in listed if each["dossier_id"] == str(dossier)]
    assert [each["code"] for each in mine["warnings"]] == ["provisional"]
    house.clock.now = datetime(2027, 1, 4, 9, tzinfo=ZONE)
    queue = (await house.get("/v1/queues/due-soon")).json()["items"]
    (mine,) = [each for each in queue if each["dossier_id"] == str(dossier)]
    assert [each["code"] for each in mine["warnings"]] == ["provisional", "last-day"]
    one = (await house.get(f"/v1/dossiers/{dossier}")).json()
    assert one["warnings"][1]["vi"].startswith("Hôm nay là ngày cuối của thời hạn: nếu yêu cầu nộp phí")
    why = (await house.get(f"/v1/dossiers/{dossier}/due-date")).json()
    assert why["notes"][1] == {member: one["warnings"][1][member] for member in ("vi", "en")}
    asked = (await house.act(dossier, "request-fee", {}, version=1)).json()
    assert [each["code"] for each in asked["warnings"]] == ["provisional"]
