"""Whether an event is what a command asks for: how a repeat is told from another command. Pure."""

from __future__ import annotations

from services.processing.dossier.commands import (
    AcceptDossier,
    AcceptSupplement,
    AskOpinion,
    Command,
    ConfirmFee,
    CorrectResult,
    DeemConsent,
    ExtendLimit,
    ForwardDossier,
    GiveOpinion,
    HandOver,
    IssueApology,
    NoteLapse,
    RecountDeadlines,
    RecountDueDate,
    RefuseWithdrawal,
    RejectDossier,
    RequestFee,
    RequestSupplement,
    ResolveDossier,
    ReturnResult,
    ReverseAct,
    StopProcessing,
    WaiveFee,
    WithdrawDossier,
)
from services.processing.dossier.date_events import (
    DeadlineChanged,
    DueDateChanged,
    DueDateExtended,
    OpinionDeadlineChanged,
)
from services.processing.dossier.events import (
    ApologyIssued,
    ConsentDeemed,
    DossierAccepted,
    DossierForwarded,
    DossierHandedOver,
    DossierRejected,
    DossierResolved,
    DossierReversed,
    DossierWithdrawn,
    Event,
    FeeConfirmed,
    FeeRequested,
    FeeWaived,
    OpinionGiven,
    OpinionRequested,
    ProcessingStopped,
    ResultCorrected,
    ResultReturned,
    SupplementAccepted,
    SupplementLapsed,
    SupplementRequested,
    WithdrawalRefused,
)
from services.processing.dossier.proposed import ReversalProposed

# The event of each command, and the members in which they must agree.
_SAID: dict[type, tuple[type | tuple[type, ...], tuple[str, ...]]] = {
    AcceptDossier: (DossierAccepted, ("unit",)),
    RejectDossier: (DossierRejected, ("reason",)),
    ForwardDossier: (DossierForwarded, ("unit", "step")),
    ResolveDossier: (DossierResolved, ("outcome",)),
    ReturnResult: (ResultReturned, ("method",)),
    StopProcessing: (ProcessingStopped, ("reason",)),
    IssueApology: (ApologyIssued, ("reason", "appointment_on")),
    CorrectResult: (ResultCorrected, ("reason", "document")),
    RequestSupplement: (SupplementRequested, ("papers",)),
    AcceptSupplement: (SupplementAccepted, ()),
    NoteLapse: (SupplementLapsed, ()),
    RequestFee: (FeeRequested, ("amount_vnd",)),
    ConfirmFee: (FeeConfirmed, ("payment",)),
    WaiveFee: (FeeWaived, ("reason",)),
    AskOpinion: (OpinionRequested, ("agency",)),
    GiveOpinion: (OpinionGiven, ("agency", "opinion")),
    DeemConsent: (ConsentDeemed, ("agency",)),
    ExtendLimit: (DueDateExtended, ("reason", "amount")),
    RecountDueDate: (DueDateChanged, ("days",)),
    RecountDeadlines: ((DeadlineChanged, OpinionDeadlineChanged), ()),
    WithdrawDossier: (DossierWithdrawn, ()),
    RefuseWithdrawal: (WithdrawalRefused, ("reason",)),
    HandOver: (DossierHandedOver, ("how", "unit", "officer")),
    ReverseAct: ((DossierReversed, ReversalProposed), ("sequence", "reason", "document")),
}


def members(command: Command) -> str:
    """What a command says beside its kind, in words for people: codes and days, no free text."""
    return _told(command, _SAID[type(command)][1])


def words(event: Event) -> str:
    """What an event says, in the same words."""
    said = next(
        (names for kinds, names in _SAID.values() if isinstance(event, kinds)),
        (),
    )
    return f"{type(event).__name__}{_told(event, said)}"


def _told(of: Command | Event, names: tuple[str, ...]) -> str:
    if isinstance(of, AcceptDossier | DossierAccepted):
        names = (*names, "due_on", "project_class")
    told = [f"{name} {value}" for name in names if (value := getattr(of, name)) is not None]
    return f" ({', '.join(told)})" if told else ""


def says(command: Command, event: Event) -> bool:
    """Whether the event is what the command asks for, whenever it was asked."""
    kind, members = _SAID[type(command)]
    if not isinstance(event, kind) or any(getattr(command, m) != getattr(event, m) for m in members):
        return False
    if isinstance(command, AcceptDossier) and isinstance(event, DossierAccepted):
        return command.due_on in (None, event.due_on) and event.project_class in (None, command.project_class)
    if isinstance(command, ResolveDossier) and isinstance(event, DossierResolved):
        return event.late_reason in (None, command.late_reason)
    return True
