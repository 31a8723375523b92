"""The oracle's numbers against counts done by hand, and its indifference to how the two logs interleave."""

from dataclasses import replace
from datetime import UTC, datetime

from tests.faults import oracle, table
from tests.faults.record import Fact
from tests.faults.small_record import LAWFUL, SUBMITTED, good_record


def _fact(
    store: str, position: int, dossier: str, version: int, kind: str, when: str, **data: object
) -> Fact:
    at = datetime.fromisoformat(when).replace(tzinfo=UTC)
    return Fact(store, position, dossier, version, f"{store}-{position}", kind, at, at, "portal/p", data)


def test_all_time_counts_are_those_done_by_hand() -> None:
    outcome = good_record().outcome
    lives = oracle.replay(outcome.stores["intake"], outcome.stores["processing"])
    assert oracle.counts(lives)["all"]["all"] == LAWFUL


def test_months_carry_stocks_and_a_day_begins_at_seventeen_utc() -> None:
    intake = [
        _fact("intake", 1, "a", 1, "DossierSubmitted", "2026-10-31T16:59", **SUBMITTED),
        _fact("intake", 2, "b", 1, "DossierSubmitted", "2026-10-31T17:00", **SUBMITTED),
    ]
    processing = [
        _fact(
            "processing",
            1,
            "a",
            1,
            "DossierAccepted",
            "2026-11-02T02:00",
            **SUBMITTED,
            on="2026-11-02",
            number=1,
        ),
        _fact("processing", 2, "a", 2, "DossierResolved", "2026-12-02T02:00", outcome="granted"),
    ]
    months = oracle.counts(oracle.replay(intake, processing))["month"]
    assert (months["2026-10"]["submitted"], months["2026-10"]["waiting"]) == (1, 1)
    november = months["2026-11"]
    assert (november["waiting_before"], november["submitted"], november["waiting"]) == (1, 1, 1)
    assert (november["received"], november["pending"]) == (1, 1)
    december = months["2026-12"]
    assert (december["carried_over"], december["received"], december["resolved"]) == (1, 1, 1)
    for row in months.values():
        assert row["waiting_before"] + row["submitted"] == (
            row["waiting"] + row["not_accepted"] + row["received_new"]
        )
        assert row["received"] == row["resolved"] + row["pending"]


def test_an_end_earlier_in_the_day_than_its_start_still_balances() -> None:
    intake = [_fact("intake", 1, "a", 1, "DossierSubmitted", "2026-11-02T09:00", **SUBMITTED)]
    processing = [
        _fact(
            "processing",
            1,
            "a",
            1,
            "DossierAccepted",
            "2026-11-02T08:00",
            **SUBMITTED,
            on="2026-11-02",
            number=1,
        ),
        _fact("processing", 2, "a", 2, "DossierResolved", "2026-11-02T07:00", outcome="granted"),
    ]
    row = oracle.counts(oracle.replay(intake, processing))["day"]["2026-11-02"]
    assert (row["received"], row["resolved"], row["pending"], row["waiting"]) == (1, 1, 0, 0)


def test_what_processing_says_of_an_unknown_dossier_counts_nothing() -> None:
    lives = oracle.replay([], good_record().outcome.stores["processing"])
    assert lives == {}
    assert oracle.counts(lives)["all"]["all"]["received"] == 0


def test_of_an_import_nobody_is_told() -> None:
    outcome = good_record().outcome
    imported = [replace(fact, actor="importer/importer") for fact in outcome.stores["intake"]]
    lives = oracle.replay(imported, outcome.stores["processing"])
    assert {about for _, about, _ in oracle.notices(lives)} == {
        *(set(table.ACTS) - set(table.MOVED) - set(table.UNTOLD)),
    }


def test_a_date_that_moved_is_told_and_changes_nothing_else() -> None:
    outcome = good_record().outcome
    before = oracle.replay(outcome.stores["intake"], outcome.stores["processing"])
    day = "2026-11-24T02:00"
    moved = [
        _fact("processing", 100 + n, "d3", 2 + n, kind, day, on="2026-11-24")
        for n, kind in enumerate(table.MOVED)
    ]
    lives = oracle.replay(outcome.stores["intake"], [*outcome.stores["processing"], *moved])
    assert oracle.counts(lives)["all"] == oracle.counts(before)["all"]
    assert lives["d3"].standing.status == before["d3"].standing.status
    more = oracle.notices(lives) - oracle.notices(before)
    assert {(about, channel) for _, about, channel in more} == {
        ("DueDateChanged", "email"),
        ("DueDateChanged", "inbox"),
        ("DeadlineChanged", "email"),
        ("DeadlineChanged", "inbox"),
        ("OpinionDeadlineChanged", "inbox"),
    }


def test_a_reversed_end_is_as_if_it_had_not_been() -> None:
    outcome = good_record().outcome
    lives = oracle.replay(outcome.stores["intake"], outcome.stores["processing"][:-1])
    assert (lives["d5"].standing.status, lives["d5"].now.ended) == ("withdrawal_requested", None)
    assert oracle.counts(lives)["all"]["all"]["pending"] == LAWFUL["pending"] + 1
