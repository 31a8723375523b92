"""What was taken in, laid beside what the reports say: equal, more, or a loud difference."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from deploy.importing.case import Act, Case
from deploy.importing.counts import (
    CountsDiffer,
    CountsSilent,
    Expected,
    Reports,
    compare,
    rows_table,
    total_table,
)

BEGAN = datetime(2023, 3, 2, 8, tzinfo=UTC)


def counts(submitted: int, received: int, resolved: int, not_accepted: int) -> dict[str, Any]:
    return {
        "submitted": submitted,
        "received_new": received,
        "received": received,
        "resolved": resolved,
        "pending": received - resolved,
        "not_accepted": not_accepted,
        "waiting": submitted - received - not_accepted,
    }


def case(*acts: str) -> Case:
    made = tuple(Act(act, BEGAN + timedelta(days=n)) for n, act in enumerate(acts, start=1))
    return Case("c", "1.009982", "H29.015.00", "online", BEGAN, made)


EXPECTED = Expected.of(
    [case(), case("reject"), case("accept"), case("accept", "forward", "resolve", "return")]
)
EMPTY, RIGHT = counts(0, 0, 0, 0), counts(4, 2, 1, 1)


def test_expected_figures_follow_from_the_acts() -> None:
    assert EXPECTED.figures() == {"received": 2, "resolved": 1, "pending": 1, "waiting": 1, "not_accepted": 1}
    assert (EXPECTED.first, EXPECTED.last) == (date(2023, 3, 2), date(2023, 3, 6))


def test_equal_counts_are_silent() -> None:
    assert compare(EXPECTED, EMPTY, RIGHT) is None
    assert compare(EXPECTED, RIGHT, RIGHT) is None


@pytest.mark.parametrize("lost", ["submitted", "received_new", "resolved", "not_accepted"])
def test_a_lost_one_is_told_loudly(lost: str) -> None:
    with pytest.raises(CountsDiffer, match=f"{lost}: "):
        compare(EXPECTED, EMPTY, RIGHT | {lost: RIGHT[lost] - 1})


@pytest.mark.parametrize("doubled", ["submitted", "received_new", "resolved", "not_accepted"])
def test_one_counted_twice_in_an_empty_home_is_told_loudly(doubled: str) -> None:
    with pytest.raises(CountsDiffer, match=f"{doubled}: "):
        compare(EXPECTED, EMPTY, RIGHT | {doubled: RIGHT[doubled] + 1})


def test_others_of_the_same_days_are_a_remark() -> None:
    remark = compare(EXPECTED, counts(3, 3, 3, 0), counts(7, 5, 4, 1))
    assert remark is not None and "submitted: 4 taken in, 7 in the reports" in remark


def test_what_a_door_refused_is_not_expected() -> None:
    cases = [replace(case("accept", "resolve"), case=name) for name in "abc"]
    taken = Expected.of(cases).without(cases, {"a": "intake", "b": "processing"})
    assert taken.figures() == {"received": 1, "resolved": 1, "pending": 0, "waiting": 1, "not_accepted": 0}
    assert (taken.first, taken.last) == (date(2023, 3, 2), date(2023, 3, 4))


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_refused_question_is_not_asked_again(status: int) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(status, json={"code": "no"})

    reports = Reports("http://reporting", transport=httpx.MockTransport(answer))
    with pytest.raises(CountsSilent, match=f"refused the question: {status}"):
        asyncio.run(reports.settled(date(2023, 1, 1), date(2023, 1, 2)))
    assert asked == ["/v1/counts"]


def test_tables_show_each_figure() -> None:
    assert [line.split()[-1] for line in total_table(RIGHT | {"received": 13_276})] == [
        "13,276",
        "1",
        "1",
        "1",
        "1",
    ]
    head, row = rows_table("month", [{"key": "2023-03"} | RIGHT])
    assert head.split()[0] == "month" and row.split() == ["2023-03", "2", "1", "1", "1", "1"]
