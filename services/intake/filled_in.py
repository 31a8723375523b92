"""What was filled in beside the form of the day: each field that does not fit, and what is taken from it for the event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts.catalogue.forms import FORMS
from contracts.intake import ResultDelivery
from services.chassis.http.problems import FAULTS_MAX, Fault, Problem, dotted
from services.intake.usual import ZONE


def misfilled(procedure: str, at: datetime, filled: Mapping[str, Any] | None) -> Problem | None:
    """Problem 422 that names each field that is not filled in as the form of the day asks. None of an import, which brings no form.

    Guarantee: what is filed fits the form of its procedure on its day. Test: test_each_field_of_the_form_is_checked.
    """
    if filled is None:
        return None
    form = FORMS.on(procedure, at.astimezone(ZONE).date())
    if form is None or form.is_filled_in(filled):
        return None
    faults = [
        Fault(
            field=dotted(("content", *told.field.split("."))).rstrip("."), code=told.code, detail=told.detail
        )
        for told in form.faults(filled)[:FAULTS_MAX]
    ]
    first = faults[0]
    return Problem(
        422, "form-not-filled-in", f"{first.field}: {first.detail}", field=first.field, errors=faults
    )


def wanted(filled: Mapping[str, Any] | None) -> ResultDelivery | None:
    """How the result is wanted, by a field that every form has. Nothing is recorded of a form that does not fit."""
    return None if filled is None else filled.get("result_delivery")
