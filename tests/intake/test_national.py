"""The national status codes: a number for every state, back to it, and none that says done too early."""

import pytest

from services.intake.national import DONE, NATIONAL, STATUSES, Status, national, status_of


def test_every_state_has_its_number_and_comes_back_from_it() -> None:
    assert NATIONAL.keys() == set(STATUSES)
    assert [status_of(*national(status)[::2]) for status in STATUSES] == list(STATUSES)
    assert {found.number for found in NATIONAL.values()} == set(range(1, 11))


@pytest.mark.parametrize(
    ("status", "number", "reason"),
    [
        ("submitted", 1, None),
        ("accepted", 2, None),
        ("rejected", 3, None),
        ("in_processing", 4, None),
        ("supplement_requested", 5, None),
        ("payment_requested", 6, None),
        ("withdrawal_requested", 7, None),
        ("stopped", 8, None),
        ("withdrawn", 8, "withdrawn"),
        ("resolved", 9, None),
        ("returned", 10, None),
    ],
)
def test_a_state_has_its_national_number(status: Status, number: int, reason: str | None) -> None:
    assert (national(status).number, national(status).reason) == (number, reason)
    assert status_of(number, reason) == status


def test_a_number_says_no_more_than_it_does() -> None:
    assert status_of(8) == status_of(8, "conditions_changed") == "stopped"
    assert status_of(9, "withdrawn") == "resolved"
    assert [status_of(number) for number in (0, 11, -1)] == [None, None, None]


def test_only_what_is_resolved_is_done() -> None:
    assert {status for status in STATUSES if national(status).number in DONE} == {"resolved", "returned"}
    assert not DONE & {5, 6, 7, 8}
