"""What a page of filing is about: the procedure as it is today, its form, and the offices that take it."""

from __future__ import annotations

from datetime import date

from contracts.catalogue.forms import FORMS
from contracts.catalogue.forms import Form as ProcedureForm
from contracts.catalogue.shipped import PROCEDURES, Procedure, Version
from services.chassis.http.problems import Problem
from services.intake.acting import Applicants
from services.intake.usual import ZONE


class About:
    """Problem 404 where the procedure cannot be applied for today."""

    def __init__(self, applicants: Applicants, code: str) -> None:
        today = applicants.intake.clock().astimezone(ZONE).date()
        procedure = PROCEDURES.get(code)
        version, form = procedure and procedure.version_on(today), FORMS.on(code, today)
        if procedure is None or not isinstance(version, Version) or form is None:
            raise Problem(404, "not-found")
        self.procedure: Procedure = procedure
        self.version: Version = version
        self.form: ProcedureForm = form
        register = applicants.intake.offices
        self.offices = [
            o for o in register.offices if o.holds_on(today) and register.takes(o.code, code, today)
        ]


def is_open(code: str, day: date) -> bool:
    """Whether it can be applied for here on a day."""
    procedure = PROCEDURES.get(code)
    is_in_force = procedure is not None and isinstance(procedure.version_on(day), Version)
    return is_in_force and FORMS.on(code, day) is not None


def named(code: str) -> tuple[str, str]:
    """A procedure's name in Vietnamese and English."""
    found = PROCEDURES.get(code)
    return (found.name_vi, found.name_en) if found else (code, code)
