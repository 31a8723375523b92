"""What was filled in, in words: each field by its label, choices by theirs, days and countries as people write them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from babel import Locale
from babel.dates import format_date

from contracts.catalogue.forms import COUNTRY, Form, FormField


def in_words(
    form: Form | None, content: Mapping[str, Any], lang: Literal["vi", "en"]
) -> list[tuple[str, str]]:
    """Labels and values in the form's order; what the form does not know comes last, as it was sent."""
    fields = form.fields if form is not None else {}
    told = [
        (label(field, lang), _said(field, content[n], lang)) for n, field in fields.items() if n in content
    ]
    return told + [(name, _plain(value)) for name, value in content.items() if name not in fields]


def label(field: FormField, lang: Literal["vi", "en"]) -> str:
    return field.label_vi if lang == "vi" else field.label_en


def value_in_words(field: FormField, value: str, lang: Literal["vi", "en"]) -> str:
    """One value of a field; itself where it is none of its choices, no day and no country."""
    choice = (field.choices or {}).get(value)
    if choice is not None:
        return choice.label_vi if lang == "vi" else choice.label_en
    if field.schema_.get("pattern") == COUNTRY:
        return str(Locale(lang).territories.get(value, value))
    if field.schema_.get("format") == "date":
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return value
        return f"{day:%d/%m/%Y}" if lang == "vi" else format_date(day, "d MMMM y", "en")
    return value


def _said(field: FormField, value: Any, lang: Literal["vi", "en"]) -> str:
    values = value if isinstance(value, list) else [value]
    return ", ".join(value_in_words(field, str(each), lang) for each in values)


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
