"""The arithmetic of the report: a window by hand, months as windows of their own, and both laws for any flows at all."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from services.reporting.report.counts import FLOWS, Counts, FlowSum, Row, report, result_hash

JANUARY, FEBRUARY = date(2023, 1, 1), date(2023, 2, 1)


def sums(stretch: date | None, key: str = "", **flows: int) -> list[FlowSum]:
    return [FlowSum(key, stretch, flow, amount) for flow, amount in flows.items()]


def test_a_window_by_hand() -> None:
    before = sums(None, submitted=10, received_new=7, not_accepted=1, early=2, on_time=1, late=1)
    within = sums(JANUARY, submitted=5, received_new=4, not_accepted=1, early=1, on_time=2, late=3)
    assert report([*before, *within], None).total == Counts(
        submitted=5,
        waiting_before=2,
        waiting=2,
        not_accepted=1,
        received_new=4,
        carried_over=3,
        received=7,
        resolved=6,
        pending=1,
        early=1,
        on_time=2,
        late=3,
    )


def test_the_nine_months_of_the_official_report() -> None:
    flows = sums(JANUARY, submitted=13_831, received_new=13_276, not_accepted=437, on_time=12_155, late=312)
    total = report(flows, None).total
    assert (total.received, total.resolved, total.pending, total.waiting) == (13_276, 12_467, 809, 118)


def test_months_are_windows_of_their_own() -> None:
    flows = [
        *sums(None, submitted=2, received_new=2, on_time=1),
        *sums(JANUARY, submitted=4, received_new=3, on_time=1),
        *sums(FEBRUARY, submitted=1, received_new=2, late=5),
    ]
    told = report(flows, "month")
    january, february = told.rows
    assert [row.key for row in told.rows] == ["2023-01", "2023-02"]
    assert (january.counts.carried_over, january.counts.received, january.counts.pending) == (1, 4, 3)
    assert (february.counts.carried_over, february.counts.received, february.counts.pending) == (3, 5, 0)
    assert told.total.received == 6, "stocks do not add up, only flows do"
    assert told.total.received_new == january.counts.received_new + february.counts.received_new


def test_a_row_with_only_the_past_is_told() -> None:
    told = report(sums(None, key="1.009982", submitted=1, received_new=1), "procedure")
    assert [(row.key, row.counts.pending) for row in told.rows] == [("1.009982", 1)]


def test_nothing_is_told_as_zeros() -> None:
    told = report([], "month")
    assert told.rows == [] and told.total.laws_hold() and not any(vars_of(told.total).values())


def vars_of(counts: Counts) -> dict[str, int]:
    return {name: getattr(counts, name) for name in Counts.__slots__}


def test_a_broken_law_is_seen() -> None:
    total = report(sums(JANUARY, submitted=1), None).total
    assert not Counts(**{**vars_of(total), "waiting": 2}).laws_hold()
    assert not Counts(**{**vars_of(total), "pending": 1}).laws_hold()


def test_the_same_numbers_have_the_same_hash() -> None:
    flows = [*sums(JANUARY, submitted=2), *sums(FEBRUARY, submitted=1)]
    first = result_hash({"by": "month"}, report(flows, "month"))
    assert first == result_hash({"by": "month"}, report(flows[::-1], "month"))
    assert first != result_hash({"by": "day"}, report(flows, "month"))
    assert first != result_hash({"by": "month"}, report(flows[:1], "month"))


flow_sums = st.lists(
    st.builds(
        FlowSum,
        key=st.sampled_from(("a", "b")),
        stretch=st.one_of(st.none(), st.dates(date(2022, 12, 1), date(2023, 3, 31))),
        flow=st.sampled_from(FLOWS),
        amount=st.integers(-3, 9),
    ),
    max_size=30,
)


@settings(max_examples=300)
@given(flow_sums, st.sampled_from((None, "procedure", "month", "day")))
def test_both_laws_hold_for_any_flows(flows: list[FlowSum], by: str | None) -> None:
    told = report(flows, by)  # type: ignore[arg-type]
    rows = [Row("", told.total), *told.rows]
    assert all(row.counts.laws_hold() for row in rows)
    if by == "procedure":
        for name in Counts.__slots__:
            assert getattr(told.total, name) == sum(getattr(row.counts, name) for row in told.rows)
    if by == "day" and told.rows:
        assert told.rows[-1].counts.pending == told.total.pending
        for earlier, later in zip(told.rows, told.rows[1:], strict=False):
            assert earlier.counts.pending == later.counts.carried_over
            assert earlier.counts.waiting == later.counts.waiting_before
