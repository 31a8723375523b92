"""A limit that depends on the project's class: the desk names it, an import may bring a due date along instead."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.chassis.log.decider import Rejected
from services.processing.clock.due_date import Limit
from services.processing.clock.working_days import shipped
from services.processing.dossier.decide import decide
from services.processing.dossier.events import DossierAccepted
from services.processing.dossier.explanation import Sentence, rule
from services.processing.dossier.history import fold
from services.processing.dossier.saying import says
from tests.processing.conftest import House
from tests.processing.examples import (
    ACCEPT,
    ACCEPT_SUPPLEMENT,
    EXTEND,
    FILING,
    REQUEST_SUPPLEMENT,
    UNIT,
    given,
)

CLASSES = ("A", "B", "C")
UNNAMED = replace(ACCEPT, limit=None, classes=CLASSES)
NAMED = replace(UNNAMED, limit=Limit(35, "calendar_days"), project_class="A")
MISSING = Rejected("project-class-missing", "the limit depends on it: A, B, C")
GIVEN_ON = date(2023, 4, 10)


def test_the_class_is_asked_for() -> None:
    given([]).when(UNNAMED).then_rejected("project-class-missing")
    assert decide(UNNAMED, fold(FILING, []), shipped()) == MISSING


def test_the_class_is_kept_with_its_limit() -> None:
    (accepted,) = decide(NAMED, fold(FILING, []), shipped())  # type: ignore[misc]
    assert isinstance(accepted, DossierAccepted)
    assert (accepted.project_class, accepted.limit, accepted.due_on) == ("A", NAMED.limit, date(2023, 4, 11))
    held = fold(FILING, [accepted]).held
    assert held is not None and held.project_class == "A"
    assert says(NAMED, accepted) and not says(replace(NAMED, project_class="B"), accepted)
    given([accepted]).when(NAMED).then_nothing()
    given([accepted]).when(replace(NAMED, project_class="B")).then_rejected("not-while-accepted")


def test_a_due_date_that_an_import_brings_along_stands_in_for_the_class() -> None:
    """Nothing is counted from a limit that nobody told: a pause is added to the date, and there is nothing to extend."""
    (accepted,) = decide(replace(UNNAMED, due_on=GIVEN_ON), fold(FILING, []), shipped())  # type: ignore[misc]
    assert isinstance(accepted, DossierAccepted)
    assert (accepted.due_on, accepted.given, accepted.limit, accepted.project_class) == (
        GIVEN_ON,
        True,
        None,
        None,
    )
    given([accepted]).when(EXTEND).then_rejected("no-due-date")
    (asked,) = decide(REQUEST_SUPPLEMENT, fold(FILING, [accepted]), shipped())  # type: ignore[misc]
    taking = replace(ACCEPT_SUPPLEMENT, proof_may_lack=True)
    (taken,) = decide(taking, fold(FILING, [accepted, asked]), shipped())  # type: ignore[misc]
    assert taken.due_on == date(2023, 4, 12)


def test_a_history_older_than_the_class_still_says_what_was_asked() -> None:
    (accepted,) = decide(NAMED, fold(FILING, []), shipped())  # type: ignore[misc]
    assert isinstance(accepted, DossierAccepted)
    assert says(NAMED, replace(accepted, project_class=None))


@pytest.mark.parametrize(
    ("limit", "extended", "named", "said"),
    [
        (Limit(20, "calendar_days"), 0, None, ("20 ngày", "20 calendar days")),
        (
            Limit(25, "working_days"),
            5,
            None,
            ("25 ngày làm việc, gồm 5 gia hạn", "25 working days, 5 of them by extension"),
        ),
        (
            Limit(35, "calendar_days"),
            0,
            "A",
            ("35 ngày, dự án nhóm A", "35 calendar days, project of class A"),
        ),
        (
            Limit(20, "working_days"),
            0,
            "B/I",
            (
                "20 ngày làm việc, dự án nhóm B có công trình cấp I",
                "20 working days, project of class B with works of class I",
            ),
        ),
        (
            Limit(30, "calendar_days"),
            0,
            "II",
            ("30 ngày, công trình cấp II", "30 calendar days, works of class II"),
        ),
    ],
)
def test_the_rule_names_the_class(
    limit: Limit, extended: int, named: str | None, said: tuple[str, str]
) -> None:
    assert rule(limit, extended, named) == Sentence(*said)


async def test_the_desk_is_told_which_classes_there_are(fresh_house: House) -> None:
    (dossier,) = await fresh_house.submitted(procedure="1.009972")
    refused = await fresh_house.act(dossier, "accept")
    told = refused.json()
    assert (refused.status_code, told["code"], told["field"]) == (
        422,
        "project-class-missing",
        "project_class",
    )
    assert "A, B, C" in told["detail"]
    accepted = await fresh_house.act(dossier, "accept", {"project_class": "A"}, key="k")
    assert accepted.json()["due_on"] == "2023-04-11"
    other = await fresh_house.act(dossier, "accept", {"project_class": "B"}, key="k")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    explained = (await fresh_house.get(f"/v1/dossiers/{dossier}/due-date")).json()
    assert explained["project_class"] == "A"
    assert explained["limit"] == {
        "amount": 35,
        "unit": "calendar_days",
        "vi": "35 ngày, dự án nhóm A",
        "en": "35 calendar days, project of class A",
    }


async def test_an_import_names_the_class_or_the_due_date(house: House) -> None:
    dossiers = await house.submitted(3, procedure="1.009973")
    acts = ({}, {"project_class": "III"}, {"due_on": "2023-04-03"})
    when = {"act": "accept", "at": "2023-03-06T10:00:00+07:00", "unit": UNIT}
    items = [
        {"source": "test", "case": str(each), "dossier_id": str(each), "acts": [when | act]}
        for each, act in zip(dossiers, acts, strict=True)
    ]
    bare, classed, dated = await house.bulk(items)
    assert (bare["outcome"], bare["code"]) == ("refused", "project-class-missing")
    assert (classed["outcome"], dated["outcome"]) == ("recorded", "recorded")
    due = [(await house.get(f"/v1/dossiers/{each}")).json()["due_on"] for each in dossiers]
    assert due == [None, "2023-03-27", "2023-04-03"]
    assert [told["outcome"] for told in (await house.bulk(items))[1:]] == ["repeated", "repeated"]
