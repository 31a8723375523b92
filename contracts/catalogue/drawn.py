"""A procedure's form as a page shows it and as it was typed. Pure: what is right and wrong about it is the form's own to say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Literal, NamedTuple, Protocol

from contracts.catalogue.filled import label, value_in_words
from contracts.catalogue.forms import Form, FormField

PREFIX = "content."
WHOLE = re.compile(r"-?[0-9]{1,15}", re.ASCII)
NUMBER = re.compile(r"-?[0-9]{1,12}(?:[.,][0-9]{1,6})?", re.ASCII)
# As people write days here.
DAY = re.compile(r"([0-3]?[0-9])[/.-]([01]?[0-9])[/.-]([0-9]{4})", re.ASCII)

Kind = Literal["text", "long", "whole", "number", "day", "one", "many"]


class Typed(Protocol):
    """What somebody typed into a page's form."""

    def get(self, name: str) -> str: ...

    def all(self, name: str) -> list[str]: ...


class Item(NamedTuple):
    """A field as it is drawn; `only_if` says in words when it is asked for."""

    name: str
    kind: Kind
    label: str
    help: str
    options: Sequence[tuple[str, str]]
    required: bool
    only_if: str


def items(form: Form, lang: Literal["vi", "en"]) -> list[Item]:
    """The fields in their order, in a language."""
    return [_item(form, name, field, lang) for name, field in form.fields.items()]


def _item(form: Form, name: str, field: FormField, lang: Literal["vi", "en"]) -> Item:
    vi = lang == "vi"
    options = [
        (code, choice.label_vi if vi else choice.label_en) for code, choice in (field.choices or {}).items()
    ]
    conditions = [
        f"{label(form.fields[other], lang)}: {', '.join(value_in_words(form.fields[other], value, lang) for value in values)}"
        for other, values in (field.when or {}).items()
    ]
    return Item(
        name,
        _kind(field),
        label(field, lang),
        field.help_vi if vi else field.help_en,
        options,
        name in form.required,
        "; ".join(conditions),
    )


def _kind(field: FormField) -> Kind:
    schema = field.schema_
    match schema.get("type"):
        case "array":
            return "many"
        case "integer":
            return "whole"
        case "number":
            return "number"
    if field.choices:
        return "one"
    if schema.get("format") == "date":
        return "day"
    return "long" if schema.get("maxLength", 0) > 300 else "text"


def read(form: Form, typed: Typed) -> dict[str, Any]:
    """What was typed, as the form takes it: empty fields are left out, and so are those that are not asked for after all.

    A number or a day that is none stays a text, which the form refuses.
    """
    content: dict[str, Any] = {}
    for name, field in form.fields.items():
        kind, value = _kind(field), typed.get(PREFIX + name)
        if kind == "many":
            if chosen := [each for each in typed.all(PREFIX + name) if each]:
                content[name] = chosen
        elif value:
            content[name] = _value(kind, value)
    for name, field in form.fields.items():
        if any(content.get(other) not in values for other, values in (field.when or {}).items()):
            content.pop(name, None)
    return content


def _value(kind: Kind, value: str) -> Any:
    if kind == "whole" and WHOLE.fullmatch(plain := value.replace(".", "").replace(" ", "")):
        return int(plain)
    if kind == "number" and NUMBER.fullmatch(value):
        return float(value.replace(",", "."))
    if kind == "day" and (found := DAY.fullmatch(value)):
        try:
            return date(int(found[3]), int(found[2]), int(found[1])).isoformat()
        except ValueError:
            return value
    return value
