"""The forms of the procedures: what an applicant fills in, as JSON Schema with labels, help and order in both languages.

Read once from `forms.json`, checked strictly. A form holds from its day on until the next one of its procedure: whoever files sends
what the form of that day asks for. One file serves the check at intake, the public door and the pages that draw it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.catalogue.file import Fault
from contracts.catalogue.procedure import Text
from contracts.catalogue.shipped import PROCEDURES
from contracts.intake import ProcedureCode

SHIPPED = Path(__file__).parent / "forms.json"
COUNTRY = "^[A-Z]{2}$"
"""The pattern of a field whose value is a country by its two letters (ISO 3166-1)."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Choice(_Strict):
    """What one value of a field is called."""

    label_vi: str = Field(min_length=2)
    label_en: str = Field(min_length=2)


class FormField(_Strict):
    """A field as it is shown. `schema` holds its type and bounds; its values, where it has `choices`, are their codes."""

    label_vi: Text
    label_en: Text
    help_vi: Text
    help_en: Text
    choices: Mapping[str, Choice] | None = None
    when: Mapping[str, tuple[str, ...]] | None = Field(
        default=None, description="Asked for, and then required, where another field has one of these values."
    )
    schema_: Mapping[str, Any] = Field(alias="schema", min_length=2)

    @cached_property
    def json_schema(self) -> dict[str, Any]:
        """With the title, the help and the codes of its choices."""
        told = {"title": self.label_vi, "description": self.help_vi, **self.schema_}
        if self.choices is None:
            return told
        codes = {"enum": list(self.choices)}
        return told | ({"items": told["items"] | codes} if told["type"] == "array" else codes)


class _Version(_Strict):
    effective_from: date | None
    fields: tuple[str, ...] | None = Field(default=None, min_length=1, description="None: as before.")
    required: tuple[str, ...] = Field(min_length=1)


class _File(_Strict):
    unverified: tuple[str, ...]
    fields: Mapping[str, FormField]
    forms: Mapping[ProcedureCode, tuple[_Version, ...]]


class Misfilled(NamedTuple):
    """What is wrong with one field; `code` is stable, and `detail` repeats nothing of what was typed."""

    field: str
    code: str
    detail: str


class Form:
    """The form of one procedure from a day on; `fields` in the order in which they are shown."""

    def __init__(
        self,
        procedure: str,
        effective_from: date | None,
        fields: Mapping[str, FormField],
        required: Sequence[str],
        unverified: Sequence[str] = (),
    ) -> None:
        self.procedure, self.effective_from = procedure, effective_from
        self.fields, self.required, self.unverified = fields, tuple(required), tuple(unverified)
        self.json_schema: dict[str, Any] = {
            "$schema": DIALECT,
            "type": "object",
            "properties": {name: field.json_schema for name, field in fields.items()},
            "required": list(required),
            "additionalProperties": False,
        }
        if conditions := [
            {
                "if": {"properties": {other: {"enum": list(values)}}, "required": [other]},
                "then": {"required": [name]},
            }
            for name, field in fields.items()
            for other, values in (field.when or {}).items()
        ]:
            self.json_schema["allOf"] = conditions
        self._validator = jsonschema_rs.validator_for(self.json_schema, validate_formats=True)
        self.is_filled_in = self._validator.is_valid
        """Whether content fits; a few microseconds."""

    def faults(self, content: Any) -> list[Misfilled]:
        """Every field that does not fit, once, in the order of the form."""
        told = [told for error in self._validator.iter_errors(content) for told in _told(error)]
        # What is of the wrong type is no choice either: the type is told.
        found = {each.field: each for each in sorted(told, key=lambda each: each.code == "wrong-type")}
        order = {name: place for place, name in enumerate(self.fields)}
        return sorted(
            found.values(), key=lambda each: (order.get(each.field.partition(".")[0], len(order)), each)
        )


class Forms:
    """All forms, by procedure and day."""

    def __init__(self, forms: Mapping[str, Sequence[Form]]) -> None:
        # The latest first: the form of a submission is nearly always the first one that is asked.
        self._forms = {code: tuple(reversed(versions)) for code, versions in forms.items()}

    def on(self, procedure: str, day: date) -> Form | None:
        """The form of a day; None for a procedure without forms.

        Guarantee: what is filed is judged by the form of its day. Test: test_a_form_holds_from_its_day.
        """
        for form in self._forms.get(procedure, ()):
            if form.effective_from is None or form.effective_from <= day:
                return form
        return None

    def all(self) -> Iterator[Form]:
        return (form for versions in self._forms.values() for form in reversed(versions))


