"""The contracts keep their word: files are fresh, every version ever released is read, and nothing was taken away."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contracts import generate, intake, processing
from contracts.calendar import CalendarDocument
from contracts.compatibility import WIDENED, breaks
from contracts.envelope import Attributes, BadEnvelope, Message, encode, json_object, read, read_of
from contracts.generate import MESSAGES
from contracts.processing_codes import DocumentNumber
from contracts.sealed import Unsealable, seal, unseal

CONTRACTS = Path(generate.__file__).parent
RELEASED = sorted((CONTRACTS / "released").glob("*.json"))
EXAMPLES = sorted((CONTRACTS / "examples").glob("*.json"))
NOW = datetime(2026, 3, 2, 9, 15, tzinfo=timezone(timedelta(hours=7)))
SOME_ID = UUID(int=7)


class Nothing(Message):
    """A message that says that it happened, and no more."""

    type_name = "Nothing.v1"
    owner = "intake"


def load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def test_generated_files_are_fresh() -> None:
    for path, text in generate.documents().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is stale: make generate"
    assert set((CONTRACTS / "schemas").iterdir()) == {
        p for p in generate.documents() if p.parent.name == "schemas"
    }


def test_every_message_has_an_example_and_a_released_schema() -> None:
    names = {message.type_name for message in MESSAGES}
    assert {path.stem for path in EXAMPLES} == names
    assert {path.stem for path in RELEASED} == names | {
        model.__name__ for model, _, _ in generate.KEYED.values()
    }


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_every_example_is_read_by_todays_code(path: Path) -> None:
    example = load(path)
    attributes = read([(name, value.encode()) for name, value in example["headers"].items()])
    model = next(m for m in MESSAGES if m.type_name == attributes.type)
    members = {k: v for k, v in example["value"].items() if k not in generate.envelope_of(model)}
    message = model.model_validate_json(json.dumps(members))
    key, value, headers = encode(attributes, message)
    assert (key.decode(), json.loads(value)) == (example["key"], example["value"])
    assert {name: content.decode() for name, content in headers} == example["headers"]
    jsonschema.validate(example["value"], generate.schema(model), format_checker=jsonschema.FormatChecker())
    jsonschema.validate(example["headers"], generate.headers_of(model))


@pytest.mark.parametrize("path", RELEASED, ids=lambda p: p.stem)
def test_nothing_released_was_broken(path: Path) -> None:
    current = generate.documents()[CONTRACTS / "schemas" / path.name]
    assert breaks(load(path), json.loads(current)) == []


def _remove(schema: dict[str, Any]) -> None:
    del schema["properties"]["procedure"]


def _require(schema: dict[str, Any]) -> None:
    schema["properties"]["extra"] = {"type": "string"}
    schema["required"].append("extra")


def _retype(schema: dict[str, Any]) -> None:
    schema["properties"]["contact_change"] = {"type": "string"}


def _narrow(schema: dict[str, Any]) -> None:
    schema["properties"]["channel"]["enum"].remove("postal")


def _pattern(schema: dict[str, Any]) -> None:
    schema["properties"]["office"]["pattern"] = "^H29"


def _optional(schema: dict[str, Any]) -> None:
    schema["required"].remove("office")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_remove, "procedure: removed"),
        (_require, "extra: newly required"),
        (_retype, "contact_change: type changed"),
        (_narrow, "channel: values taken away"),
        (_pattern, "office: pattern narrowed"),
        (_optional, "office: no longer always there"),
    ],
)
def test_a_breaking_change_is_refused(change: Callable[[dict[str, Any]], None], said: str) -> None:
    old = generate.schema(intake.DossierSubmitted)
    new = copy.deepcopy(old)
    change(new)
    assert said in breaks(old, new)


@given(st.data())
def test_a_widened_pattern_takes_what_it_took(data: st.DataObject) -> None:
    for narrow, wide in WIDENED:
        assert re.fullmatch(wide, data.draw(st.from_regex(narrow, fullmatch=True)))


@pytest.mark.parametrize(
    "number",
    [
        "45/2026/QĐ-UBND",
        "1234/QĐ-SXD",
        "05/CT-TTg",
        "12/TTr-SXD",
        "62/2020/QH14",
        "17/QĐ-TƯ",
        "8a/QĐ-UBND",
        "3/CV-BCA&BQP",
    ],
)
def test_a_document_number_is_taken_as_offices_write_it(number: str) -> None:
    assert TypeAdapter(DocumentNumber).validate_python(number) == number
    assert TypeAdapter(CalendarDocument).validate_python(f"Quyết định {number}")
    for other in (f"{number} của ông A", f"số {number}", number.lower(), number.partition("/")[0]):
        with pytest.raises(ValidationError):
            TypeAdapter(DocumentNumber).validate_python(other)


def test_a_new_optional_field_is_welcome() -> None:
    old = generate.schema(intake.DossierSubmitted)
    new = copy.deepcopy(old)
    new["properties"]["extra"] = {"type": "string"}
    assert breaks(old, new) == []


def test_producers_are_strict() -> None:
    good = load(CONTRACTS / "examples" / "DossierSubmitted.v1.json")["value"]
    members = {k: v for k, v in good.items() if k not in generate.envelope_of(intake.DossierSubmitted)}
    for bad in (
        {**members, "note": "free text"},
        {**members, "channel": "fax"},
        {**members, "procedure": "x"},
    ):
        with pytest.raises(ValidationError):
            intake.DossierSubmitted.model_validate_json(json.dumps(bad))


def attributes(**changes: Any) -> Attributes:
    base = Attributes(SOME_ID, "intake", "DossierSubmitted.v1", SOME_ID, 1, NOW, NOW)
    return base._replace(**changes)


@given(
    st.uuids(),
    st.integers(1, 2**31),
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from([None, "import"]),
    st.sampled_from([None, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]),
    st.none() | st.uuids(),
)
def test_an_envelope_comes_back_as_it_went(
    event_id: UUID,
    sequence: int,
    at: datetime,
    origin: str | None,
    traceparent: str | None,
    correlation_id: UUID | None,
) -> None:
    given_attributes = attributes(
        id=event_id,
        sequence=sequence,
        time=at,
        recorded_at=at,
        origin=origin,
        traceparent=traceparent,
        correlation_id=correlation_id,
    )
    message = intake.DossierSubmitted(
        procedure="1.009982",
        office="H29.015.00",
        channel="online",
        applicant_id=event_id,
        contact_change=1,
        content_commitment="0" * 64,
    )
    _, value, headers = encode(given_attributes, message)
    assert read(headers) == given_attributes
    assert json_object(value)["id"] == str(event_id)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce_id", b"x"),
        ("ce_id", b"\xff"),
        ("ce_subject", b""),
        ("ce_sequence", b"0"),
        ("ce_sequence", b"-1"),
        ("ce_sequence", b"one"),
        ("ce_time", b"yesterday"),
        ("ce_time", b"2026-01-01T00:00:00"),
        ("ce_recordedtime", b""),
        ("ce_source", b"\xfe"),
        ("ce_type", b"\xfe"),
        ("ce_origin", b"\xfe"),
    ],
)
def test_a_bad_attribute_is_named_and_not_quoted(name: str, value: bytes) -> None:
    example = load(CONTRACTS / "examples" / "DossierSubmitted.v1.json")
    headers = {n: v.encode() for n, v in example["headers"].items()}
    with pytest.raises(BadEnvelope) as refused:
        read({**headers, name: value}.items())
    assert str(refused.value) in (name, "ce_recordedtime")
    with pytest.raises(BadEnvelope):
        read({n: v for n, v in headers.items() if n != "ce_subject"}.items())


def test_what_says_that_it_is_anothers_is_not_read() -> None:
    example = load(CONTRACTS / "examples" / "DossierSubmitted.v1.json")
    headers = {n: v.encode() for n, v in example["headers"].items()}
    broken = {**headers, "ce_id": b"x"}
    assert read_of([b"processing"], list(broken.items())) is None
    assert read_of([b"intake"], list(headers.items())) == read(headers.items())
    without = {n: v for n, v in broken.items() if n != "ce_source"}
    for unclear in (broken, without):
        with pytest.raises(BadEnvelope):
            read_of([b"intake"], list(unclear.items()))


def test_what_many_say_alike_is_written_as_each_would_write_it() -> None:
    """Names and their order: those of the envelope, then the message's own; a message without members has the envelope's alone."""
    at, dossier = datetime.now(UTC), SOME_ID
    for message in (Nothing(), processing.ResultReturned(method="postal")):
        attributes = Attributes(SOME_ID, "intake", message.type_name, dossier, 3, at, at)
        _, value, _ = encode(attributes, message)
        assert list(json_object(value).items()) == [
            ("id", str(SOME_ID)),
            ("type", message.type_name),
            ("time", at.isoformat(timespec="microseconds")),
            (message.subject_member, str(dossier)),
            *message.model_dump().items(),
        ]


def test_an_instant_is_written_in_the_zone_in_which_it_is_told() -> None:
    """Whatever was written before: instants of two zones are equal."""
    at = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    for zone, offset in ((UTC, b"+00:00"), (timezone(timedelta(hours=7)), b"+07:00"), (UTC, b"+00:00")):
        told = at.astimezone(zone)
        _, value, headers = encode(
            Attributes(SOME_ID, "intake", Nothing.type_name, SOME_ID, 3, told, told), Nothing()
        )
        assert json_object(value)["time"].encode() == dict(headers)["ce_time"]
        assert dict(headers)["ce_time"].endswith(offset) and dict(headers)["ce_recordedtime"].endswith(offset)


def test_a_code_is_sealed_to_its_dossier() -> None:
    key, other = bytes(range(64)), bytes(64)
    sealed = seal(key, "H29.015.00-260302-0007", SOME_ID)
    assert sealed == seal(key, "H29.015.00-260302-0007", SOME_ID)
    assert "H29" not in sealed
    assert unseal((key,), sealed, SOME_ID) == "H29.015.00-260302-0007"
    for wrong in (
        (other, sealed, SOME_ID),
        (key, sealed, UUID(int=8)),
        (key, "AAAA", SOME_ID),
        (key, sealed[:-4], SOME_ID),
    ):
        with pytest.raises(Unsealable):
            unseal((wrong[0],), *wrong[1:])


@pytest.mark.parametrize("value", [b"", b"[]", b"1", b"{"])
def test_a_value_that_is_no_object_is_refused(value: bytes) -> None:
    with pytest.raises(ValueError):
        json_object(value)
