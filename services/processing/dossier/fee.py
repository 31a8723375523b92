"""A fee is asked for, and paid or waived; the statutory clock stands still meanwhile. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import Field

from contracts.processing_codes import AmountVnd, WaiverReason
from services.chassis.log.decider import Rejected
from services.processing.clock.due_date import Pause
from services.processing.clock.working_days import Calendar
from services.processing.dossier.act import Act, Decision
from services.processing.dossier.asked import Asked, Order
from services.processing.dossier.deadlines import working_days_after
from services.processing.dossier.events import FeeConfirmed, FeeRequested, FeeWaived
from services.processing.dossier.payments import covers, unused_payments, used_payments
from services.processing.dossier.state import AwaitingPayment, Dossier, Heard, Held, State

FEE_DEADLINE_DAYS = 20
"""Working days in which a fee is to be paid; after that it is as a supplement that never came."""
PaymentSequence = Annotated[int, Field(ge=1, le=1_000_000)]


class RequestFee(Asked):
    """Without `amount_vnd`, the fee of the dossier's version."""

    amount_vnd: AmountVnd | None = None


@dataclass(frozen=True, slots=True)
class AskForFee:
    """`deadline_days` are working days."""

    on: date
    amount_vnd: int
    deadline_days: int


def _order_request(asked: RequestFee, order: Order) -> AskForFee | Rejected:
    version = order.terms
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
    return AskForFee(order.on, amount, FEE_DEADLINE_DAYS)


def _request(command: AskForFee, dossier: Dossier, calendar: Calendar) -> Decision:
    """The clock pauses, unless the due date has passed."""
    now = dossier.now
    if isinstance(now, AwaitingPayment):
        return [] if REQUEST_FEE.says(command, now.request) else None
    if not isinstance(now, Held):
        return None
    if any(covers(payment, command.amount_vnd) for payment in unused_payments(dossier)):
        return Rejected("fee-already-paid", "this amount was paid before it was asked for")
    deadline_on = working_days_after(command.on, command.deadline_days, calendar)
    late = now.due_on is not None and command.on > now.due_on
    clock, due_on = ("runs", now.due_on) if late else ("paused", None)
    return [FeeRequested(command.on, command.amount_vnd, deadline_on, clock, due_on, command.deadline_days)]


def _requested(now: State, event: FeeRequested, sequence: int) -> State | None:
    return AwaitingPayment(now, event, sequence) if isinstance(now, Held) else None


class ConfirmFee(Asked):
    """`payment` is its sequence among the applicant's acts. It covers what was asked for: of the rest there is a waiver."""

    payment: PaymentSequence | None = None


@dataclass(frozen=True, slots=True)
class ConfirmPayment:
    """`payment` is the sequence of the applicant's payment, None in an import, which tells what was taken elsewhere."""

    on: date
    payment: int | None
    proof_may_lack: bool = False


def _order_confirmation(asked: ConfirmFee, order: Order) -> ConfirmPayment | Rejected:
    if asked.payment is None and not order.by_import:
        return Rejected("payment-missing", "which of the applicant's payments it is")
    return ConfirmPayment(order.on, asked.payment, order.by_import)


def _confirm(command: ConfirmPayment, dossier: Dossier, calendar: Calendar) -> Decision:
    """What is paid beyond the fee is given back.

    Guarantee: a fee is settled by what covers it, and by nothing less. Test: test_less_than_was_asked_is_the_supervisors_waiver.
    """
    now = dossier.now
    if command.payment is not None and command.payment in used_payments(dossier):
        return []
    if not isinstance(now, AwaitingPayment):
        return CONFIRM_FEE.done_last(command, dossier)
    if command.payment is not None:
        payment = _unused(dossier, command.payment)
        if isinstance(payment, Rejected):
            return payment
        if payment.currency != "VND" and not command.proof_may_lack:
            return _OTHER_CURRENCY
        if not covers(payment, now.request.amount_vnd) and not command.proof_may_lack:
            asked = f"{now.request.amount_vnd} VND were asked for, {payment.amount} were paid"
            return Rejected("payment-less-than-asked", f"{asked}: the rest is the supervisor's to waive")
    due_on = _due_after(now, command.on, calendar)
    return [FeeConfirmed(command.on, command.payment, now.before.status, due_on)]


