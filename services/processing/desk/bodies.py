"""The shapes of what is asked of processing over HTTP. Strict, and without any field for free text."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    create_model,
)

from contracts.intake import CASE_CHARACTERS_MAX, CASE_PATTERN, Channel
from contracts.processing_codes import (
    AmountVnd,
    CorrectionReason,
    DocumentNumber,
    ExtensionReason,
    FaultyPaper,
    LateReason,
    Opinion,
    Outcome,
    RefusalOfWithdrawal,
    RejectionReason,
    ReturnMethod,
    ReversalReason,
    Step,
    StopReason,
    UnitCode,
    WaiverReason,
)

ClassCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,3}(/[IV]{1,3})?$")]
OfficerName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$", max_length=100)]
"""An officer as the token's subject names them."""
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._:/-]*$", max_length=100)]

CaseName = Annotated[
    str,
    StringConstraints(pattern=rf"^(?:{CASE_PATTERN})$", max_length=CASE_CHARACTERS_MAX),
]

# Python alone would read 2026-W14-5, too.
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _day(value: Any) -> Any:
    """A body that came as JSON text may be parsed before it is checked strictly: its days are texts then, and nothing else."""
    return date.fromisoformat(value) if isinstance(value, str) and _DATE.fullmatch(value) else value


Day = Annotated[date, BeforeValidator(_day)]

ITEMS_MAX = 500
ACTS_MAX = 50


class Asked(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Accept(Asked):
    """Without `unit`, the caller's own takes the dossier. `project_class` is needed where the limit depends on it."""

    unit: UnitCode | None = None
    project_class: ClassCode | None = None


class Reject(Asked):
    reason: RejectionReason


class Forward(Asked):
    unit: UnitCode
    step: Step


class Resolve(Asked):
    """`late_reason` is needed when the end is late, and not kept otherwise."""

    outcome: Outcome
    late_reason: LateReason | None = None


class Return(Asked):
    method: ReturnMethod


class Stop(Asked):
    reason: StopReason


class Apologise(Asked):
    """`appointment_on` is the one new appointment, after today and after the due date."""

    reason: LateReason
    appointment_on: Annotated[Day, Field(le=date(2999, 12, 31))]


class Correct(Asked):
    """`document` is the number of the decision to correct, such as 1234/QĐ-SXD."""

    reason: CorrectionReason
    document: DocumentNumber


class RequestSupplement(Asked):
    """Each paper once, by its place among the papers of the dossier's version, and what is wrong with it."""

    papers: Annotated[list[FaultyPaper], Field(min_length=1, max_length=50)]


class AcceptSupplement(Asked):
    """What the applicant brought is complete."""


class RequestFee(Asked):
    """Without `amount_vnd`, the fee of the dossier's version."""

    amount_vnd: AmountVnd | None = None


class ConfirmFee(Asked):
    """`payment` is its sequence among the applicant's acts; one of another amount counts too, once an officer says so."""

    payment: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class WaiveFee(Asked):
    reason: WaiverReason


class AskOpinion(Asked):
    agency: UnitCode


class GiveOpinion(Asked):
    """The agency's answer, as it came to the holder."""

    agency: UnitCode
    opinion: Opinion


class Extend(Asked):
    """By so many of the limit's own days or months."""

    reason: ExtensionReason
    amount: Annotated[int, Field(ge=1, le=366)]


class Withdraw(Asked):
    """Confirms the applicant's request."""


class RefuseWithdrawal(Asked):
    reason: RefusalOfWithdrawal


class Take(Asked):
    """The caller has the dossier from now on."""


class Assign(Asked):
    """The supervisor gives it to an officer of the unit."""

    officer: OfficerName


class HandOver(Asked):
    """The officer gives it to a colleague of the unit."""

    officer: OfficerName


class Transfer(Asked):
    """The supervisor gives it to another unit; the step that it is in goes on."""

    unit: UnitCode


class Reverse(Asked):
    """`sequence` is the version at which the act stands, the latest that changed the state."""

    sequence: Annotated[int, Field(ge=1, le=1_000_000)]
    reason: ReversalReason
    document: DocumentNumber


COMMANDS: dict[str, type[Asked]] = {
    "accept": Accept,
    "reject": Reject,
    "forward": Forward,
    "resolve": Resolve,
    "return": Return,
    "stop": Stop,
    "apologise": Apologise,
    "correct": Correct,
    "request-supplement": RequestSupplement,
    "accept-supplement": AcceptSupplement,
    "request-fee": RequestFee,
    "confirm-fee": ConfirmFee,
    "waive-fee": WaiveFee,
    "ask-opinion": AskOpinion,
    "give-opinion": GiveOpinion,
    "extend": Extend,
    "withdraw": Withdraw,
    "refuse-withdrawal": RefuseWithdrawal,
    "take": Take,
    "assign": Assign,
    "hand-over": HandOver,
    "transfer": Transfer,
    "reverse": Reverse,
}
"""Every command of the desk by the last part of its address."""


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


_ACTS = (AcceptAct, *(_act_of(name, body) for name, body in COMMANDS.items() if body is not Accept))
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
