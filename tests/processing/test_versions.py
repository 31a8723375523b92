"""A dossier keeps the version of its first submission, unless an abolition stopped it by law."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from services.chassis.http.tokens import Caller
from services.chassis.log.decider import Rejected
from services.processing.clock.due_date import Limit
from services.processing.clock.working_days import ZONE, shipped
from services.processing.dossier.acceptance import ACCEPT, Accept
from services.processing.dossier.asked import Order
from services.processing.dossier.decide import decide, stopped_by_law
from services.processing.dossier.state import Filing, new
from tests.processing.commands import AcceptDossier, RejectDossier
from tests.processing.conftest import House
from tests.processing.examples import OFFICE, UNIT, at

EVE, NEW_DAY = date(2026, 6, 30), date(2026, 7, 1)
ELEVEN_AT_NIGHT = datetime(2026, 6, 30, 23, 0, tzinfo=ZONE)
MORNING_AFTER = datetime(2026, 7, 1, 8, 0, tzinfo=ZONE)
OFFICER = Caller("officer", "an", OFFICE, UNIT)


def accepting(
    code: str, submitted_on: date, on: date = NEW_DAY, project_class: str | None = None
) -> AcceptDossier | Rejected:
    filing = Filing(code, OFFICE, "online", at(submitted_on))
    command = ACCEPT.command_of(Accept(project_class=project_class), Order(OFFICER, filing, at(on)))
    assert isinstance(command, AcceptDossier | Rejected)
    return command


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("1.009974", Limit(20, "calendar_days"), Limit(10, "working_days")),
        ("1.009977", Limit(20, "calendar_days"), Limit(9, "working_days")),
        ("1.009978", Limit(5, "working_days"), Limit(5, "working_days")),
        ("1.009984", Limit(10, "calendar_days"), Limit(5, "working_days")),
        ("1.009985", Limit(10, "calendar_days"), Limit(5, "working_days")),
        ("1.009982", Limit(20, "calendar_days"), Limit(20, "calendar_days")),
    ],
)
def test_the_limit_is_that_of_the_day_of_submission(code: str, old: Limit, new: Limit) -> None:
    for submitted_on, limit in ((EVE, old), (NEW_DAY, new)):
        command = accepting(code, submitted_on)
        assert isinstance(command, AcceptDossier)
        assert command.limit == limit


@pytest.mark.parametrize(
    ("code", "submitted_on", "named", "limit"),
    [
        ("1.009972", EVE, "A", Limit(35, "calendar_days")),
        ("1.009972", EVE, "C", Limit(15, "calendar_days")),
        ("1.009972", NEW_DAY, "B", Limit(16, "working_days")),
        ("1.009972", NEW_DAY, "B/I", Limit(20, "working_days")),
        ("1.009973", EVE, "I", Limit(40, "calendar_days")),
        ("1.009973", EVE, None, None),
    ],
)
def test_the_limit_is_that_of_the_class(
    code: str, submitted_on: date, named: str | None, limit: Limit | None
) -> None:
    command = accepting(code, submitted_on, project_class=named)
    assert isinstance(command, AcceptDossier)
    assert (command.limit, command.project_class) == (limit, named)


@pytest.mark.parametrize(
    ("code", "named", "known"),
    [("1.009972", "A/I", "A, B, C"), ("1.009982", "A", "the procedure's limit depends on none")],
)
def test_a_class_that_the_version_lacks_is_refused(code: str, named: str, known: str) -> None:
    assert accepting(code, EVE, project_class=named) == Rejected("project-class-unknown", known)


def test_what_was_abolished_before_its_submission_is_refused() -> None:
    for code, submitted_on, refusal in (
        ("1.009988", NEW_DAY, "procedure-abolished"),
        ("9.999999", EVE, "procedure-unknown"),
    ):
        refused = accepting(code, submitted_on)
        assert isinstance(refused, Rejected) and refused.code == refusal


def test_open_ones_of_an_abolished_procedure_are_kept_or_stopped() -> None:
    for code, stopped in (("1.009988", False), ("1.009973", True)):
        waiting = new(Filing(code, OFFICE, "online", at(EVE)))
        named = "II" if code == "1.009973" else None
        on_the_eve, after = accepting(code, EVE, EVE, named), accepting(code, EVE, NEW_DAY, named)
        assert isinstance(on_the_eve, AcceptDossier) and isinstance(after, AcceptDossier)
        assert stopped_by_law(on_the_eve, waiting) is None
        refused = stopped_by_law(after, waiting)
        assert (refused is not None and refused.code == "stopped-by-law") == stopped
        assert stopped_by_law(RejectDossier(NEW_DAY, "not_eligible"), waiting) is None
        assert not isinstance(decide(on_the_eve, waiting, shipped()), Rejected)


async def test_a_dossier_keeps_the_version_of_its_submission(house: House) -> None:
    """Filed on 30 June at 23:00, accepted on 1 July: 20 calendar days. Filed an hour later: 10 working days."""
    (old,) = await house.submitted(procedure="1.009974", at=ELEVEN_AT_NIGHT)
    (new,) = await house.submitted(procedure="1.009974", at=datetime(2026, 7, 1, 0, 0, tzinfo=ZONE))
    house.clock.now = MORNING_AFTER
    assert (await house.act(old, "accept")).json()["due_on"] == "2026-07-21"
    assert (await house.act(new, "accept")).json()["due_on"] == "2026-07-15"


async def test_a_stopped_procedure_is_not_accepted_and_a_repeat_still_gets_its_answer(house: House) -> None:
    one, other = await house.submitted(2, procedure="1.009973", at=ELEVEN_AT_NIGHT)
    house.clock.now = ELEVEN_AT_NIGHT
    of_class = {"project_class": "II"}
    first = await house.act(one, "accept", of_class, key="that night")
    assert first.status_code == 200
    house.clock.now = MORNING_AFTER
    again = await house.act(one, "accept", of_class, key="that night")
    assert (again.status_code, again.json()) == (200, first.json())
    refused = await house.act(other, "accept", of_class)
    assert (refused.status_code, refused.json()["code"]) == (409, "stopped-by-law")
    assert (await house.act(other, "reject", {"reason": "not_eligible"})).status_code == 200
