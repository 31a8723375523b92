"""The command behind what a caller asked: level, limits and terms come from the catalogue's version of the first submission.

Guarantee: a dossier keeps the version in force when it was submitted, whenever it is acted on.
Test: test_a_dossier_keeps_the_version_of_its_submission.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from contracts.catalogue import shipped as catalogue
from contracts.catalogue.procedure import Abolition, Version
from services.chassis.http.tokens import Caller
from services.chassis.log.decider import Rejected
from services.processing.clock.due_date import Limit
from services.processing.clock.working_days import local_day
from services.processing.desk import bodies, rights
from services.processing.desk.control_slip import Terms
from services.processing.dossier import commands
from services.processing.dossier.commands import Command
from services.processing.dossier.events import DossierAccepted, Event, Paper
from services.processing.dossier.state import Dossier, Filing, Held, Submitted

UNIT = re.compile(r"[A-Z0-9./_-]{1,40}", re.ASCII)
FEE_DEADLINE_DAYS = 20
"""Working days in which a fee is to be paid; after that it is as a supplement that never came."""


class Order(NamedTuple):
    """What was asked, by whom, of which dossier, and when it happens. `unit` holds the dossier; `due_on` is an import's own date."""

    asked: bodies.Asked
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
        return self.caller.role == rights.IMPORTER


def command_of(order: Order) -> Command | Rejected:
    """The command, or why what was asked is none."""
    asked, on, caller = order.asked, order.on, order.caller
    match asked:
        case bodies.Accept():
            return _accept(order, asked)
        case bodies.Reject(reason=reason):
            return commands.RejectDossier(on, reason, order.by_import)
        case bodies.Forward(unit=unit, step=step):
            return commands.ForwardDossier(on, unit, step)
        case bodies.Resolve(outcome=outcome, late_reason=late_reason):
            return commands.ResolveDossier(on, outcome, late_reason, order.by_import)
        case bodies.Return(method=method):
            return commands.ReturnResult(on, method)
        case bodies.Stop(reason=reason):
            return commands.StopProcessing(on, reason, order.by_import)
        case bodies.Apologise(reason=reason, appointment_on=appointment_on):
            return commands.IssueApology(on, reason, appointment_on)
        case bodies.Correct(reason=reason, document=document):
            return commands.CorrectResult(on, reason, document)
        case bodies.RequestSupplement():
            return _request_supplement(order, asked)
        case bodies.AcceptSupplement():
            return commands.AcceptSupplement(on, order.at, order.by_import)
        case bodies.RequestFee():
            return _request_fee(order, asked)
        case bodies.ConfirmFee(payment=payment):
            if payment is None and not order.by_import:
                return Rejected("payment-missing", "which of the applicant's payments it is")
            return commands.ConfirmFee(on, payment, whatever_amount=True)
        case bodies.WaiveFee(reason=reason):
            return commands.WaiveFee(on, reason)
        case bodies.AskOpinion(agency=agency):
            version = _version(order.filing)
            asks = version.consultation if isinstance(version, Version) else None
            return commands.AskOpinion(on, agency, asks.answer_within_working_days if asks else None)
        case bodies.GiveOpinion(agency=agency, opinion=opinion):
            return commands.GiveOpinion(on, agency, opinion)
        case bodies.Extend(reason=reason, amount=amount):
            version = _version(order.filing)
            allowed = isinstance(version, Version) and version.extension_allowed
            return commands.ExtendLimit(on, reason, amount, allowed)
        case bodies.Withdraw():
            return commands.WithdrawDossier(on, order.by_import)
        case bodies.RefuseWithdrawal(reason=reason):
            return commands.RefuseWithdrawal(on, reason)
        case bodies.Take():
            return commands.HandOver(on, "taken", order.unit or "", caller.subject)
        case bodies.Assign(officer=officer):
            return commands.HandOver(on, "assigned", order.unit or "", officer)
        case bodies.HandOver(officer=officer):
            return commands.HandOver(on, "handed_over", order.unit or "", officer)
        case bodies.Transfer(unit=unit):
            return commands.HandOver(on, "transferred", unit, None)
        case bodies.Reverse(sequence=sequence, reason=reason, document=document):
            by = None if order.by_import else caller.subject
            return commands.ReverseAct(on, sequence, reason, document, by)
    raise AssertionError(f"no command for {type(asked).__name__}")