class Read(NamedTuple):
    """The forms of a file without faults, or its faults, every one."""

    forms: Forms | None
    faults: tuple[Fault, ...]


def read(raw: bytes) -> Read:
    """The forms that these bytes are. Pure."""
    try:
        content = _File.model_validate_json(raw)
    except ValidationError as error:
        return Read(None, tuple(_misplaced(fault["loc"], fault["msg"]) for fault in error.errors()))
    faults = [*_broken_fields(content.fields), *_broken_forms(content)]
    if faults:
        return Read(None, tuple(faults))
    return Read(Forms({code: _forms(code, content) for code in content.forms}), ())


def _misplaced(loc: tuple[int | str, ...], said: str) -> Fault:
    place = str(loc[1]) if len(loc) > 1 else "forms"
    return Fault(place, ".".join(str(part) for part in loc[2:]) or str(loc[0] if loc else ""), said)


def _forms(code: str, content: _File) -> list[Form]:
    names: Sequence[str] = ()
    made = []
    for version in content.forms[code]:
        names = version.fields or names
        fields = {name: content.fields[name] for name in names}
        made.append(Form(code, version.effective_from, fields, version.required, content.unverified))
    return made


def _broken_fields(fields: Mapping[str, FormField]) -> Iterator[Fault]:
    for name, field in fields.items():
        try:
            example = field.json_schema["examples"][0]
            sound = jsonschema_rs.validator_for(field.json_schema, validate_formats=True).is_valid(example)
        except (ValueError, LookupError, TypeError):
            yield Fault(name, "schema", "is no JSON Schema with a type and an example")
            continue
        if not sound:
            yield Fault(name, "schema", "its example does not fit")


def _broken_forms(content: _File) -> Iterator[Fault]:
    for code in PROCEDURES.keys() - content.forms.keys():
        yield Fault(code, "", "has no form")
    for code, versions in content.forms.items():
        days = [version.effective_from or date.min for version in versions]
        if not versions or versions[0].effective_from is not None or days != sorted(set(days)):
            yield Fault(
                code, "effective_from", "the first form holds from the beginning, each other from a later day"
            )
        names: Sequence[str] = ()
        for version in versions:
            names = version.fields or names
            place = f"{code} from {version.effective_from or 'the beginning'}"
            yield from (
                Fault(place, "fields", f"no such field: {n}") for n in names if n not in content.fields
            )
            yield from (
                Fault(place, "required", f"not in the form: {n}") for n in version.required if n not in names
            )
            for name, field in content.fields.items():
                if name not in names or field.when is None:
                    continue
                if name in version.required:
                    yield Fault(place, "required", f"{name} is required by its condition alone")
                yield from (Fault(place, name, f"waits for {n}") for n in field.when if n not in names)


def _told(error: jsonschema_rs.ValidationError) -> Iterator[Misfilled]:
    field = ".".join(str(part) for part in error.instance_path)
    kind = error.kind
    if isinstance(kind, Kind.Required):
        yield Misfilled(
            ".".join(filter(None, (field, str(kind.property)))), "missing", "this field is required"
        )
    elif isinstance(kind, Kind.AdditionalProperties):
        for name in kind.unexpected:
            yield Misfilled(
                ".".join(filter(None, (field, name))), "unknown-field", "this field is not in the form"
            )
    else:
        yield Misfilled(field, *_rule(kind))


def _rule(kind: Any) -> tuple[str, str]:
    if isinstance(kind, Kind.Enum):
        return "not-a-choice", "one of: " + ", ".join(str(option) for option in kind.options)
    if isinstance(kind, Kind.Type):
        return "wrong-type", f"a value of type {', '.join(kind.types)} is needed"
    if isinstance(kind, Kind.Minimum):
        return "too-small", f"at least {kind.limit}"
    if isinstance(kind, Kind.Maximum):
        return "too-large", f"at most {kind.limit}"
    if isinstance(kind, Kind.MinLength | Kind.MinItems):
        return "too-short", f"at least {kind.limit}"
    if isinstance(kind, Kind.MaxLength | Kind.MaxItems):
        return "too-long", f"at most {kind.limit}"
    if isinstance(kind, Kind.UniqueItems):
        return "twice", "each choice may come once"
    if isinstance(kind, Kind.Format):
        return "wrong-form", "a date is written 2026-07-01"
    return "wrong-form", "letters, digits and signs as the form's schema says"


def _load() -> Forms:
    found = read(SHIPPED.read_bytes())
    if found.forms is None:
        raise ValueError("\n".join(str(fault) for fault in found.faults))
    return found.forms


FORMS = _load()
