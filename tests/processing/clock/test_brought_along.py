"""Due dates that an import brought along: what pauses and extensions make of them."""

from __future__ import annotations

from datetime import date

import pytest

from services.processing.clock.due_date import Limit, Pause
from services.processing.clock.statutory import Clock
from services.processing.clock.working_days import shipped


def fee(began: str, end: str) -> Pause:
    return Pause(date.fromisoformat(began), date.fromisoformat(end), "subtract")


@pytest.mark.parametrize(
    ("accepted", "limit", "given_on", "pauses", "due"),
    [
        # It equals the counted one, which moved over Tết: the paused day is added before the move.
        (
            "2023-01-04",
            Limit(20, "calendar_days"),
            "2023-01-27",
            [fee("2023-01-05", "2023-01-06")],
            "2023-01-27",
        ),
        # Three days later than the counted one's unmoved end, and so after a pause of one day.
        (
            "2023-01-04",
            Limit(20, "calendar_days"),
            "2023-01-30",
            [fee("2023-01-05", "2023-01-06")],
            "2023-01-31",
        ),
        # Nothing moves what nothing paused, a Saturday neither.
        ("2023-03-01", Limit(20, "calendar_days"), "2023-03-18", [], "2023-03-18"),
        (
            "2023-03-01",
            Limit(20, "calendar_days"),
            "2023-03-18",
            [fee("2023-03-02", "2023-03-03")],
            "2023-03-20",
        ),
        (
            "2024-04-15",
            Limit(10, "working_days"),
            "2024-05-03",
            [fee("2024-04-17", "2024-05-06")],
            "2024-05-16",
        ),
        ("2023-03-01", None, "2023-03-10", [fee("2023-03-02", "2023-03-06")], "2023-03-14"),
    ],
)
def test_a_date_brought_along_moves_once(
    accepted: str, limit: Limit | None, given_on: str, pauses: list[Pause], due: str
) -> None:
    clock = Clock(date.fromisoformat(accepted), limit, date.fromisoformat(given_on), 0, tuple(pauses))
    assert clock.due_on(shipped()) == date.fromisoformat(due)


def test_an_extension_of_months_is_added_in_months() -> None:
    """Brought along as 28 March, three days behind the end of one month from 25 February; another month is until 25 April."""
    clock = Clock(date(2026, 2, 25), Limit(1, "months"), date(2026, 3, 28), extended=1)
    assert clock.due_on(shipped()) == date(2026, 4, 28)
