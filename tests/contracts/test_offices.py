"""The register of offices by the day, and each kind of fault that its file can have, told with its place."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from contracts.catalogue.offices import SHIPPED, load, read
from contracts.catalogue.shipped import PROCEDURES
from deploy import generate

Members = dict[str, Any]
SOUND: Members = json.loads(SHIPPED.read_bytes())
DEPARTMENT, ZONES = "H29.015.00", "H29.016.00"
TODAY = date(2026, 11, 28)


def told(change: Callable[[Members], Any]) -> list[str]:
    content = copy.deepcopy(SOUND)
    change(content)
    return [str(fault) for fault in read(json.dumps(content).encode()).faults]


def test_every_procedure_has_an_office() -> None:
    taken = {each.code for office in load().offices for each in office.procedures}
    assert taken == PROCEDURES.keys()


def test_what_is_not_in_the_register_is_nothing() -> None:
    offices = load()
    assert offices.takes(DEPARTMENT, "1.009982", TODAY) and not offices.takes(ZONES, "1.009982", TODAY)
    assert offices.is_unit(f"{DEPARTMENT}/QLXD", TODAY) and not offices.is_unit(f"{DEPARTMENT}/QLXDD", TODAY)
    assert offices.is_unit(DEPARTMENT, TODAY), "the desk"
    assert offices.is_agency("H29.020.00", TODAY) and not offices.is_agency("KHONG-CO", TODAY)


def test_a_desk_is_where_it_is_on_a_day() -> None:
    office = load().office(DEPARTMENT, TODAY)
    assert office is not None
    assert "Trương Định" in office.desk_on(date(2025, 12, 25)).address_vi
    assert "Trung tâm Phục vụ hành chính công" in office.desk_on(date(2025, 12, 26)).address_vi


def test_a_desk_closes_at_its_own_hour() -> None:
    """Of a worked Saturday nothing is known: the Saturday hours of a desk are those of its reception."""
    department, zones = (load().office(code, TODAY) for code in (DEPARTMENT, ZONES))
    assert department and zones
    monday, saturday = date(2026, 11, 30), date(2026, 12, 5)
    assert [o.desk_on(day).closes_on(day) for o in (department, zones) for day in (monday, saturday)] == [
        "17:00",
        None,
        "17:00",
        None,
    ]
    only_mornings = read(
        json.dumps(SOUND)
        .replace('"opens": "13:00", "closes": "17:00"', '"opens": "13:00", "closes": "16:30"')
        .encode()
    ).offices
    assert only_mornings is not None
    assert only_mornings.offices[0].desk_on(monday).closes_on(monday) == "16:30"


def office(number: int, **changes: Any) -> Callable[[Members], None]:
    return lambda content: content["offices"][number].update(changes)


def unit(**changes: Any) -> Callable[[Members], None]:
    return lambda content: content["offices"][0]["units"][0].update(changes)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (office(0, code="H29.15"), "H29.15: code: String should match pattern"),
        (office(0, colour="red"), "H29.015.00: colour: Extra inputs are not permitted"),
        (office(1, code=DEPARTMENT, units=[]), "H29.015.00: code: stands twice"),
        (office(0, since="2026-01-02", until="2026-01-01"), "H29.015.00: until: is before since"),
        (office(0, unverified=["colour"]), "H29.015.00: unverified: names no field: colour"),
        (office(0, procedures=[]), "H29.015.00: procedures: "),
        (
            office(0, procedures=[{"code": "1.009982"}, {"code": "1.009982"}]),
            "H29.015.00: procedures: 1.009982 stands twice",
        ),
        (
            office(0, procedures=[{"code": "1.009982", "since": "2026-01-02", "until": "2026-01-01"}]),
            "H29.015.00: procedures: 1.009982: until is before since",
        ),
        (lambda content: content["offices"][0]["desks"].reverse(), "H29.015.00: desks: stand in the order"),
        (
            lambda content: content["offices"][0]["desks"][0]["opening_hours"][0].update(closes="07:00"),
            "H29.015.00: desks: a desk closes after it opens",
        ),
        (unit(code="H29.016.00/QLTD"), "H29.016.00/QLTD: code: a unit's code begins with its office's"),
        (lambda content: content["agencies"][0].pop("name_vi"), "H29.020.00: name_vi: Field required"),
    ],
)
def test_each_fault_is_told_with_its_place(change: Callable[[Members], Any], fault: str) -> None:
    assert [line[: len(fault)] for line in told(change)] == [fault]


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"offices": []}', b"\xff", b"[" * 100_000])
def test_what_is_no_register_is_told(raw: bytes) -> None:
    found = read(raw)
    assert found.offices is None and found.faults


def test_an_operator_gives_a_file_of_its_own(tmp_path: Path) -> None:
    content = copy.deepcopy(SOUND)
    content["offices"] = [content["offices"][0] | {"code": "H01.003.00", "units": []}]
    own = tmp_path / "offices.json"
    own.write_text(json.dumps(content), encoding="utf-8")
    assert load(str(own)).knows("H01.003.00") and not load(str(own)).knows(DEPARTMENT)
    own.with_name("other.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ValueError, match="offices: Field required"):
        load(str(own.with_name("other.json")))
    with pytest.raises(ValueError, match="cannot be read"):
        load(str(tmp_path / "none.json"))


def test_every_service_asks_the_register_of_whom_a_token_speaks() -> None:
    for service, application in generate.applications().items():
        is_place = application.tokens._is_place
        assert is_place("H29.015.00/QLXD") and not is_place("H29.015.00/QLXDD"), service
