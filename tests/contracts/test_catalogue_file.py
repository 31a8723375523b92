"""Each kind of fault that a catalogue's file can have is told with its place, and none hides another."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from contracts.catalogue.file import SHIPPED, read

Members = dict[str, Any]
SOUND: Members = json.loads(SHIPPED.read_bytes())


def catalogue() -> Members:
    return copy.deepcopy(SOUND)


def procedure(content: Members, code: str) -> Members:
    found: Members = next(each for each in content["procedures"] if each["code"] == code)
    return found


def told(content: Members) -> list[str]:
    return [str(fault) for fault in read(json.dumps(content).encode()).faults]


def first(code: str, **changes: Any) -> Callable[[Members], None]:
    """A change of the first version; None as a value takes the member away."""

    def change(content: Members) -> None:
        version = procedure(content, code)["versions"][0]
        for name, value in changes.items():
            version.pop(name, None)
            if value is not None:
                version[name] = value

    return change


def later(**changes: Any) -> Callable[[Members], None]:
    return lambda content: procedure(content, "1.009974")["versions"][1].update(changes)


def twice(content: Members) -> None:
    content["procedures"].append(content["procedures"][0])


def swapped(content: Members) -> None:
    procedure(content, "1.009972")["versions"].reverse()


def unsorted(content: Members) -> None:
    versions = procedure(content, "1.009972")["versions"]
    versions.append(versions[1] | {"effective_from": "2026-06-01"})


def overlapping(content: Members) -> None:
    versions = procedure(content, "1.009972")["versions"]
    versions.append(versions[1])


def after_the_abolition(content: Members) -> None:
    versions = procedure(content, "1.009973")["versions"]
    versions.append(versions[0] | {"effective_from": "2026-07-01"})


def without_versions(content: Members) -> None:
    procedure(content, "1.009978")["versions"] = []


def slow_steps(content: Members) -> None:
    content["step_hours"]["20 calendar_days"]["thu_ly"] += 3


def slow_class(content: Members) -> None:
    content["step_hours"]["12 working_days"]["thu_ly"] += 1


def renamed(content: Members) -> None:
    procedure(content, "1.009978")["name"] = "x"


def dated_badly(content: Members) -> None:
    procedure(content, "1.009973")["abolition"]["effective_from"] = "2026-13-01"


def abolished_by_hearsay(content: Members) -> None:
    procedure(content, "1.009973")["abolition"] |= {"document": None, "unverified": ["fee"]}


def default_unknown(content: Members) -> None:
    content["defaults"]["level"] = "full"


def default_bad(content: Members) -> None:
    content["defaults"]["supplement"]["policy"] = "pause"


def default_missing(content: Members) -> None:
    del content["defaults"]["extension_allowed"]


def top_unknown(content: Members) -> None:
    content["offices"] = {}


def paper_bad(content: Members) -> None:
    content["papers"]["van_bang"]["name_en"] = ""


BEGINNING = "1.009978 from the beginning"


@pytest.mark.parametrize(
    ("change", "place", "said"),
    [
        (first("1.009978", colour="red"), f"{BEGINNING}: colour", "is not known here"),
        (first("1.009978", level="half"), f"{BEGINNING}: level", "'full' or 'partial'"),
        (first("1.009978", limit_days=0), f"{BEGINNING}: limit_days", "greater than or equal to 1"),
        (first("1.009978", limit_days="5"), f"{BEGINNING}: limit_days", "valid integer"),
        (first("1.009978", limit_unit=None), f"{BEGINNING}: limit_unit", "Field required"),
        (first("1.009978", partial_reason_vi=None), f"{BEGINNING}: level", "publishes its reason"),
        (first("1.009978", level="full"), f"{BEGINNING}: level", "no reason to be partial"),
        (first("1.009978", fee_vnd=None), f"{BEGINNING}: fee_vnd", "an amount, or a share"),
        (first("1.009978", fee_vnd_max=9), f"{BEGINNING}: fee_vnd", "not both"),
        (first("1.009972", fee_vnd_max=None), "1.009972 from the beginning: fee_vnd", "fee_vnd_max"),
        (
            first("1.009972", fee_vnd_by_channel={"online": 0}),
            "1.009972 from the beginning: fee_vnd",
            "by channel",
        ),
        (
            first("1.009978", fee_vnd_by_channel={"fax": 0}),
            f"{BEGINNING}: fee_vnd_by_channel.fax.[key]",
            "'online'",
        ),
        (first("1.009972", fee_vnd_max=7), "1.009972 from the beginning: fee_vnd", "above fee_vnd_max"),
        (first("1.009972", limit_days=20), "1.009972 from the beginning: limit_days", "none of the classes"),
        (first("1.009978", limit_days=6), f"{BEGINNING}: steps", "no table for 6 working_days"),
        (
            first("1.009978", steps=dict.fromkeys(SOUND["step_hours"]["5 working_days"], 7)),
            f"{BEGINNING}: steps",
            "42 working hours are more than the limit of 5 working_days has, 40",
        ),
        (slow_steps, "1.009977 from the beginning: steps", "115 working hours"),
        (slow_class, "1.009972 from 2026-07-01: steps_by_class", "C: 97 working hours"),
        (first("1.009978", papers=[]), f"{BEGINNING}: papers", "at least 1 item"),
        (first("1.009978", papers=["x"]), f"{BEGINNING}: papers", "'x' is not among the file's papers"),
        (
            first("1.009978", papers=["giay_phep_xay_dung"] * 2),
            f"{BEGINNING}: papers",
            "a paper stands twice",
        ),
        (first("1.009978", unverified=["document", "price"]), f"{BEGINNING}: unverified", "no field: price"),
        (first("1.009978", unverified=["papers"]), f"{BEGINNING}: document", "unverified names the document"),
        (later(supplement={"policy": "short_fix"}), "1.009974 from 2026-07-01: supplement", "goes with"),
        (later(effective_from="July"), "1.009974 from July: effective_from", "valid date"),
        (later(effective_from=None), "1.009974 from the beginning: effective_from", "only the first"),
        (later(forwarding_cut_off="25:00"), "1.009974 from 2026-07-01: forwarding_cut_off", "time"),
        (swapped, "1.009972 from the beginning: effective_from", "only the first version"),
        (unsorted, "1.009972 from 2026-06-01: effective_from", "unsorted"),
        (overlapping, "1.009972 from 2026-07-01: effective_from", "overlaps"),
        (
            after_the_abolition,
            "1.009973 from 2026-07-01: effective_from",
            "after the abolition of 2026-07-01",
        ),
        (without_versions, "1.009978: versions", "at least one"),
        (renamed, "1.009978: name", "is not known here"),
        (dated_badly, "1.009973 abolition: effective_from", "valid date"),
        (abolished_by_hearsay, "1.009973 abolition: document", "unverified names the document"),
        (abolished_by_hearsay, "1.009973 abolition: unverified", "names no field: fee"),
        (twice, "1.009982: code", "stands twice in the catalogue"),
        (default_unknown, "defaults: level", "has no default"),
        (default_bad, "defaults: supplement.policy", "'short_fix'"),
        (default_missing, "defaults: extension_allowed", "is missing"),
        (top_unknown, "catalogue: offices", "is not known here"),
        (paper_bad, "papers van_bang: name_en", "at least 5 characters"),
    ],
)
def test_each_fault_is_told_with_its_place(change: Callable[[Members], None], place: str, said: str) -> None:
    content = catalogue()
    change(content)
    faults = told(content)
    assert [fault for fault in faults if fault.startswith(f"{place}: ") and said in fault], faults


def test_the_shipped_file_has_no_fault() -> None:
    assert told(catalogue()) == []


def test_one_fault_is_told_once_and_hides_no_other() -> None:
    content = catalogue()
    first("1.009978", colour="red", limit_days=0, partial_reason_vi=None, unverified=["price"])(content)
    first("1.009982", fee_vnd=None)(content)
    default_bad(content)
    twice(content)
    starts = [": ".join(fault.split(": ")[:2]) for fault in told(content)]
    assert sorted(starts) == sorted(
        [
            "defaults: supplement.policy",
            "1.009978 from the beginning: colour",
            "1.009978 from the beginning: limit_days",
            "1.009978 from the beginning: level",
            "1.009978 from the beginning: document",
            "1.009978 from the beginning: unverified",
            "1.009982 from the beginning: fee_vnd",
            "1.009982 from the beginning: fee_vnd",  # the procedure stands there twice
            "1.009982: code",
        ]
    )


def test_a_slip_in_what_versions_share_is_told_once() -> None:
    content = catalogue()
    paper_bad(content)
    content["step_hours"]["20 calendar_days"]["nghi"] = 1
    assert told(content) == [
        "papers van_bang: name_en: String should have at least 5 characters",
        "step_hours 20 calendar_days: nghi: is not known here",
    ]


def test_a_member_that_stands_twice_is_told() -> None:
    doubled = SHIPPED.read_text(encoding="utf-8").replace(
        '"limit_days": 5,', '"limit_days": 5, "limit_days": 4,', 1
    )
    faults = read(doubled.encode()).faults
    assert "catalogue: limit_days: stands twice in one object" in [str(fault) for fault in faults]


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"procedures": 1}'])
def test_what_is_no_catalogue_is_told(raw: bytes) -> None:
    found = read(raw)
    assert found.faults and found.procedures == ()


@pytest.mark.parametrize(
    "wrong", [None, 1, [], "x", {"code": 5}, {"code": []}, {"versions": [None]}, {"code": "\ud800"}]
)
def test_a_procedure_of_another_shape_is_told(wrong: Any) -> None:
    content = catalogue()
    content["procedures"].insert(3, wrong)
    assert told(content)


@pytest.mark.parametrize("wrong", [None, 1.5, [], "x", [None], {"a": {}}, "\ud800", float("nan"), {}])
def test_a_member_of_another_shape_is_told(wrong: Any) -> None:
    right = {"effective_from", "document", "limit_days_by_class"} if wrong is None else set()
    right |= {"supplement"} if wrong == {} else set()  # all by default
    for name in SOUND["procedures"][-1]["versions"][0].keys() - right:
        content = catalogue()
        content["procedures"][-1]["versions"][0][name] = wrong
        assert told(content), (name, wrong)
