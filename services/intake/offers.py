"""What can be applied for on a day, and where: each procedure by its version in force, each office with what it takes.

The answer changes only on the days on which a version or an abolition begins, so one is made for each stretch between them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Annotated, Any

import orjson
from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from contracts.catalogue.forms import FORMS, Choice, Form
from contracts.catalogue.offices import Agency, Hours, Offices, Unit
from contracts.catalogue.procedure import Name, Procedure, Version
from contracts.catalogue.shipped import version_on
from services.chassis.http.problems import Problem
from services.intake.usual import Times, UsualTime

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _written_date(value: object) -> object:
    # pydantic alone would take a number for a day, too.
    if isinstance(value, str) and not _DATE.fullmatch(value):
        raise ValueError("a date is written 2026-07-01")
    return value


Day = Annotated[date, BeforeValidator(_written_date), Field(ge=date(1900, 1, 1), le=date(2999, 12, 31))]
Asked = Annotated[Day | None, Query(description="Local day; without it, today in Vietnam.")]


class Offer(Version, Name):
    """A procedure by the version in force."""

    usual_time: UsualTime | None = Field(
        description="What it usually takes; None while few were resolved lately."
    )


class Catalogue(BaseModel):
    """What can be applied for on a day."""

    items: list[Offer]


class OfficeOnDay(BaseModel):
    """An office that takes dossiers in, as it is on a day."""

    code: str
    name_vi: str
    name_en: str
    address_vi: str
    address_en: str
    telephone: str
    opening_hours: list[Hours]
    units: list[Unit]
    procedures: list[str] = Field(description="Codes of the procedures that it takes on that day.")
    unverified: list[str] = Field(description="What of it does not come from a public text.")


class Register(BaseModel):
    """The offices of a day, and the agencies whose opinions are asked for."""

    items: list[OfficeOnDay]
    agencies: list[Agency]


class OfficeOffers:
    """The answers by day, each as JSON."""

    def __init__(self, offices: Offices) -> None:
        self._offices = offices
        self.on = lru_cache(maxsize=64)(self._on)

    def _on(self, day: date) -> bytes:
        items = [
            OfficeOnDay(
                **office.model_dump(include={"code", "name_vi", "name_en"}),
                **office.desk_on(day).model_dump(exclude={"since"}),
                units=[unit for unit in office.units if unit.holds_on(day)],
                procedures=[taken.code for taken in office.procedures if taken.holds_on(day)],
                unverified=list(office.unverified),
            )
            for office in self._offices.offices
            if office.holds_on(day)
        ]
        agencies = [agency for agency in self._offices.agencies if agency.holds_on(day)]
        return Register(items=items, agencies=agencies).model_dump_json().encode()


class ShownChoice(Choice):
    code: str


class ShownField(BaseModel):
    """One field of a form, as it is shown."""

    name: str
    label_vi: str
    label_en: str
    help_vi: str
    help_en: str
    required: bool
    when: dict[str, list[str]] | None = Field(
        description="Asked for, and then required, where another field has one of these values; None: always asked for."
    )
    choices: list[ShownChoice] | None = Field(description="None: it is written, not chosen.")


class FormOnDay(BaseModel):
    """The form of a procedure that holds on a day: what is filed that day fits it."""

    model_config = ConfigDict(populate_by_name=True)

    procedure: str
    effective_from: date | None = Field(description="First day of this form; None: from the beginning.")
    fields: list[ShownField] = Field(description="In the order in which they are shown.")
    json_schema: dict[str, Any] = Field(alias="schema", description="JSON Schema, 2020-12.")
    unverified: list[str] = Field(description="What of it does not come from a public text.")


def form_on(code: str, day: date) -> bytes:
    """The answer; Problem 404 where the procedure cannot be applied for that day."""
    form = FORMS.on(code, day)
    if form is None or not isinstance(version_on(code, day), Version):
        raise Problem(
            404, "procedure-unknown", "no such procedure on that day; GET /v1/procedures lists them"
        )
    return _form(form)


@lru_cache(maxsize=256)
def _form(form: Form) -> bytes:
    fields = [
        ShownField(
            name=name,
            **field.model_dump(include={"label_vi", "label_en", "help_vi", "help_en"}),
            required=name in form.required,
            when=None if field.when is None else {other: list(codes) for other, codes in field.when.items()},
            choices=None
            if field.choices is None
            else [ShownChoice(code=key, **choice.model_dump()) for key, choice in field.choices.items()],
        )
        for name, field in form.fields.items()
    ]
    shown = FormOnDay(
        procedure=form.procedure,
        effective_from=form.effective_from,
        fields=fields,
        json_schema=form.json_schema,
        unverified=list(form.unverified),
    )
    return shown.model_dump_json(by_alias=True).encode()


class Offers:
    """The answers by day, each as JSON; one is made anew when the usual times are others."""

    def __init__(self, procedures: Iterable[Procedure]) -> None:
        listed = list(procedures)
        begun = {version.effective_from for each in listed for version in each.versions}
        begun |= {each.abolition.effective_from for each in listed if each.abolition is not None}
        self._days = sorted(day for day in begun if day is not None)
        self._items = [_items(listed, day) for day in (date.min, *self._days)]
        self._bodies: dict[int, tuple[Times, bytes]] = {}

    def on(self, day: date, times: Times) -> bytes:
        place = bisect_right(self._days, day)
        made_of, body = self._bodies.get(place, (None, b""))
        if made_of is not times:
            body = _body(self._items[place], times)
            self._bodies[place] = times, body
        return body


def _items(procedures: Iterable[Procedure], day: date) -> list[dict[str, Any]]:
    return [
        {name: getattr(procedure, name) for name in Name.model_fields} | version.model_dump(mode="json")
        for procedure in procedures
        if isinstance(version := procedure.version_on(day), Version)
    ]


def _body(items: Iterable[dict[str, Any]], times: Times) -> bytes:
    usual = {code: time.model_dump() for code, time in times.items()}
    return orjson.dumps({"items": [item | {"usual_time": usual.get(item["code"])} for item in items]})