def stopped_by_law(command: Command, dossier: Dossier) -> Rejected | None:
    """The refusal to go on with what an abolition stopped. Asked here and not in command_of: a repeat gets its first answer before."""
    goes_on = (commands.AcceptDossier, commands.ForwardDossier, commands.ResolveDossier)
    if not isinstance(command, goes_on) or not isinstance(dossier.now, Submitted | Held):
        return None
    found = catalogue.version_on(dossier.filing.procedure, command.on)
    if not isinstance(found, Abolition) or found.open_dossiers == "kept":
        return None
    return Rejected("procedure-abolished", f"open dossiers were stopped by law on {found.effective_from}")


def _version(filing: Filing) -> Version | Abolition | None:
    return catalogue.version_on(filing.procedure, filing.submitted_on)


def step_terms(filing: Filing, acts: Iterable[Event]) -> Terms:
    """The control slip's limits, those of the class that the dossier was accepted with last; none where the catalogue has no version."""
    version = _version(filing)
    if not isinstance(version, Version):
        return Terms({}, None)
    # An acceptance with the wrong class is reversed and given again: the later one holds.
    classes = [act.project_class for act in acts if isinstance(act, DossierAccepted)]
    steps = (version.steps_by_class or {}).get((classes and classes[-1]) or "", version.steps)
    return Terms(steps.model_dump(), version.forwarding_cut_off)


def _terms(filing: Filing) -> Version | Rejected:
    version = _version(filing)
    if version is None:
        return Rejected("procedure-unknown", "the catalogue has no such procedure on the submission's day")
    if isinstance(version, Abolition):
        return Rejected("procedure-abolished", f"its procedure was abolished on {version.effective_from}")
    return version


def _accept(order: Order, asked: bodies.Accept) -> Command | Rejected:
    version = _terms(order.filing)
    if isinstance(version, Rejected):
        return version
    taking = asked.unit or order.caller.unit or order.filing.office
    if not UNIT.fullmatch(taking):  # a token may say anything, and what is stored must be sayable
        return Rejected("unit-invalid", "the unit in the caller's token is no unit code")
    named, classes = asked.project_class, version.limit_days_by_class or {}
    if named is not None and named not in classes:
        known = ", ".join(classes) or "the procedure's limit depends on none"
        return Rejected("project-class-unknown", known)
    days = version.limit_days if not classes else classes[named] if named is not None else None
    limit = Limit(days, version.limit_unit) if days is not None else None
    return commands.AcceptDossier(
        order.on, order.at, taking, version.level, limit, order.due_on, named, tuple(classes)
    )


def _request_supplement(order: Order, asked: bodies.RequestSupplement) -> Command | Rejected:
    version = _terms(order.filing)
    if isinstance(version, Rejected):
        return version
    places = [each.paper for each in asked.papers]
    if max(places) > len(version.papers) or len(set(places)) < len(places):
        return Rejected("paper-unknown", f"each once, by its place from 1 to {len(version.papers)}")
    terms = version.supplement
    return commands.RequestSupplement(
        order.on,
        tuple(Paper(each.paper, each.fault) for each in sorted(asked.papers, key=lambda each: each.paper)),
        terms.policy,
        terms.request_within_working_days,
        # Where the clock does not stop, the applicant has the short time to fix it.
        terms.short_fix_working_days or terms.deadline_working_days,
        terms.requests_max,
        order.caller.role == rights.SUPERVISOR,
        order.by_import,
    )


def _request_fee(order: Order, asked: bodies.RequestFee) -> Command | Rejected:
    version = _terms(order.filing)
    if isinstance(version, Rejected):
        return version
    fee = version.fee_vnd
    if version.fee_vnd_by_channel is not None:
        fee = version.fee_vnd_by_channel.get(order.filing.channel, fee)  # type: ignore[call-overload]
    amount = asked.amount_vnd if asked.amount_vnd is not None else fee
    if fee is not None:
        if fee == 0 or amount != fee:
            return Rejected("fee-not-of-the-version", f"the fee of this dossier is {fee} VND")
    elif amount is None:
        return Rejected("amount-missing", "the fee is a share: say the amount")
    elif not (version.fee_vnd_min or 0) <= amount <= (version.fee_vnd_max or amount):
        return Rejected("fee-not-of-the-version", f"from {version.fee_vnd_min} to {version.fee_vnd_max} VND")
    return commands.RequestFee(order.on, amount, FEE_DEADLINE_DAYS)
