"""The catalogue: the 22 procedures that can be applied for, as every service knows them.

Read once from `procedures.json`, checked strictly, never changed while a process runs. What does not come from a public
text is named in `unverified`; pages that show it say "dữ liệu minh họa".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from contracts.intake import ProcedureCode
from contracts.processing import Level

LimitUnit = Literal["calendar_days", "working_days"]


class Procedure(BaseModel):
    """One procedure. Fees are in đồng; a fee that is a share of a cost has bounds instead of an amount.

    Where the limit depends on the class of the works, `limit_days` is the middle class's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    code: ProcedureCode
    name_vi: str = Field(min_length=5)
    name_en: str = Field(min_length=5)
    field: str
    field_en: str
    level: Level
    partial_reason_vi: str | None = None
    partial_reason_en: str | None = None
    limit_days: int = Field(ge=1, le=366)
    limit_unit: LimitUnit
    limit_days_by_class: Mapping[str, int] | None = None
    fee_vnd: int | None = Field(ge=0)
    fee_vnd_min: int | None = None
    fee_vnd_max: int | None = None
    fee_basis: Literal["investment", "construction_cost"] | None = None
    unverified: list[str]

    @model_validator(mode="after")
    def _a_partial_level_has_its_reason(self) -> Procedure:
        if (self.level == "partial") != bool(self.partial_reason_vi and self.partial_reason_en):
            raise ValueError("a partial procedure publishes its reason, a full one has none")
        if (self.fee_vnd is None) != bool(self.fee_basis and self.fee_vnd_min and self.fee_vnd_max):
            raise ValueError("a fee is an amount, or a basis with bounds")
        return self


def _read() -> dict[str, Procedure]:
    listed = TypeAdapter(list[Procedure]).validate_json(
        (Path(__file__).parent / "procedures.json").read_bytes()
    )
    procedures = {procedure.code: procedure for procedure in listed}
    if len(procedures) != len(listed):
        raise ValueError("a procedure stands twice in the catalogue")
    return procedures


PROCEDURES: Mapping[str, Procedure] = _read()


def find(code: str) -> Procedure | None:
    """The procedure of a national code, or None."""
    return PROCEDURES.get(code)
