"""The offices that take dossiers in, their units, and the agencies that are asked for opinions: each from a day and until a day.

Read from `offices.json`, or from a file of the operator's own, checked strictly and whole: every fault is told with its place.
Never changed while a process runs. What does not come from a public text is named in `unverified`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from contracts.catalogue.file import Fault
from contracts.catalogue.procedure import Text
from contracts.hours import SATURDAY
from contracts.intake import OfficeCode, ProcedureCode
from contracts.processing_codes import UnitCode

SHIPPED = Path(__file__).parent / "offices.json"

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
Hour = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Telephone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ]{2,19}$")]
Names = Mapping[str, tuple[str, str]]


class _Dated(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    since: date | None = Field(default=None, description="First day; null: from the beginning.")
    until: date | None = Field(default=None, description="Last day; null: until further notice.")

    def holds_on(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


class _Named(_Dated):
    name_vi: Text
    name_en: Text
    unverified: tuple[str, ...] = Field(
        default=(), description="What of it does not come from a public text."
    )


class Hours(BaseModel):
    """When a desk is open on these days of the week, unless the day is off."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    days: tuple[Weekday, ...] = Field(min_length=1)
    opens: Hour
    closes: Hour


class Desk(BaseModel):
    """Where dossiers are brought and results collected, from a day on until the next desk's."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    since: date | None = Field(description="First day; null: from the beginning.")
    address_vi: Text
    address_en: Text
    telephone: Telephone
    opening_hours: tuple[Hours, ...] = Field(min_length=1)

    def closes_on(self, day: date) -> str | None:
        """Until which hour something can be brought on a working day; None on a Saturday or Sunday, which is worked by declaration alone
        and has hours of its own, and where the desk has none that day.
        """
        if day.weekday() >= SATURDAY:
            return None
        return max((h.closes for h in self.opening_hours if WEEKDAYS[day.weekday()] in h.days), default=None)


class Unit(_Named):
    """A unit of an office, which handles dossiers."""

    code: UnitCode
    telephone: Telephone | None = None


class Taken(_Dated):
    """A procedure whose dossiers the office takes in."""

    code: ProcedureCode


class Office(_Named):
    """An office that accepts dossiers under its own code."""

    code: OfficeCode
    desks: tuple[Desk, ...] = Field(min_length=1)
    units: tuple[Unit, ...]
    procedures: tuple[Taken, ...] = Field(min_length=1)

    def desk_on(self, day: date) -> Desk:
        """The desk of a day; before the first one, the first."""
        return next((d for d in reversed(self.desks) if d.since is None or d.since <= day), self.desks[0])


class Agency(_Named):
    """Another authority, which is asked for its opinion."""

    code: UnitCode
    telephone: Telephone | None = None


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    offices: tuple[Office, ...] = Field(min_length=1)
    agencies: tuple[Agency, ...]


class Offices:
    """The register, asked by code and day."""

    def __init__(self, offices: Sequence[Office], agencies: Sequence[Agency]) -> None:
        self.offices, self.agencies = tuple(offices), tuple(agencies)
        self._by_code = {office.code: office for office in self.offices}
        self._taken = {(o.code, each.code): each for o in self.offices for each in o.procedures}
        self._units = {unit.code: unit for office in self.offices for unit in office.units}
        self._agencies = {agency.code: agency for agency in self.agencies}

    def office(self, code: str, on: date) -> Office | None:
        """The office of a code, where it is one on that day."""
        found = self._by_code.get(code)
        return found if found is not None and found.holds_on(on) else None

    def takes(self, office: str, procedure: str, on: date) -> bool:
        """Whether an office takes dossiers of a procedure in on a day."""
        taken = self._taken.get((office, procedure))
        return taken is not None and taken.holds_on(on)

    def unit(self, code: str | None) -> Unit | None:
        """The unit of a code, now or ever."""
        return self._units.get(code or "")

    def is_unit(self, code: str, on: date) -> bool:
        """Whether dossiers can be at a unit on a day; an office's desk is the unit of its own code."""
        unit = self._units.get(code)
        return self.office(code, on) is not None if unit is None else unit.holds_on(on)

    def is_agency(self, code: str, on: date) -> bool:
        agency = self._agencies.get(code)
        return agency is not None and agency.holds_on(on)

    def knows(self, code: str) -> bool:
        """Whether an office or a unit bears the code, now or ever: what stands open there can still be worked on."""
        return code in self._by_code or code in self._units

    def names(self) -> Names:
        """Both names of every office, unit and agency, whatever the day."""
        named: list[Office | Unit | Agency] = [*self.offices, *self._units.values(), *self.agencies]
        return {each.code: (each.name_vi, each.name_en) for each in named}


