"""Which messages may be applied: laws over every interleaving, repetition and batch."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.chassis.kafka.ordering import Arrival, Delivered, Seen, sort_out
from tests.chassis.conftest import NOW

STREAM = UUID(int=1)


def arrival(
    source: str, sequence: int, *, fault: str | None = None, held_id: int | None = None, fork: bool = False
) -> Arrival:
    event_id = UUID(int=hash((source, sequence, fork)) & (2**127))
    message = Delivered(
        "t", 0, sequence, event_id, source, "T.v1", STREAM, sequence, NOW, NOW, None, None, None
    )
    return Arrival(message, None, fault, held_id)


def feed(
    batches: Sequence[Sequence[Arrival]], opener: str | None
) -> tuple[list[tuple[str, int]], list[Arrival], Seen]:
    """What a reader does over several batches: what it applied, in order, and what it still holds."""
    applied: list[tuple[str, int]] = []
    held: list[Arrival] = []
    seen: Seen = {}
    for batch in batches:
        result = sort_out([*held, *batch], seen, opener)
        applied += [(a.message.source, a.message.sequence) for a in result.apply]
        held = [a._replace(held_id=n) for n, (a, _) in enumerate(result.hold)]
    return applied, held, seen


@st.composite
def deliveries(draw: st.DrawFn) -> list[list[Arrival]]:
    """Two producers' messages in any interleaving that keeps each one's first occurrences in order, with repeats, cut into batches."""
    intake, processing = draw(st.integers(1, 4)), draw(st.integers(0, 5))
    order = draw(st.permutations(["intake"] * intake + ["processing"] * processing))
    count = {"intake": 0, "processing": 0}
    flat: list[Arrival] = []
    for source in order:
        count[source] += 1
        flat.append(arrival(source, count[source]))
        if draw(st.booleans()):
            flat.append(arrival(source, draw(st.integers(1, count[source]))))
    cuts = sorted(draw(st.sets(st.integers(0, len(flat)))))
    return [flat[a:b] for a, b in zip([0, *cuts], [*cuts, len(flat)], strict=True)]


@given(deliveries())
def test_every_interleaving_gives_the_same_result(batches: list[list[Arrival]]) -> None:
    applied, held, seen = feed(batches, "intake")
    everything = {(a.message.source, a.message.sequence) for batch in batches for a in batch}
    assert sorted(applied) == sorted(everything)
    assert not held
    assert applied[0][0] == "intake"
    for source in seen:
        assert [n for s, n in applied if s == source] == list(range(1, seen[source][0] + 1))


@given(st.permutations(range(1, 7)))
def test_even_a_reordered_producer_comes_out_in_order(order: list[int]) -> None:
    applied, held, _ = feed([[arrival("intake", n)] for n in order], "intake")
    assert [n for _, n in applied] == [1, 2, 3, 4, 5, 6]
    assert not held


def test_a_gap_holds_and_says_so() -> None:
    result = sort_out([arrival("intake", 1), arrival("intake", 3)], {}, None)
    assert [a.message.sequence for a in result.apply] == [1]
    assert [(a.message.sequence, reason) for a, reason in result.hold] == [(3, "gap")]


def test_another_producer_waits_for_the_opener() -> None:
    result = sort_out([arrival("processing", 1)], {}, "intake")
    assert [reason for _, reason in result.hold] == ["before-opener"]


def test_a_faulty_message_holds_what_is_behind_it() -> None:
    result = sort_out(
        [
            arrival("intake", 1),
            arrival("intake", 2, fault="poison"),
            arrival("intake", 3),
            arrival("processing", 1),
        ],
        {},
        "intake",
    )
    assert [a.message.sequence for a in result.apply] == [1]
    assert [reason for _, reason in result.hold] == ["poison", "behind", "behind"]


@given(
    st.permutations([("intake", 1), ("intake", 2), ("intake", 3), ("processing", 1), ("processing", 2)]),
    st.sampled_from([("intake", 3), ("processing", 2)]),
)
def test_a_fault_holds_nothing_before_its_turn(order: list[tuple[str, int]], faulty: tuple[str, int]) -> None:
    """Whenever it comes, what stands before it in its stream is applied, and so is what opens the stream."""
    applied, held, _ = feed(
        [[arrival(*each, fault="poison" if each == faulty else None)] for each in order], "intake"
    )
    before = {("intake", 1), *((faulty[0], n) for n in range(1, faulty[1]))}
    assert before <= set(applied)
    assert faulty not in applied
    assert faulty in {(a.message.source, a.message.sequence) for a in held}


def test_a_fault_that_came_too_early_lets_the_missing_one_through() -> None:
    early = arrival("intake", 3, fault="poison", held_id=1)
    result = sort_out(
        [early, arrival("intake", 1), arrival("processing", 1), arrival("intake", 2)], {}, "intake"
    )
    assert [(a.message.source, a.message.sequence) for a in result.apply] == [
        ("intake", 1),
        ("processing", 1),
        ("intake", 2),
    ]
    assert [reason for _, reason in result.hold] == ["poison"]


def test_a_repeat_of_the_faulty_one_is_no_news_after_it_was_discarded() -> None:
    seen: Seen = {"intake": (2, arrival("intake", 2).message.id)}
    result = sort_out([arrival("intake", 2, fault="poison"), arrival("intake", 3)], seen, None)
    assert (result.repeats, [a.message.sequence for a in result.apply], result.hold) == (1, [3], [])


def test_another_message_under_the_last_version_is_a_fork() -> None:
    seen: Seen = {"intake": (2, UUID(int=99))}
    assert sort_out([arrival("intake", 2)], seen, None).forks == 1
    assert sort_out([arrival("intake", 1)], seen, None).forks == 0


def test_released_messages_are_named() -> None:
    result = sort_out([arrival("intake", 2, held_id=7), arrival("intake", 1)], {}, "intake")
    assert [a.message.sequence for a in result.apply] == [1, 2]
    assert result.done == [7]
