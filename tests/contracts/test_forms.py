"""The forms of the procedures: every example fits, every fault of content is named, and every fault of the file is told."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from contracts.catalogue.forms import FORMS, SHIPPED, Form, read
from contracts.catalogue.shipped import PROCEDURES
from tests.filled import filled

Members = dict[str, Any]
SOUND: Members = json.loads(SHIPPED.read_bytes())
LAST_OF_THE_FIRST, FIRST_OF_THE_NEXT = date(2026, 12, 31), date(2027, 1, 1)


def form(code: str = "1.009982", on: date = FIRST_OF_THE_NEXT) -> Form:
    found = FORMS.on(code, on)
    assert found is not None
    return found


def test_every_version_of_every_procedure_has_a_form_that_its_examples_fit() -> None:
    for procedure in PROCEDURES.values():
        begins = [version.effective_from or date.min for version in procedure.versions]
        for day in (*begins, LAST_OF_THE_FIRST, FIRST_OF_THE_NEXT):
            content = filled(procedure.code, day)
            assert form(procedure.code, day).faults(content) == [], procedure.code
            assert {"result_delivery"} <= content.keys()


def test_a_form_holds_from_its_day() -> None:
    """Whoever sends what the form of before wants is taken until its last day."""
    before = {"certificate_class": "II"}
    assert form(on=LAST_OF_THE_FIRST).is_filled_in(before)
    assert not form().is_filled_in(before)
    assert form(on=LAST_OF_THE_FIRST).effective_from is None and form().effective_from == FIRST_OF_THE_NEXT


@pytest.mark.parametrize(
    ("content", "field", "code"),
    [
        ({"certificate_class": "IV"}, "certificate_class", "not-a-choice"),
        ({"certificate_class": 2}, "certificate_class", "wrong-type"),
        ({"certificate_class": None}, "certificate_class", "wrong-type"),
        ({"colour": "red"}, "colour", "unknown-field"),
        ({"date_of_birth": "17/05/1990"}, "date_of_birth", "wrong-form"),
        ({"date_of_birth": "1990-02-30"}, "date_of_birth", "wrong-form"),
        ({"experience_years": "6"}, "experience_years", "wrong-type"),
        ({"experience_years": -1}, "experience_years", "too-small"),
        ({"experience_years": 61}, "experience_years", "too-large"),
        ({"residence_address": "  "}, "residence_address", "wrong-form"),
        ({"residence_address": "x" * 301}, "residence_address", "too-long"),
        ({"nationality": "Việt Nam"}, "nationality", "wrong-form"),
        ({"specialties": []}, "specialties", "too-short"),
        ({"specialties": ["structural_design"] * 2}, "specialties", "twice"),
        ({"specialties": ["astronomy"]}, "specialties.0", "not-a-choice"),
        ({"result_delivery": "post"}, "delivery_address", "missing"),
    ],
)
def test_each_fault_of_content_is_named(content: Members, field: str, code: str) -> None:
    found = form().faults(filled() | content)
    assert [(fault.field, fault.code) for fault in found] == [(field, code)]
    assert "astronomy" not in found[0].detail and "1990" not in found[0].detail


def test_all_faults_are_told_in_the_order_of_the_form() -> None:
    found = form().faults({"experience_years": 99, "colour": "red"})
    missing = [
        "certificate_class",
        "specialties",
        "date_of_birth",
        "residence_address",
        "degree",
        "degree_subject",
    ]
    assert [fault.field for fault in found] == [*missing, "experience_years", "colour"]
    assert form().faults([]) and form().faults("text")


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_the_compiled_check_says_what_the_reference_says(data: st.DataObject) -> None:
    """Content of a form with some members taken away, or of other kinds."""
    code = data.draw(st.sampled_from(sorted(PROCEDURES)))
    which = form(code, data.draw(st.sampled_from([LAST_OF_THE_FIRST, FIRST_OF_THE_NEXT])))
    content = filled(code)
    for name in data.draw(st.lists(st.sampled_from(sorted(content)), unique=True, max_size=3)):
        if data.draw(st.booleans()):
            del content[name]
        else:
            content[name] = data.draw(st.sampled_from([None, 0, 1.5, True, "", "x", [], ["II"], {}, "post"]))
    reference = Draft202012Validator(which.json_schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert which.is_filled_in(content) == reference.is_valid(content) == (which.faults(content) == [])


def field(name: str, **changes: Any) -> Callable[[Members], None]:
    return lambda content: content["fields"][name].update(changes)


def version(number: int, **changes: Any) -> Callable[[Members], None]:
    return lambda content: content["forms"]["1.006871"][number].update(changes)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda content: content["forms"].pop("1.002572"), "1.002572: has no form"),
        (
            lambda content: content["forms"]["1.006871"].reverse(),
            "1.006871: effective_from: the first form holds",
        ),
        (version(1, effective_from=None), "1.006871: effective_from: the first form holds"),
        (version(0, required=["colour"]), "1.006871 from the beginning: required: not in the form: colour"),
        (
            version(1, required=["assessment_body"]),
            "1.006871 from 2027-01-01: required: assessment_body is required by",
        ),
        (
            version(0, fields=["product", "colour"]),
            "1.006871 from the beginning: fields: no such field: colour",
        ),
        (
            version(0, fields=["product", "delivery_address"]),
            "1.006871 from the beginning: delivery_address: waits for",
        ),
        (field("nationality", label_vi=""), "nationality: label_vi: "),
        (
            field("nationality", schema={"type": "string", "examples": [7]}),
            "nationality: schema: its example",
        ),
        (
            field("nationality", schema={"type": "colour", "examples": ["x"]}),
            "nationality: schema: is no JSON Schema",
        ),
        (
            field("nationality", schema={"type": "string", "pattern": "["}),
            "nationality: schema: is no JSON Schema",
        ),
    ],
)
def test_each_fault_of_the_file_is_told_with_its_place(change: Callable[[Members], Any], fault: str) -> None:
    content = copy.deepcopy(SOUND)
    change(content)
    lines = [str(each) for each in read(json.dumps(content).encode()).faults]
    assert any(line.startswith(fault) for line in lines), lines


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b"\xff"])
def test_what_is_no_file_of_forms_is_told(raw: bytes) -> None:
    assert read(raw).forms is None and read(raw).faults


def test_nothing_is_asked_that_stands_in_the_filing_beside_the_form() -> None:
    asked = {name for each in FORMS.all() for name in each.fields}
    assert asked.isdisjoint({"name", "identifier", "email", "phone", "procedure", "office"})
    assert form("1.009974", FIRST_OF_THE_NEXT - timedelta(days=200)).procedure == "1.009974"
