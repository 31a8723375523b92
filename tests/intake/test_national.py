"""The national status codes: a number for every state, back to it, and none that says done too early."""

from services.intake.national import DONE, NATIONAL, STATUSES, national


def test_every_state_has_its_number_and_comes_back_from_it() -> None:
    assert NATIONAL.keys() == set(STATUSES)
    back = {found.number: status for status, found in NATIONAL.items()}
    assert [back[national(status).number] for status in STATUSES] == list(STATUSES)
    assert [(status, national(status).number) for status in STATUSES] == [
        ("submitted", 1),
        ("accepted", 2),
        ("rejected", 3),
        ("in_processing", 4),
        ("resolved", 9),
        ("returned", 10),
        ("stopped", 8),
    ]


def test_only_what_is_resolved_is_done() -> None:
    assert {status for status in STATUSES if national(status).number in DONE} == {"resolved", "returned"}
