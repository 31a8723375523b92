"""What is asked of processing over HTTP, and the order that it makes: with its caller, its dossier and its time.

Bodies are strict, and each stands in the file of its act. Their one free text, an officer's words to the applicant, goes to intake
before the act: no command and no event has it. Level, limits and terms come from the catalogue's version of the first submission.
Guarantee: a dossier keeps the version in force when it was submitted, whenever it is acted on.
Test: test_a_dossier_keeps_the_version_of_its_submission.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

from contracts.catalogue import shipped as catalogue
from contracts.catalogue.procedure import Abolition, Version
from services.chassis.http.tokens import Caller
from services.chassis.log.decider import Rejected
from services.processing.clock.working_days import local_day
from services.processing.dossier.state import Filing

IMPORTER = "importer"
SUPERVISOR = "supervisor"

ClassCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,3}(/[IV]{1,3})?$")]
OfficerName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$", max_length=100)]
"""An officer as the token's subject names them."""

# Python alone would read 2026-W14-5, too.
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _day(value: Any) -> Any:
    """A body that came as JSON text may be parsed before it is checked strictly: its days are texts then, and nothing else."""
    return date.fromisoformat(value) if isinstance(value, str) and _DATE.fullmatch(value) else value


Day = Annotated[date, BeforeValidator(_day)]


class Asked(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Order(NamedTuple):
    """By whom something was asked of which dossier, and when it happens. `unit` holds the dossier; `due_on` is an import's own date."""

    caller: Caller
    filing: Filing
    at: datetime
    unit: str | None = None
    due_on: date | None = None

    @property
    def on(self) -> date:
        return local_day(self.at)

    @property
    def by_import(self) -> bool:
        return self.caller.role == IMPORTER

    @property
    def by_law(self) -> bool:
        """Whether the law has stopped open dossiers of its procedure by that day."""
        return stopped_on(self.filing, self.on) is not None

    @property
    def version(self) -> Version | Abolition | None:
        return version_of(self.filing)

    @property
    def terms(self) -> Version | Rejected:
        """The version, or why there is none to go by."""
        version = self.version
        if version is None:
            return Rejected(
                "procedure-unknown", "the catalogue has no such procedure on the submission's day"
            )
        if isinstance(version, Abolition):
            return Rejected("procedure-abolished", f"its procedure was abolished on {version.effective_from}")
        return version


def needs_signing(filing: Filing) -> bool:
    """Whether its version is one whose dossiers are signed at a step of their own before they are resolved."""
    version = version_of(filing)
    since = version.signing_since if isinstance(version, Version) else None
    return since is not None and filing.submitted_on >= since


def stopped_on(filing: Filing, day: date) -> date | None:
    """Since when the law has stopped open dossiers of this procedure, by a day; None where it has not."""
    found = catalogue.version_on(filing.procedure, day)
    return found.effective_from if isinstance(found, Abolition) and found.open_dossiers == "stopped" else None


def version_of(filing: Filing) -> Version | Abolition | None:
    """The catalogue's version in force when the dossier was submitted."""
    return catalogue.version_on(filing.procedure, filing.submitted_on)
