"""What can be asked of a dossier's life; review.py decides.

Data only. `on` is the local day of the act, `at` its instant where the hour counts. What a version of the procedure allows comes
with the command: the decider looks nothing up. `proof_may_lack`: an import records what its source kept no proof of.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from services.processing.clock.due_date import Limit, PauseRule
from services.processing.dossier.events import Paper


@dataclass(frozen=True, slots=True)
class AcceptDossier:
    """`level` and `limit` are the version's; a `due_on` of its own is given by imports alone.

    `classes` are those of a project that have limits of their own. Where there are any, `limit` is that of `project_class`, and
    None as long as nobody says which it is.
    """

    on: date
    at: datetime
    unit: str
    level: str
    limit: Limit | None
    due_on: date | None = None
    project_class: str | None = None
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RejectDossier:
    on: date
    reason: str
    proof_may_lack: bool = False


@dataclass(frozen=True, slots=True)
class ForwardDossier:
    on: date
    unit: str
    step: str


@dataclass(frozen=True, slots=True)
class ResolveDossier:
    """`proof_may_lack`: here, the reason of a late end."""

    on: date
    outcome: str
    late_reason: str | None = None
    proof_may_lack: bool = False


@dataclass(frozen=True, slots=True)
class ReturnResult:
    on: date
    method: str


@dataclass(frozen=True, slots=True)
class StopProcessing:
    """Hands an accepted dossier back without a decision on its merits."""

    on: date
    reason: str
    proof_may_lack: bool = False


@dataclass(frozen=True, slots=True)
class IssueApology:
    """Apologises for a delay and makes the one new appointment."""

    on: date
    reason: str
    appointment_on: date


@dataclass(frozen=True, slots=True)
class CorrectResult:
    """Corrects the agency's own error in what an ended dossier led to; `document` is the number of the decision to correct."""

    on: date
    reason: str
    document: str


@dataclass(frozen=True, slots=True)
class RequestSupplement:
    """Tells the applicant what to bring. The rest is the version's; `by_supervisor` allows it after `within_days`.

    `deadline_days` are working days; `requests_max` counts those after acceptance, None without bound.
    """

    on: date
    papers: tuple[Paper, ...]
    rule: PauseRule
    within_days: int
    deadline_days: int
    requests_max: int | None
    by_supervisor: bool = False
    proof_may_lack: bool = False


@dataclass(frozen=True, slots=True)
class AcceptSupplement:
    on: date
    at: datetime
    proof_may_lack: bool = False


@dataclass(frozen=True, slots=True)
class NoteLapse:
    """The sweep's: the deadline of a supplement has passed. `on` is the day after it."""

    on: date


@dataclass(frozen=True, slots=True)
class RequestFee:
    """`deadline_days` are working days."""

    on: date
    amount_vnd: int
    deadline_days: int


@dataclass(frozen=True, slots=True)
class ConfirmFee:
    """`payment` is the sequence of the applicant's payment, None in an import. `whatever_amount`: an officer has looked at it."""

    on: date
    payment: int | None
    whatever_amount: bool = False


@dataclass(frozen=True, slots=True)
class WaiveFee:
    on: date
    reason: str


@dataclass(frozen=True, slots=True)
class AskOpinion:
    """`answer_days` are the version's working days for the agency's answer; None where nobody is to be asked."""

    on: date
    agency: str
    answer_days: int | None


@dataclass(frozen=True, slots=True)
class GiveOpinion:
    on: date
    agency: str
    opinion: str


@dataclass(frozen=True, slots=True)
class DeemConsent:
    """The sweep's: the agency was silent. `on` is the day after its last."""

    on: date
    agency: str


@dataclass(frozen=True, slots=True)
class ExtendLimit:
    """By `amount` of the limit's own days or months; `allowed` is the version's."""

    on: date
    reason: str
    amount: int
    allowed: bool


@dataclass(frozen=True, slots=True)
class RecountDueDate:
    """The calendar was changed: `days` are those that are counted otherwise now."""

    on: date
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class RecountDeadlines:
    """The same for what others are to do: bring a supplement, pay a fee, give an opinion."""

    on: date
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class WithdrawDossier:
    """Confirms that the applicant takes it back."""

    on: date
    proof_may_lack: bool = False


@dataclass(frozen=True, slots=True)
class RefuseWithdrawal:
    on: date
    reason: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """Another officer, or nobody yet in another unit, has the dossier from now on."""

    on: date
    how: str
    unit: str
    officer: str | None


@dataclass(frozen=True, slots=True)
class ReverseAct:
    """`sequence` is the version at which the reversed event stands; `document` the number of the decision.

    `by` is who decides, and None where it was decided elsewhere and an import tells of it.
    """

    on: date
    sequence: int
    reason: str
    document: str
    by: str | None = None


Command = (
    AcceptDossier
    | RejectDossier
    | ForwardDossier
    | ResolveDossier
    | ReturnResult
    | StopProcessing
    | IssueApology
    | CorrectResult
    | RequestSupplement
    | AcceptSupplement
    | NoteLapse
    | RequestFee
    | ConfirmFee
    | WaiveFee
    | AskOpinion
    | GiveOpinion
    | DeemConsent
    | ExtendLimit
    | RecountDueDate
    | RecountDeadlines
    | WithdrawDossier
    | RefuseWithdrawal
    | HandOver
    | ReverseAct
)
