"""Every command under one roof, for tests that give many."""

from services.processing.dossier.acceptance import AcceptDossier, RejectDossier
from services.processing.dossier.ending import CorrectResult, ResolveDossier, ReturnResult
from services.processing.dossier.fee import AskForFee, ConfirmPayment, WaivePayment
from services.processing.dossier.holder import ForwardDossier, PassOn, Redirect
from services.processing.dossier.opinion import AskAgency, DeemConsent, RecordOpinion
from services.processing.dossier.reversal import ReverseAct
from services.processing.dossier.stopping import StopProcessing
from services.processing.dossier.supplement import AskForPapers, NoteLapse, TakePapers
from services.processing.dossier.told_dates import ExtendLimit, IssueApology, RecountDeadlines, RecountDueDate
from services.processing.dossier.withdrawal import DenyWithdrawal, WithdrawDossier

__all__ = [
    "AcceptDossier",
    "AskAgency",
    "AskForFee",
    "AskForPapers",
    "ConfirmPayment",
    "CorrectResult",
    "DeemConsent",
    "DenyWithdrawal",
    "ExtendLimit",
    "ForwardDossier",
    "IssueApology",
    "NoteLapse",
    "PassOn",
    "RecordOpinion",
    "RecountDeadlines",
    "RecountDueDate",
    "Redirect",
    "RejectDossier",
    "ResolveDossier",
    "ReturnResult",
    "ReverseAct",
    "StopProcessing",
    "TakePapers",
    "WaivePayment",
    "WithdrawDossier",
]
