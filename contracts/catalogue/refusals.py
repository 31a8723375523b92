"""Why a dossier may be refused on its merits: a list of codes for each procedure, with their words. Data, read once and checked.

No public text lists such codes; `unverified` in the file says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, model_validator

from contracts.intake import ProcedureCode
from contracts.processing_codes import RefusalReason

SHIPPED = Path(__file__).with_name("refusals.json")


class Words(BaseModel):
    """What a reason is called."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    vi: str
    en: str


class Refusals(BaseModel):
    """`of_all` are reasons of every procedure; `unverified` names what does not come from a public text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reasons: Mapping[RefusalReason, Words]
    of_all: tuple[RefusalReason, ...]
    procedures: Mapping[ProcedureCode, tuple[RefusalReason, ...]]
    unverified: tuple[str, ...]

    @model_validator(mode="after")
    def _named(self) -> Refusals:
        named = {*self.of_all, *(reason for reasons in self.procedures.values() for reason in reasons)}
        if unknown := named - self.reasons.keys():
            raise ValueError(f"reasons without words: {', '.join(sorted(unknown))}")
        return self

    def of(self, procedure: str) -> tuple[str, ...]:
        """The codes by which this procedure can be refused."""
        return (*self.procedures.get(procedure, ()), *self.of_all)


REFUSALS = Refusals.model_validate_json(SHIPPED.read_bytes())