class Read(NamedTuple):
    """The register of a file without faults, or its faults, every one."""

    offices: Offices | None
    faults: tuple[Fault, ...]


def read(raw: bytes) -> Read:
    """The register that these bytes are. Pure."""
    try:
        content = _File.model_validate_json(raw)
    except ValidationError as error:
        return Read(None, tuple(_told(raw, fault["loc"], fault["msg"]) for fault in error.errors()))
    faults = tuple(_broken(content))
    return Read(None if faults else Offices(content.offices, content.agencies), faults)


def _told(raw: bytes, loc: tuple[int | str, ...], said: str) -> Fault:
    """A fault of the file's shape, under the code of the office or agency in which it stands, if that can be read."""
    try:
        place = json.loads(raw)[loc[0]][loc[1]]["code"]
        return Fault(str(place), ".".join(map(str, loc[2:])), said)
    except (ValueError, LookupError, TypeError, RecursionError):
        return Fault("offices", ".".join(map(str, loc)), said)


def _broken(content: _File) -> Iterator[Fault]:
    units = [unit for office in content.offices for unit in office.units]
    entries: list[Office | Agency | Unit] = [*content.offices, *content.agencies, *units]
    for code, times in Counter(each.code for each in entries).items():
        if times > 1:
            yield Fault(code, "code", "stands twice")
    for each in entries:
        if _is_backwards(each):
            yield Fault(each.code, "until", "is before since")
        for name in each.unverified:
            if name not in type(each).model_fields:
                yield Fault(each.code, "unverified", f"names no field: {name}")
    for office in content.offices:
        yield from _broken_office(office)


def _broken_office(office: Office) -> Iterator[Fault]:
    for unit in office.units:
        if not unit.code.startswith(f"{office.code}/"):
            yield Fault(unit.code, "code", f"a unit's code begins with its office's, {office.code}/")
    for code, times in Counter(taken.code for taken in office.procedures).items():
        if times > 1:
            yield Fault(office.code, "procedures", f"{code} stands twice")
    for taken in office.procedures:
        if _is_backwards(taken):
            yield Fault(office.code, "procedures", f"{taken.code}: until is before since")
    since = [desk.since or date.min for desk in office.desks]
    if since != sorted(set(since)):
        yield Fault(office.code, "desks", "stand in the order of their days, each from another day")
    for desk in office.desks:
        if any(hours.closes <= hours.opens for hours in desk.opening_hours):
            yield Fault(office.code, "desks", "a desk closes after it opens")


def _is_backwards(dated: _Dated) -> bool:
    return dated.since is not None and dated.until is not None and dated.until < dated.since


@lru_cache(maxsize=4)
def load(path: str = "") -> Offices:
    """The register of a file, the shipped one where none is named; ValueError with every fault of it."""
    try:
        found = read((Path(path) if path else SHIPPED).read_bytes())
    except OSError as fault:
        raise ValueError(f"cannot be read: {fault.strerror}") from None
    if found.offices is None:
        raise ValueError("; ".join(str(fault) for fault in found.faults))
    return found.offices


def _sound(path: str) -> str:
    load(path)
    return path


OfficesFile = Annotated[
    str,
    AfterValidator(_sound),
    Field(
        description="File of the offices, units and agencies, as contracts/catalogue/offices.json is; empty for the shipped one."
    ),
]
"""A service's setting: told at start when the file has a fault."""
