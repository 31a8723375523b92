"""Contents that fit the forms, for every test that files a dossier."""

from __future__ import annotations

from datetime import date
from typing import Any

from contracts.catalogue.forms import FORMS


def filled(procedure: str = "1.009982", on: date = date(2999, 1, 1), **changes: Any) -> dict[str, Any]:
    """Every field of the form as its example has it, but for those that wait for another answer."""
    form = FORMS.on(procedure, on)
    assert form is not None
    examples = {name: field.schema_["examples"][0] for name, field in form.fields.items()}
    asked = {
        name: examples[name]
        for name, field in form.fields.items()
        if all(examples[other] in values for other, values in (field.when or {}).items())
    }
    return asked | changes
