"""Decides what applicants do with a dossier: submit it, bring what lacks, ask for it back, pay.

Pure: no clock, no ids, no look-ups, and no personal data at all. What was filed stands in the people store; the event carries
a salted commitment to it, which proves and does not tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce
from typing import Literal, NamedTuple
from uuid import UUID

from contracts.catalogue.offices import Offices
from contracts.catalogue.procedure import Procedure
from contracts.intake import IdentifierKind, PaymentMethod, ResultDelivery, WithdrawalReason
from services.chassis.log.decider import EventTypes, Rejected
from services.intake.correction_events import ApplicantActReversed, SubmissionCorrected
from services.intake.taken import elsewhere, in_force_on

Door = Literal["portal", "desk", "import"]

CHANNELS_OF_DOOR: dict[Door, frozenset[str]] = {
    "portal": frozenset({"online"}),
    "desk": frozenset({"in_person", "postal"}),
    "import": frozenset({"online", "in_person", "postal"}),
}


@dataclass(frozen=True, slots=True)
class SubmitDossier:
    """`on` is the local day of the submission, `door` where it came in; `reachable` says that the applicant left a way to be told.

    `identifier` is the kind of number of whose dossier it is; None when nobody is named. `result_delivery` is how the result is wanted;
    None where the form said nothing.
    """

    on: date
    door: Door
    procedure: str
    office: str
    channel: str
    applicant_id: UUID
    reachable: bool
    content_commitment: str
    import_source: str | None = None
    identifier: IdentifierKind | None = None
    result_delivery: ResultDelivery | None = None


@dataclass(frozen=True, slots=True)
class ProvideSupplement:
    """`request` is the authority's open request as far as intake has heard; `ended`, that it has heard of the dossier's end."""

    request: int | None
    content_commitment: str
    ended: bool = False


@dataclass(frozen=True, slots=True)
class RequestWithdrawal:
    reason: WithdrawalReason
    ended: bool = False


@dataclass(frozen=True, slots=True)
class PayFee:
    """Whole units of the currency."""

    amount: int
    currency: str
    method: PaymentMethod
    ended: bool = False


@dataclass(frozen=True, slots=True)
class CorrectSubmission:
    """What the import that brought the dossier tells of its submission now. `acted`: an act of the authority stands, as far as heard."""

    on: date
    submitted_at: datetime
    procedure: str
    office: str
    channel: str
    reason: str
    document: str
    acted: bool


ApplicantsAct = ProvideSupplement | RequestWithdrawal | PayFee
Command = SubmitDossier | CorrectSubmission | ApplicantsAct


@dataclass(frozen=True, slots=True)
class DossierSubmitted:
    procedure: str
    office: str
    channel: str
    applicant_id: UUID
    reachable: bool
    content_commitment: str
    import_source: str | None = None
    result_delivery: ResultDelivery | None = None


@dataclass(frozen=True, slots=True)
class SupplementProvided:
    """`request` is the sequence of the authority's request that it answers. `ended`, in each act: intake had heard of the end
    by then, which is what the applicant was answered.
    """

    request: int | None
    content_commitment: str
    ended: bool = False


@dataclass(frozen=True, slots=True)
class WithdrawalRequested:
    reason: str
    ended: bool = False


@dataclass(frozen=True, slots=True)
class FeePaid:
    """Whole units of the currency."""

    amount: int
    currency: str
    method: str
    ended: bool = False


Event = (
    DossierSubmitted
    | SupplementProvided
    | WithdrawalRequested
    | FeePaid
    | SubmissionCorrected
    | ApplicantActReversed
)
EVENTS: EventTypes[Event] = EventTypes(
    {
        "DossierSubmitted": DossierSubmitted,
        "SupplementProvided": SupplementProvided,
        "WithdrawalRequested": WithdrawalRequested,
        "FeePaid": FeePaid,
        "SubmissionCorrected": SubmissionCorrected,
        "ApplicantActReversed": ApplicantActReversed,
    }
)


@dataclass(frozen=True, slots=True)
class Unsubmitted:
    """Nothing has happened yet."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """The applicant has filed, and brought since then what `supplements` commits to; all that decides of it is the authority's."""

    content_commitment: str
    supplements: tuple[str, ...] = ()
    corrected: SubmissionCorrected | None = None


Dossier = Unsubmitted | Submitted
INITIAL = Unsubmitted()
UNKNOWN = Rejected("dossier-unknown", "no dossier was submitted under this id")
ACTS_STAND = Rejected("acts-stand", "acts of the authority rest on the submission as it stands")


