"""What the bulk door takes: every command of the desk as one act of many, with its name and its time."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints, create_model

from contracts.intake import CASE_CHARACTERS_MAX, CASE_PATTERN, Channel, OfficeCode
from contracts.processing_codes import DocumentNumber, ReversalReason
from services.processing.dossier.acceptance import Accept
from services.processing.dossier.asked import Asked
from services.processing.dossier.decide import BY_NAME

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._:/-]*$", max_length=100)]

CaseName = Annotated[
    str,
    StringConstraints(pattern=rf"^(?:{CASE_PATTERN})$", max_length=CASE_CHARACTERS_MAX),
]

ITEMS_MAX = 500
ACTS_MAX = 50


class _Act(Asked):
    """`at` is the business time of an import; who acts now gives none."""

    at: AwareDatetime | None = None


class AcceptAct(_Act, Accept):
    """With a `due_on` of its own an import may lack the project's class: no limit is counted for it then."""

    act: Literal["accept"]
    due_on: Annotated[date, Field(ge=date(1900, 1, 1), le=date(2999, 12, 31))] | None = None


def _act_of(name: str, body: type[Asked]) -> Any:
    """The command as one act of many: its own members, its name and its time."""
    named: Any = Literal[name]
    return create_model(f"{body.__name__}Act", __base__=(_Act, body), act=(named, ...))


_ACTS = (
    AcceptAct,
    *(_act_of(act.name, act.body) for act in BY_NAME.values() if act.body and act.body is not Accept),
)
if TYPE_CHECKING:

    class Act(_Act):
        """Any of them."""

        act: str
else:
    Act = Annotated[Union[_ACTS], Field(discriminator="act")]  # noqa: UP007


class Correction(Asked):
    """Why and by which document what an import told before may be corrected."""

    reason: ReversalReason
    document: DocumentNumber


class ToldSubmission(Asked):
    """The submission as the import tells it now."""

    procedure: str = Field(max_length=20)
    channel: Channel
    submitted_at: AwareDatetime
    office: OfficeCode | None = Field(default=None, description="The one that it has, where it is not told.")


class BulkItem(Asked):
    """What was done with one dossier, in order. The first acts may be recorded already; the rest is then added.

    No acts: an import whose log tells of none, or of none any more.
    """

    source: Name | None = None
    case: CaseName | None = None
    dossier_id: UUID
    acts: Annotated[list[Act], Field(max_length=ACTS_MAX)]
    submission: ToldSubmission | None = Field(
        default=None,
        description="What its acts rest on: they wait (not-yet-known) until it has been heard of. With a correction, "
        "the acts that rest on another one are reversed meanwhile.",
    )
    correction: Correction | None = Field(
        default=None,
        description="An import's: acts that it told otherwise before are reversed and told anew. Without it, a difference is refused.",
    )


class Bulk(Asked):
    """The body of the bulk door."""

    items: list[BulkItem] = Field(max_length=ITEMS_MAX)
