"""What an applicant is told of how a dossier ended, who has it, and why a date may still move. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import BaseModel, Field

from contracts.catalogue.offices import Offices
from contracts.processing_words import REFUSALS, REJECTIONS, STOPS, Words
from services.intake.national import ENDED, Status

if TYPE_CHECKING:
    from services.intake.following import Row

PROVISIONAL = {
    "vi": "Tạm tính: lịch nghỉ Tết, Quốc khánh của năm đó chưa được công bố, tạm lấy ngày nghỉ theo luật.",
    "en": "Provisional: the days off of that year for Tết and National Day are not declared yet; those of the law are taken.",
}


class Both(BaseModel):
    """The same in Vietnamese and English."""

    vi: str = Field(description="In Vietnamese.", examples=[PROVISIONAL["vi"]])
    en: str = Field(description="In English.", examples=[PROVISIONAL["en"]])


class Reason(Both):
    """A reason by its code and in both languages, and the number of the written answer where there is one."""

    code: str = Field(description="As the event says it.", examples=["not_eligible"])
    document: str | None = Field(
        default=None, description="Number of the written answer.", examples=["45/SXD-QLXD"]
    )


class Handler(BaseModel):
    """The unit that has the dossier, by its name, who of it, and whom to call: its own telephone, else that of the office's desk."""

    vi: str = Field(description="In Vietnamese.", examples=["Phòng Quản lý xây dựng"])
    en: str = Field(description="In English.", examples=["Construction Management Division"])
    unit: str = Field(description="Its code.", examples=["H29.015.00/QLXD"])
    telephone: str | None = Field(description="As it is dialled.", examples=["1022"])
    officer: str | None = Field(
        default=None,
        description="The name of who has it there; None where nobody has it yet or no name is known.",
        examples=["Nguyễn Văn Thử"],
    )


def handled_by(
    register: Offices, office: str, unit: str | None, officer: str | None, today: date
) -> dict[str, Any] | None:
    """The members of Handler; None before acceptance and for a unit that the register does not name. Whoever calls does so today.
    `officer` is a name.
    """
    found = register.unit(unit)
    at = next((o for o in register.offices if o.code == office), None)
    named = found or (at if unit == office else None)
    if unit is None or named is None:
        return None
    telephone = (found and found.telephone) or (at and at.desk_on(today).telephone)
    said = {"unit": unit, "vi": named.name_vi, "en": named.name_en, "telephone": telephone}
    return said | {"officer": officer}


REASONS: dict[str, Words] = {
    "DossierRejected": REJECTIONS,
    "ProcessingStopped": STOPS,
    "DossierResolved": REFUSALS,
}
AT = frozenset({"DossierAccepted", "DossierForwarded", "DossierHandedOver"})


def end_of(steps: Sequence[Row], status: Status) -> Row | None:
    """The end that stands, of those that have a reason."""
    struck = {step.strikes for step in steps}
    ends = (s for s in reversed(steps) if s.what in REASONS and s.sequence not in struck and s.data)
    return next(ends, None) if status in ENDED else None


def ending_of(steps: Sequence[Row], status: Status) -> dict[str, Any]:
    """The members `outcome` and `reason`, of the end that stands."""
    end = end_of(steps, status)
    if end is None or end.data is None:
        return {"outcome": None, "reason": None}
    said = orjson.loads(end.data)
    code = said.get("reason") or said.get("refusal_reason")
    vi, en = REASONS[end.what].get(code, (code, code))
    reason = {"code": code, "vi": vi, "en": en, "document": said.get("document")} if code else None
    return {"outcome": said.get("outcome"), "reason": reason}


def words_of(steps: Sequence[Row], kept: Mapping[str, str]) -> dict[int, str]:
    """What officers said in words with the acts that stand, by their sequences; `kept` are words by their commitments.

    Guarantee: words are shown of exactly the acts that stand. Test: test_words_are_shown_of_the_acts_that_stand.
    """
    if not kept:
        return {}
    struck = {step.strikes for step in steps}
    told = {
        s.sequence: orjson.loads(s.data).get("words") for s in steps if s.data and s.sequence not in struck
    }
    return {sequence: kept[name] for sequence, name in told.items() if name in kept}


def at_of(steps: Sequence[Row]) -> tuple[str | None, str | None]:
    """The unit that was told last, by an act that stands, and who of it has the dossier, by code; None where nobody has it.

    Guarantee: who has a dossier is who was told last. Test: test_who_has_a_dossier_is_told_by_name.
    """
    struck = {step.strikes for step in steps}
    told = (
        orjson.loads(s.data) for s in reversed(steps) if s.what in AT and s.sequence not in struck and s.data
    )
    return next(((said["unit"], said.get("officer")) for said in told if said.get("unit")), (None, None))
