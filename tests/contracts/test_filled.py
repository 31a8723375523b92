"""What was filled in is shown in words: choices by their labels, days and countries as people write them."""

from __future__ import annotations

from datetime import date
from typing import Literal

import pytest

from contracts.catalogue.filled import in_words
from contracts.catalogue.forms import FORMS, Form
from tests.filled import filled


def test_days_and_countries_are_written_as_people_write_them() -> None:
    form = FORMS.on("1.009982", date(2026, 11, 28))
    content = filled(date_of_birth="1990-05-17", nationality="VN")
    vietnamese, english = dict(in_words(form, content, "vi")), dict(in_words(form, content, "en"))
    assert (vietnamese["Ngày sinh"], vietnamese["Quốc tịch"]) == ("17/05/1990", "Việt Nam")
    assert (english["Date of birth"], english["Nationality"]) == ("17 May 1990", "Vietnam")


@pytest.mark.parametrize(("name", "value"), [("nationality", "ZZ0"), ("date_of_birth", "17 tháng 5")])
def test_what_is_none_stands_as_it_was_sent(name: str, value: str) -> None:
    """A form of before took other values, and an import brings any."""
    form = FORMS.on("1.009982", date(2026, 11, 28))
    assert value in dict(in_words(form, {name: value, "extra": ["a", "b"]}, "vi")).values()
    assert in_words(form, {name: value, "extra": ["a", "b"]}, "vi")[-1] == ("extra", "a, b")
    assert in_words(None, {name: value}, "en") == [(name, value)]


@pytest.mark.parametrize("form", [*FORMS.all()], ids=lambda form: f"{form.procedure}-{form.effective_from}")
def test_no_form_shows_a_code(form: Form) -> None:
    """Whatever a form asks for as a choice, a day or a country has its words."""
    examples = {name: field.schema_["examples"][0] for name, field in form.fields.items()}
    langs: tuple[Literal["vi", "en"], ...] = ("vi", "en")
    for lang in langs:
        for (_, said), (name, value) in zip(in_words(form, examples, lang), examples.items(), strict=True):
            field = form.fields[name]
            coded = field.choices or field.schema_.get("format") == "date" or value in ("VN", "KR")
            assert not coded or said != str(value), (lang, name)
