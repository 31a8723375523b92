import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.chassis.http.problems import Problem
from services.chassis.http.request_checks import check_json, check_text, plain_query, traceparent

TEXT = st.text(alphabet='[]{}"\\ a,:', max_size=8)
VALUES = st.recursive(
    st.none() | st.integers() | TEXT,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXT, below, max_size=4),
    max_leaves=30,
)


def depth(value: Any) -> int:
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 0


@given(VALUES, st.integers(1, 6))
@example([{}], 1)
@example({"a": [[{}]]}, 3)
def test_depth_is_counted_outside_strings(value: Any, depth_max: int) -> None:
    body = json.dumps(value).encode()
    if depth(value) <= depth_max:
        check_text(body, depth_max)
    else:
        with pytest.raises(Problem, match="json-too-deep"):
            check_text(body, depth_max)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"a":1}',
        b'{"b":[{"a":1,"c":2,"a":3}]}',
        b'{"a":1,"\\u0061":2}',
        '{"a":1}'.encode("utf-16"),
        '{"a":1}'.encode("utf-16-be"),
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":"\xff"}',
    ],
)
def test_a_member_that_comes_twice_is_refused(body: bytes) -> None:
    with pytest.raises(Problem, match="json-invalid"):
        check_json(body)


OBJECTS = st.recursive(
    st.integers() | TEXT,
    lambda below: st.lists(st.tuples(st.text("a:", max_size=2), below), max_size=4),
    max_leaves=20,
)


def written(value: Any, colon: str) -> str:
    """As JSON; a list of pairs is an object, in which a name may come twice."""
    if not isinstance(value, list):
        return json.dumps(value)
    return "{" + ",".join(json.dumps(name) + colon + written(each, colon) for name, each in value) + "}"


def has_one_twice(value: Any) -> bool:
    if not isinstance(value, list):
        return False
    return len({name for name, _ in value}) < len(value) or any(has_one_twice(each) for _, each in value)


@given(OBJECTS, st.sampled_from([":", " : "]))
@example([("a", "::"), ("a", 1)], ":")
def test_counting_colons_says_what_looking_at_each_member_says(value: Any, colon: str) -> None:
    body = written(value, colon).encode()
    if has_one_twice(value):
        with pytest.raises(Problem, match="json-invalid"):
            check_json(body)
    else:
        assert check_json(body) == json.loads(body)


@given(VALUES)
def test_what_is_json_passes(value: Any) -> None:
    if depth(value) <= 24:
        check_json(json.dumps(value).encode())
    check_json(b'{"a":{"a":1},"b":{"a":1},"n":' + b"9" * 10_000 + b"}")


@given(st.text(max_size=20), st.integers(0, 4))
def test_nul_characters_are_found_and_spelt_out_ones_are_not(text: str, backslashes: int) -> None:
    body = json.dumps([text + "\\" * backslashes + "u0000"]).encode()
    if "\x00" in text:
        with pytest.raises(Problem, match="nul-character"):
            check_json(body)
    else:
        check_json(body)


def test_an_unbalanced_body_ends_soon() -> None:
    with pytest.raises(Problem, match="json-too-deep"):
        check_json(b"[" * 60_000)
    check_text(b'"' * 60_001 + b"[" * 30)  # inside a string that nobody closed: what reads it refuses it


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(lambda size: b"[" * 25 + b'"' + b'\\"' * (size // 2), id="a string that nobody closed"),
        pytest.param(lambda size: b"[" * 25 + b'"' * size, id="quotation marks"),
        pytest.param(lambda size: b"[" * 25 + b'"' + b"\\" * size, id="backslashes"),
        pytest.param(lambda size: b"[" * 25 + b'"\\' * (size // 2), id="strings that begin to escape"),
        pytest.param(lambda size: b"[" * (size // 2) + b"]" * (size // 2), id="brackets"),
        pytest.param(lambda size: b"\\" * size + b"\\u0000", id="an escape that is none"),
        pytest.param(lambda size: b"\\\\u0000" * (size // 7), id="zeros that are none"),
    ],
)
def test_a_hostile_body_takes_time_in_proportion(hostile: Callable[[int], bytes]) -> None:
    """Sixteen times the bytes may take some sixteen times the time of the processor; it was 256 times."""

    def seconds(size: int) -> float:
        body, best = hostile(size), float("inf")
        for _ in range(5):
            began = time.thread_time()
            with suppress(Problem):
                check_json(body)
            best = min(best, time.thread_time() - began)
        return best

    assert seconds(16 * 4_000) < 64 * max(seconds(4_000), 2e-6)


@pytest.mark.parametrize(
    ("query", "left"),
    [
        (b"from=2026-01-01&to=", b"from=2026-01-01"),
        (b"to=", b""),
        (b"to", b""),
        (b"as_of=2023-09-30T17:00:00+07:00&a=%C3%A9", b"as_of=2023-09-30T17%3A00%3A00+07%3A00&a=%C3%A9"),
        (b"status=a&status=b&status=", b"status=a&status=b"),
        (b"by=&by=month", b"by=month"),
    ],
)
def test_members_of_a_query_are_told_once(query: bytes, left: bytes) -> None:
    assert plain_query(query, frozenset({"status"})) == left


@pytest.mark.parametrize(
    ("query", "code"),
    [(b"to=1&to=1", "query-member-twice"), (b"to=%00", "nul-character"), (b"%00=1", "nul-character")],
)
def test_members_of_a_query_that_come_twice_are_refused(query: bytes, code: str) -> None:
    with pytest.raises(Problem, match=code):
        plain_query(query, frozenset({"status"}))


@given(st.binary(max_size=60))
def test_whatever_comes_a_trace_is_well_formed(received: bytes) -> None:
    version, trace, span, flags = traceparent(received).split("-")
    assert (version, len(trace), len(span), len(flags)) == ("00", 32, 16, 2)
