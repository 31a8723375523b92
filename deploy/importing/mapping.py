"""The mapping file: what a log's columns mean, in TOML. deploy/importing/mappings/README.md documents every key.

Promises to tell all faults of a mapping at once, and never to touch the log itself.
"""

import codecs
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from contracts.catalogue.procedure import ClassCode
from contracts.catalogue.shipped import PROCEDURES
from contracts.intake import Channel, OfficeCode
from contracts.processing_codes import LateReason, Outcome, RejectionReason, ReturnMethod, Step, UnitCode

SHIPPED = Path(__file__).parent / "mappings"
OFFICE = "H29.015.00"

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class BadMapping(Exception):
    """A mapping that cannot be used; one line for each fault."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class Source(_Table):
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    """(name, case) is unique for ever at the bulk doors: the same log keeps the same name."""
    encoding: str = "utf-8"
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","

    @field_validator("encoding")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            name = codecs.lookup(value).name
        except LookupError:
            raise ValueError(f"{value!r} is no encoding that Python knows") from None
        # A byte order mark, as spreadsheets write it, is no part of the first column's name.
        return "utf-8-sig" if name == "utf-8" else name


class Columns(_Table):
    case: Text
    channel: Text | None = None
    procedure: Text | None = None
    project_class: Text | None = None
    activity: Text | None = None
    time: Text | None = None


class Time(_Table):
    format: str = "iso"
    zone: str = "Asia/Ho_Chi_Minh"
    keep: Literal["instant", "clock"] = "instant"

    @field_validator("zone")
    @classmethod
    def _a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{value!r} is no time zone known here") from None
        return value

    @field_validator("format")
    @classmethod
    def _reads_back(cls, value: str) -> str:
        if value == "iso":
            return value
        try:
            noon = datetime(2023, 1, 2, 12).strftime(value)  # noqa: DTZ001 - a pattern is tried, no instant is meant
            year = datetime.strptime(noon, value).year  # noqa: DTZ007
        except ValueError as fault:
            raise ValueError(f"not a pattern that times can be read with: {fault}") from None
        if year != 2023:
            raise ValueError("the pattern reads no year")
        return value


class When(_Table):
    """Where a date stands: in a column of the case, or as the time of the first or last row of one of the activities."""

    column: Text | None = None
    activity: Text | Annotated[tuple[Text, ...], Field(min_length=1, max_length=50)] | None = None
    which: Literal["first", "last"] = "first"

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.column is None) == (self.activity is None):
            raise ValueError("give either column or activity")
        return self

    @property
    def activities(self) -> tuple[str, ...]:
        return (self.activity,) if isinstance(self.activity, str) else self.activity or ()


class Dates(_Table):
    submitted: When | None = None
    """Without it a dossier is submitted when it is accepted."""
    accepted: When | None = None
    rejected: When | None = None
    due: When | None = None
    resolved: When | None = None
    returned: When | None = None

    @model_validator(mode="after")
    def _has_a_beginning(self) -> Self:
        if self.submitted is None and self.accepted is None:
            raise ValueError("give submitted, accepted or both")
        if self.accepted is None and any((self.due, self.resolved, self.returned)):
            raise ValueError("due, resolved and returned need accepted")
        if self.resolved is None and self.returned is not None:
            raise ValueError("returned needs resolved")
        return self

    def given(self) -> dict[str, When]:
        return {name: when for name in type(self).model_fields if (when := getattr(self, name)) is not None}


class Dossier(_Table):
    """Constants: what a log of another office does not say."""

    office: OfficeCode = OFFICE
    unit: UnitCode | None = None
    procedure: str | None = None
    project_class: ClassCode | None = None
    channel: Channel | None = None
    outcome: Outcome = "granted"
    late_reason: LateReason = "other"
    rejection_reason: RejectionReason = "not_eligible"
    return_method: ReturnMethod = "postal"

    @field_validator("procedure")
    @classmethod
    def _in_the_catalogue(cls, value: str | None) -> str | None:
        return value if value is None else _known_procedure(value)


class StepOf(_Table):
    activity: Text
    step: Step
    unit: UnitCode


class Mapping(_Table):
    source: Source
    columns: Columns
    dates: Dates
    time: Time = Time()
    dossier: Dossier = Dossier()
    channels: dict[str, Channel] = {}
    procedures: dict[str, str] = {}
    outcomes: dict[str, Outcome] = {}
    """How a case ended, by the activity that its date of resolution comes from."""
    steps: Annotated[tuple[StepOf, ...], Field(max_length=200)] = ()

    @field_validator("procedures")
    @classmethod
    def _in_the_catalogue(cls, value: dict[str, str]) -> dict[str, str]:
        for code in value.values():
            _known_procedure(code)
        return value

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        faults = []
        for name in ("channel", "procedure"):
            column, constant = getattr(self.columns, name), getattr(self.dossier, name)
            if (column is None) == (constant is None):
                faults.append(f"give either columns.{name} or dossier.{name}")
        if self.columns.project_class is not None and self.dossier.project_class is not None:
            faults.append("give columns.project_class, dossier.project_class or neither")
        if self.columns.channel is not None and not self.channels:
            faults.append("columns.channel needs the table channels")
        if self.columns.procedure is not None and not self.procedures:
            faults.append("columns.procedure needs the table procedures")
        uses_activities = bool(self.steps) or any(when.activity for when in self.dates.given().values())
        if uses_activities and (self.columns.activity is None or self.columns.time is None):
            faults.append("dates of activities and steps need columns.activity and columns.time")
        ends = self.dates.resolved.activities if self.dates.resolved else ()
        if strangers := sorted(set(self.outcomes) - set(ends)):
            faults.append(f"outcomes: not among the activities of dates.resolved: {', '.join(strangers)}")
        activities = [step.activity for step in self.steps]
        if len(set(activities)) < len(activities):
            faults.append("steps: an activity stands there twice")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def needed_columns(self) -> set[str]:
        named = {value for value in self.columns.model_dump().values() if value is not None}
        return named | {when.column for when in self.dates.given().values() if when.column is not None}


def read_mapping(path: Path) -> Mapping:
    """The mapping at `path`; BadMapping with every fault that stands in it."""
    try:
        with path.open("rb") as file:
            tables = tomllib.load(file)
    except OSError as fault:
        raise BadMapping(f"{path}: {fault.strerror}") from None
    except UnicodeDecodeError:
        raise BadMapping(f"{path}: a mapping is written in UTF-8") from None
    except tomllib.TOMLDecodeError as fault:
        raise BadMapping(f"{path}: no TOML: {fault}") from None
    return parse_mapping(tables, str(path))


def parse_mapping(tables: dict[str, Any], name: str = "mapping") -> Mapping:
    try:
        return Mapping.model_validate(tables)
    except ValidationError as faults:
        raise BadMapping("\n".join(_told(name, fault) for fault in faults.errors())) from None


def _told(name: str, fault: Any) -> str:
    key = ".".join(str(part) for part in fault["loc"])
    said = fault["msg"].removeprefix("Value error, ")
    return f"{name}: {key}: {said}" if key else f"{name}: {said}"


def _known_procedure(code: str) -> str:
    if code not in PROCEDURES:
        raise ValueError(f"{code!r} is not in the catalogue (contracts/catalogue/procedures.json)")
    return code
