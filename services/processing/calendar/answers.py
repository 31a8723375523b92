"""What the calendar's doors are asked and answer."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from contracts.calendar import CalendarDocument, DayKind
from services.processing.clock.declaration import Act
from services.processing.dossier.asked import Day

# Numbers would be read as seconds since 1970, and times without an offset as the machine's.
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})", re.ASCII)


def _written(value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(value, str) and _INSTANT.fullmatch(value) else value


Instant = Annotated[AwareDatetime, BeforeValidator(_written)]


class AskedDeclaration(BaseModel):
    """A day and the document that declares it; `announced_at` is the document's, not the time at which it is typed in."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    day: Day
    kind: DayKind
    document: CalendarDocument
    announced_at: Instant


class AskedWithdrawal(BaseModel):
    """The declaration of a day that counts now, by the instant at which it was announced."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    day: Day
    announced_at: Instant


class AskedAnswer(BaseModel):
    """The proposal to declare a day, or to withdraw its declaration, by the instant at which that was announced."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    act: Act
    day: Day
    announced_at: Instant


class DeclaredDay(BaseModel):
    """`counts`: of the declarations of its day it is the one announced last."""

    day: date
    kind: DayKind
    document: str
    announced_at: datetime
    counts: bool


class DayByLaw(BaseModel):
    """A day off that no declaration names; `document` is the law, `vi` and `en` are what it calls the day."""

    day: date
    document: str
    vi: str
    en: str


class CalendarYear(BaseModel):
    """What is declared of a year, and what law makes days off without it. `version` is the calendar's.

    `provisional`: its Tết or its 2 September is not declared yet, and its dates may still move.
    """

    year: int
    version: int
    provisional: bool
    declarations: list[DeclaredDay]
    by_law: list[DayByLaw]


class WaitingProposal(BaseModel):
    """What counts for nothing until somebody else than `proposed_by` has confirmed it."""

    act: Act
    day: date
    kind: DayKind
    document: str
    announced_at: datetime
    proposed_by: str


class Proposals(BaseModel):
    """What waits to be confirmed, by day."""

    items: list[WaitingProposal]


class Changed(BaseModel):
    """The calendar after a command: `version` is what a recount is waited for by, `working` whether the day is a working day.

    `waits`: what was asked for counts for nothing yet, because nobody else has confirmed it.
    """

    version: int
    day: date
    working: bool
    waits: bool


class AskedForesight(BaseModel):
    """What somebody thinks of saying, or what waits to be confirmed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    act: Act = "declare"
    day: Day
    kind: DayKind | None = Field(default=None, description="Of a declaration: off or worked.")
    announced_at: Instant | None = Field(
        default=None,
        description="When its document was announced; without it, now, or of a withdrawal the declaration that counts.",
    )


class ForeseenMoves(BaseModel):
    """So many dossiers of one place, from one due date to another."""

    office: str
    unit: str | None
    due_on: date
    new_due_on: date
    dossiers: int


class ForeseenDossier(BaseModel):
    """A dossier that would move."""

    dossier_id: UUID
    code: str | None
    procedure: str
    office: str
    unit: str | None
    officer: str | None
    officer_name: str | None
    due_on: date
    new_due_on: date


class ForeseenDates(BaseModel):
    """What would follow if it were said and confirmed now. `version` is that of the calendar by which dates stand.

    `due_dates` is the sum of `moves`. `items` are the first 200 of them that the caller may read.
    """

    version: int
    day: date
    working: bool
    due_dates: int
    deadlines: int
    whole: bool
    moves: list[ForeseenMoves]
    items: list[ForeseenDossier]


class RecountProgress(BaseModel):
    """The latest recount: of the calendar up to `version`, whose `days` are counted otherwise. All null before the first one."""

    recount_id: UUID | None = None
    version: int = 0
    days: list[date] = []
    total: int = 0
    done: int = 0
    moved: int = 0
    began_at: datetime | None = None
    finished_at: datetime | None = None
