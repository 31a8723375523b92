"""One dossier's filing, acts and events, as the tests of this room use them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time

from services.chassis.log.decider import Rejected
from services.processing.clock.due_date import Limit
from services.processing.clock.working_days import ZONE, shipped
from services.processing.dossier import events as e
from services.processing.dossier.act import Command
from services.processing.dossier.decide import decide
from services.processing.dossier.events import Event
from services.processing.dossier.history import fold
from services.processing.dossier.reversal_events import ReversalProposed
from services.processing.dossier.state import Dossier, Filing, Heard
from tests.deciding import deciding
from tests.processing import commands as c

OFFICE = "H29.015.00"
UNIT = "H29.015.00/QLXD"
OTHER_UNIT = "H29.015.00/TTXD"
AGENCY = "H29.020.00"
AN, BINH = "an", "binh"

MONDAY = date(2023, 3, 6)
TUESDAY = date(2023, 3, 7)
THURSDAY = date(2023, 3, 9)
DUE = date(2023, 3, 27)
DAY_AFTER_DUE = date(2023, 3, 28)
APPOINTMENT = date(2023, 4, 3)
# Twenty working days after Tuesday, and the day after them.
DEADLINE = date(2023, 4, 4)
LAPSED_ON = date(2023, 4, 5)
TWENTY_DAYS = Limit(20, "calendar_days")


def at(day: date, hour: int = 9) -> datetime:
    return datetime.combine(day, time(hour), ZONE)


FILING = Filing("1.009982", OFFICE, "online", at(MONDAY))
PAPERS = (e.Paper(1, "missing"),)

ACCEPT = c.AcceptDossier(TUESDAY, at(TUESDAY), UNIT, "full", TWENTY_DAYS)
REJECT = c.RejectDossier(TUESDAY, "incomplete")
FORWARD = c.ForwardDossier(TUESDAY, OTHER_UNIT, "tham_tra")
RESOLVE = c.ResolveDossier(DUE, "granted")
RETURN = c.ReturnResult(DAY_AFTER_DUE, "postal")
STOP = c.StopProcessing(DUE, "not_competent")
APOLOGISE = c.IssueApology(TUESDAY, "workload", APPOINTMENT)
CORRECT = c.CorrectResult(APPOINTMENT, "clerical_error", "1234/QĐ-SXD")
REQUEST_SUPPLEMENT = c.AskForPapers(TUESDAY, PAPERS, "restart", 3, 20, None)
ACCEPT_SUPPLEMENT = c.TakePapers(THURSDAY, at(THURSDAY))
NOTE_LAPSE = c.NoteLapse(LAPSED_ON)
REQUEST_FEE = c.AskForFee(TUESDAY, 300_000, 20)
CONFIRM_FEE = c.ConfirmPayment(THURSDAY, 2)
WAIVE_FEE = c.WaivePayment(THURSDAY, "exempt_by_law")
ASK_OPINION = c.AskAgency(TUESDAY, AGENCY, 2)
GIVE_OPINION = c.RecordOpinion(THURSDAY, AGENCY, "agreed")
DEEM_CONSENT = c.DeemConsent(date(2023, 3, 10), AGENCY)
EXTEND = c.ExtendLimit(TUESDAY, "site_check", 5, allowed=True)
RECOUNT = c.RecountDueDate(TUESDAY, (date(2023, 3, 27),))
RECOUNT_DEADLINES = c.RecountDeadlines(TUESDAY, (date(2023, 3, 8),))
WITHDRAW = c.WithdrawDossier(THURSDAY)
REFUSE_WITHDRAWAL = c.DenyWithdrawal(THURSDAY, "others_concerned")
HAND_OVER = c.PassOn(TUESDAY, "taken", UNIT, AN)
REVERSE = c.ReverseAct(DUE, 1, "wrong_dossier", "1234/QĐ-SXD")
COMMANDS: tuple[Command, ...] = (
    ACCEPT,
    REJECT,
    FORWARD,
    RESOLVE,
    RETURN,
    STOP,
    APOLOGISE,
    CORRECT,
    REQUEST_SUPPLEMENT,
    ACCEPT_SUPPLEMENT,
    NOTE_LAPSE,
    REQUEST_FEE,
    CONFIRM_FEE,
    WAIVE_FEE,
    ASK_OPINION,
    GIVE_OPINION,
    DEEM_CONSENT,
    EXTEND,
    RECOUNT,
    RECOUNT_DEADLINES,
    WITHDRAW,
    REFUSE_WITHDRAWAL,
    HAND_OVER,
    REVERSE,
)

ACCEPTED = e.DossierAccepted(TUESDAY, "1.009982", "full", OFFICE, UNIT, "online", DUE, TWENTY_DAYS)
REJECTED = e.DossierRejected(TUESDAY, "incomplete")
FORWARDED = e.DossierForwarded(TUESDAY, OTHER_UNIT, "tham_tra")
RESOLVED = e.DossierResolved(DUE, "granted", DUE, None)
RETURNED = e.ResultReturned(DAY_AFTER_DUE, "postal")
STOPPED = e.ProcessingStopped(DUE, "not_competent", DUE)
APOLOGISED = e.ApologyIssued(TUESDAY, "workload", APPOINTMENT, in_time=True)
CORRECTED = e.ResultCorrected(APPOINTMENT, "clerical_error", "1234/QĐ-SXD")
SUPPLEMENT_REQUESTED = e.SupplementRequested(
    TUESDAY, 1, PAPERS, DEADLINE, "restart", clock="paused", late=False, due_on=None, deadline_days=20
)
# Twenty calendar days from the acceptance of the supplement on.
SUPPLEMENT_ACCEPTED = e.SupplementAccepted(THURSDAY, at(THURSDAY), "accepted", date(2023, 3, 29), late=False)
LAPSED = e.SupplementLapsed(LAPSED_ON, DEADLINE)
FEE_REQUESTED = e.FeeRequested(TUESDAY, 300_000, DEADLINE, "paused", None, 20)
# The two paused days are added.
FEE_CONFIRMED = e.FeeConfirmed(THURSDAY, 2, "accepted", date(2023, 3, 29))
FEE_WAIVED = e.FeeWaived(THURSDAY, "exempt_by_law", "accepted", date(2023, 3, 29))
OPINION_REQUESTED = e.OpinionRequested(TUESDAY, AGENCY, THURSDAY, 2)
OPINION_GIVEN = e.OpinionGiven(THURSDAY, AGENCY, "agreed")
CONSENT_DEEMED = e.ConsentDeemed(date(2023, 3, 10), AGENCY)
CHANGED = e.DueDateChanged(TUESDAY, DUE, DAY_AFTER_DUE, (DUE,))
# Wednesday was declared off.
WEDNESDAY = date(2023, 3, 8)
FRIDAY = date(2023, 3, 10)
DEADLINE_CHANGED = e.DeadlineChanged(TUESDAY, "supplement", 2, DEADLINE, LAPSED_ON, (WEDNESDAY,))
FEE_DEADLINE_CHANGED = replace(DEADLINE_CHANGED, asked="fee")
OPINION_DEADLINE_CHANGED = e.OpinionDeadlineChanged(TUESDAY, AGENCY, THURSDAY, FRIDAY, (WEDNESDAY,))
EXTENDED = e.DueDateExtended(TUESDAY, "site_check", 5, date(2023, 4, 3))
WITHDRAWN = e.DossierWithdrawn(THURSDAY, 2, DUE)
WITHDRAWAL_REFUSED = e.WithdrawalRefused(THURSDAY, 2, "others_concerned", "accepted")
HANDED_OVER = e.DossierHandedOver(TUESDAY, UNIT, "taken", AN)
REVERSED = e.DossierReversed(DUE, 1, "DossierAccepted", "wrong_dossier", "1234/QĐ-SXD", "submitted", None)
REVERSAL_PROPOSED = ReversalProposed(DUE, 1, "DossierAccepted", "wrong_dossier", "1234/QĐ-SXD", AN)
EVENTS: tuple[Event, ...] = (
    ACCEPTED,
    REJECTED,
    FORWARDED,
    RESOLVED,
    RETURNED,
    STOPPED,
    APOLOGISED,
    CORRECTED,
    SUPPLEMENT_REQUESTED,
    SUPPLEMENT_ACCEPTED,
    LAPSED,
    FEE_REQUESTED,
    FEE_CONFIRMED,
    FEE_WAIVED,
    OPINION_REQUESTED,
    OPINION_GIVEN,
    CONSENT_DEEMED,
    EXTENDED,
    CHANGED,
    DEADLINE_CHANGED,
    WITHDRAWN,
    WITHDRAWAL_REFUSED,
    HANDED_OVER,
    REVERSED,
)

"""That of each command, in their order. A recount of deadlines has another one for agencies, a reversal one before it."""
EVERY_EVENT = (*EVENTS, OPINION_DEADLINE_CHANGED, REVERSAL_PROPOSED)

# What the applicant did, as intake told of it.
PROVIDED = Heard(2, "SupplementProvided", at(date(2023, 3, 8)), request=2)
ASKED_BACK = Heard(2, "WithdrawalRequested", at(date(2023, 3, 8)))
PAID = Heard(2, "FeePaid", at(THURSDAY), amount=300_000, currency="VND")


def fold_from_filing(events: list[Event]) -> Dossier:
    return fold(FILING, events)


def decide_by_shipped_calendar(command: Command, dossier: Dossier) -> Sequence[Event] | Rejected:
    return decide(command, dossier, shipped())


given = deciding(fold_from_filing, decide_by_shipped_calendar)


def given_heard(*heard: Heard):  # type: ignore[no-untyped-def]  # as `given`
    """`given`, of a dossier whose applicant did something since."""
    return deciding(lambda events: fold(FILING, events, heard), decide_by_shipped_calendar)


def on(command: Command, day: date) -> Command:
    """The same command on another day."""
    at_too = {"at": at(day)} if hasattr(command, "at") else {}
    return replace(command, on=day, **at_too)