class Filed(NamedTuple):
    """A submission as it is told last."""

    procedure: str
    office: str
    channel: str
    submitted_at: datetime
    result_delivery: ResultDelivery | None = None


def filed_as(history: Iterable[tuple[Event, datetime]]) -> Filed:
    """The submission by a dossier's events, each with the instant at which it happened; they begin with the first submission."""
    found = None
    for event, at in history:
        if isinstance(event, DossierSubmitted):
            found = Filed(event.procedure, event.office, event.channel, at, event.result_delivery)
        elif isinstance(event, SubmissionCorrected):
            assert found is not None, "a dossier begins with its submission"
            office = event.office or found.office
            found = Filed(event.procedure, office, event.channel, event.submitted_at, found.result_delivery)
    assert found is not None, "a dossier begins with its submission"
    return found


def decide(
    command: Command, state: Dossier, procedures: Mapping[str, Procedure], offices: Offices
) -> Sequence[Event] | Rejected:
    """`procedures` is the catalogue; a dossier is submitted under the version of its day, at an office of that day.

    Guarantee: an act on an ended dossier is kept, and what it changes is nothing. Test: test_an_act_on_an_ended_dossier_is_kept.
    """
    if isinstance(command, SubmitDossier):
        return _submit(command, state, procedures, offices)
    if isinstance(state, Unsubmitted):
        return UNKNOWN
    if isinstance(command, CorrectSubmission):
        return _correct(command, state, procedures, offices)
    if isinstance(command, ProvideSupplement):
        if command.content_commitment in state.supplements:
            return []
        return [SupplementProvided(command.request, command.content_commitment, command.ended)]
    if isinstance(command, RequestWithdrawal):
        return [WithdrawalRequested(command.reason, command.ended)]
    # Asked for or not: what a payment settles is the authority's to say, and none is ever turned away.
    return [FeePaid(command.amount, command.currency, command.method, command.ended)]


def _submit(
    command: SubmitDossier, state: Dossier, procedures: Mapping[str, Procedure], offices: Offices
) -> Sequence[Event] | Rejected:
    """Guarantee: no dossier is filed where nobody takes it in. Test: test_a_dossier_is_filed_at_an_office_that_takes_it."""
    if isinstance(state, Submitted):
        # The same submission again changes nothing; another one under this id is not this dossier's.
        if state.content_commitment == command.content_commitment:
            return []
        return Rejected("already-submitted", "this dossier was submitted with other content")
    in_force = in_force_on(procedures, command.procedure, command.on)
    if isinstance(in_force, Rejected):
        return in_force
    if refused := elsewhere(offices, command.procedure, command.office, command.on):
        return refused
    allowed = CHANNELS_OF_DOOR[command.door]
    if command.channel not in allowed:
        return Rejected("channel-not-allowed", f"here only: {', '.join(sorted(allowed))}")
    if command.identifier is not None and command.identifier not in in_force.identifiers:
        return Rejected("identifier-not-taken", f"this procedure takes: {', '.join(in_force.identifiers)}")
    return [
        DossierSubmitted(
            command.procedure,
            command.office,
            command.channel,
            command.applicant_id,
            command.reachable,
            command.content_commitment,
            command.import_source,
            command.result_delivery,
        )
    ]


def _correct(
    command: CorrectSubmission, state: Submitted, procedures: Mapping[str, Procedure], offices: Offices
) -> Sequence[Event] | Rejected:
    """Only under nothing: the authority's acts are struck out before, and told anew behind it.

    Guarantee: no submission is corrected under an act that rests on it.
    Test: test_a_submission_is_corrected_while_no_act_stands_on_it.
    """
    event = SubmissionCorrected(
        command.submitted_at,
        command.procedure,
        command.channel,
        command.reason,
        command.document,
        command.office,
    )
    if event == state.corrected:
        return []
    in_force = in_force_on(procedures, command.procedure, command.on)
    if isinstance(in_force, Rejected):
        return in_force
    if refused := elsewhere(offices, command.procedure, command.office, command.on):
        return refused
    return ACTS_STAND if command.acted else [event]


def evolve(state: Dossier, event: Event) -> Dossier:
    if isinstance(event, DossierSubmitted):
        return Submitted(event.content_commitment)
    if isinstance(state, Unsubmitted):
        raise ValueError(f"{type(event).__name__} before the submission")
    if isinstance(event, SubmissionCorrected):
        return replace(state, corrected=event)
    if isinstance(event, SupplementProvided):
        return replace(state, supplements=(*state.supplements, event.content_commitment))
    return state


def fold(events: Iterable[Event]) -> Dossier:
    initial: Dossier = INITIAL
    return reduce(evolve, events, initial)
