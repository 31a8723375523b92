"""The shape of a procedure: its names and its versions, each in force from a day on until the next one or the abolition.

It reads no file and no clock. What the members may be together is said in `catalogue_file`, which tells every fault at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.intake import Channel, IdentifierKind, ProcedureCode
from contracts.processing_codes import Level

LimitUnit = Literal["calendar_days", "working_days"]
SupplementPolicy = Literal["restart", "subtract", "short_fix"]
Text = Annotated[str, StringConstraints(min_length=5, pattern=r"^\S(.*\S)?$")]
ClassCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,3}(/[IV]{1,3})?$")]
LimitDays = Annotated[int, Field(ge=1, le=366)]
WorkingDays = Annotated[int, Field(ge=1, le=60)]
Hours = Annotated[int, Field(ge=1, le=2000)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Paper(_Strict):
    """A paper that the applicant brings."""

    name_vi: Text
    name_en: Text


class StepHours(_Strict):
    """The limit of each step of the control slip, in working hours."""

    tiep_nhan: Hours
    thu_ly: Hours
    tham_tra: Hours
    ky_duyet: Hours
    phat_hanh: Hours
    tra_ket_qua: Hours

    @property
    def total(self) -> int:
        return sum(getattr(self, step) for step in type(self).model_fields)


class Supplement(_Strict):
    """What a request for supplements after acceptance does to the clock, and its bounds.

    restart: acceptance of the supplement is the new day 0. subtract: the days of the pause do not count. short_fix: the clock
    does not stop, and the applicant has `short_fix_working_days` instead of the deadline.
    """

    policy: SupplementPolicy
    requests_max: int | None = Field(ge=1, le=10, description="How many requests; null: not bounded.")
    request_within_working_days: WorkingDays = Field(description="After acceptance.")
    deadline_working_days: WorkingDays = Field(description="For the applicant to answer.")
    short_fix_working_days: WorkingDays | None = Field(description="Only where the policy is short_fix.")


class Consultation(_Strict):
    """Another agency is asked for its opinion; its silence is consent."""

    answer_within_working_days: WorkingDays
    silence: Literal["consent"]


class Version(_Strict):
    """What holds for dossiers that are first submitted while it is in force. Fees are in đồng.

    A fee is an amount, or a share of a cost with bounds. Where the limit depends on the class of the project, and after a
    slash on that of its works, acceptance names the class, and `limit_days`, the middle class's, is no dossier's. `unverified`
    names what does not come from a public text, the procedure's name too.
    """

    effective_from: date | None = Field(description="First day in force; null: from the beginning.")
    document: Text | None = Field(description="The text that it comes from.")
    level: Level
    partial_reason_vi: Text | None = None
    partial_reason_en: Text | None = None
    limit_days: LimitDays
    limit_unit: LimitUnit
    limit_days_by_class: Mapping[ClassCode, LimitDays] | None = None
    fee_vnd: int | None = Field(default=None, ge=0)
    fee_vnd_by_channel: Mapping[Channel, Annotated[int, Field(ge=0)]] | None = Field(
        default=None, description="For the channels whose fee is another than `fee_vnd`."
    )
    fee_vnd_min: int | None = Field(default=None, ge=1)
    fee_vnd_max: int | None = Field(default=None, ge=1)
    fee_basis: Literal["investment", "construction_cost"] | None = None
    papers: tuple[Paper, ...] = Field(min_length=1)
    identifiers: tuple[IdentifierKind, ...] = Field(
        min_length=1, description="By which numbers those whose dossier it is may be known."
    )
    steps: StepHours = Field(description="Working hours within `limit_days`.")
    steps_by_class: Mapping[ClassCode, StepHours] | None = None
    supplement: Supplement
    consultation: Consultation | None
    extension_allowed: bool
    signing_since: date | None = Field(
        description="Dossiers that were first submitted on or after it are resolved at the step ky_duyet or a later one; null: at any step."
    )
    forwarding_cut_off: time | None = Field(
        description="What comes later in the day is forwarded the next day."
    )
    unverified: tuple[str, ...]


class Abolition(_Strict):
    """From that day on nothing is submitted; open dossiers are kept under their version, or stopped by law that day."""

    effective_from: date
    document: Text | None
    open_dossiers: Literal["kept", "stopped"]
    unverified: tuple[str, ...]


class Name(_Strict):
    """What a procedure is called, whatever its version."""

    code: ProcedureCode
    name_vi: Text
    name_en: Text
    field: Text
    field_en: Text


class Procedure(Name):
    """One procedure with all its versions, the oldest first."""

    versions: tuple[Version, ...] = Field(min_length=1)
    abolition: Abolition | None = None

    @property
    def level(self) -> Level:
        """The last version's: what the procedure is known as."""
        return self.versions[-1].level

    @property
    def is_illustrative(self) -> bool:
        """Something of it does not come from a public text."""
        return any(version.unverified for version in self.versions)

    def level_on(self, day: date) -> Level:
        """The level of what was submitted that day, as processing says it at acceptance; outside of all versions, the last one's."""
        found = self.version_on(day)
        return found.level if isinstance(found, Version) else self.level

    def version_on(self, day: date) -> Version | Abolition | None:
        """The version in force on a day, the abolition from its day on, None before the first version.

        Guarantee: a version is in force from its first day to the day before the next. Test: test_a_version_holds_from_its_first_day.
        """
        if self.abolition is not None and day >= self.abolition.effective_from:
            return self.abolition
        for version in reversed(self.versions):
            if version.effective_from is None or day >= version.effective_from:
                return version
        return None