class WaiveFee(Asked):
    """The whole fee, or with `payment` the rest of it: that payment is taken for the fee though it is less than was asked for."""

    reason: WaiverReason
    payment: PaymentSequence | None = None


@dataclass(frozen=True, slots=True)
class WaivePayment:
    """`payment` is the sequence of the applicant's payment of which the rest is waived."""

    on: date
    reason: str
    payment: int | None = None


def _order_waiver(asked: WaiveFee, order: Order) -> WaivePayment:
    return WaivePayment(order.on, asked.reason, asked.payment)


def _waive(command: WaivePayment, dossier: Dossier, calendar: Calendar) -> Decision:
    now = dossier.now
    if not isinstance(now, AwaitingPayment):
        return WAIVE_FEE.done_last(command, dossier)
    if command.payment is not None:
        payment = _unused(dossier, command.payment)
        if isinstance(payment, Rejected):
            return payment
        if payment.currency != "VND":
            return _OTHER_CURRENCY
        if covers(payment, now.request.amount_vnd):
            return Rejected("nothing-to-waive", "the payment covers what was asked for: confirm it")
    due_on = _due_after(now, command.on, calendar)
    return [FeeWaived(command.on, command.reason, now.before.status, due_on, payment=command.payment)]


_OTHER_CURRENCY = Rejected("payment-in-other-currency", "fees are in đồng; what came otherwise is given back")


def _unused(dossier: Dossier, sequence: int) -> Heard | Rejected:
    found = next((each for each in unused_payments(dossier) if each.sequence == sequence), None)
    return found or Rejected("payment-unknown", "no such payment of this dossier has arrived, or it is used")


def _settled(now: State, event: FeeConfirmed | FeeWaived, _: int) -> State | None:
    if not isinstance(now, AwaitingPayment):
        return None
    before, clock = now.before, now.before.clock
    if now.request.clock == "paused":
        pause = Pause(now.request.on, max(event.on, now.request.on), "subtract")
        clock = clock._replace(pauses=(*clock.pauses, pause))
    return before._replace(clock=clock, due_on=event.due_on)


def _due_after(now: AwaitingPayment, on: date, calendar: Calendar) -> date | None:
    if now.request.clock == "runs":
        return now.before.due_on
    pause = Pause(now.request.on, max(on, now.request.on), "subtract")
    clock = now.before.clock
    return clock._replace(pauses=(*clock.pauses, pause)).due_on(calendar)


REQUEST_FEE = Act(
    name="request-fee",
    summary="Ask for a fee",
    description="The clock pauses until it is paid or waived.",
    body=RequestFee,
    order=_order_request,
    command=AskForFee,
    decide=_request,
    effects={FeeRequested: _requested},
    same=("amount_vnd",),
    reversible=True,
    faults={"fee-not-of-the-version": "amount_vnd", "amount-missing": "amount_vnd"},
)
CONFIRM_FEE = Act(
    name="confirm-fee",
    summary="Confirm a payment",
    description="What covers the fee is confirmed by itself, and what is beyond it is given back; less is the supervisor's to waive.",
    body=ConfirmFee,
    order=_order_confirmation,
    command=ConfirmPayment,
    decide=_confirm,
    effects={FeeConfirmed: _settled},
    same=("payment",),
    reversible=True,
    faults=dict.fromkeys(
        ("payment-missing", "payment-unknown", "payment-less-than-asked", "payment-in-other-currency"),
        "payment",
    ),
)
WAIVE_FEE = Act(
    name="waive-fee",
    summary="Waive a fee",
    description="The supervisor: the whole fee, or what a payment left of it. The clock goes on.",
    body=WaiveFee,
    order=_order_waiver,
    command=WaivePayment,
    decide=_waive,
    effects={FeeWaived: _settled},
    same=("reason", "payment"),
    by="supervisor",
    reversible=True,
    faults=dict.fromkeys(("payment-unknown", "payment-in-other-currency", "nothing-to-waive"), "payment"),
)
ACTS = (REQUEST_FEE, CONFIRM_FEE, WAIVE_FEE)
