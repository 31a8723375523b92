"""The applicant takes a dossier back: an officer confirms it or refuses. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from contracts.processing_codes import RefusalOfWithdrawal
from services.chassis.log.decider import Rejected
from services.processing.clock.working_days import Calendar
from services.processing.dossier.act import Act, Decision
from services.processing.dossier.asked import Asked, Order
from services.processing.dossier.events import DossierWithdrawn, WithdrawalRefused
from services.processing.dossier.state import Dossier, Ended, State

NOT_REQUESTED = Rejected("withdrawal-not-requested", "the applicant has not asked to take it back")


class Withdraw(Asked):
    """Confirms the applicant's request."""


@dataclass(frozen=True, slots=True)
class WithdrawDossier:
    """Confirms that the applicant takes it back."""

    on: date
    proof_may_lack: bool = False


def _order_withdrawal(_: Withdraw, order: Order) -> WithdrawDossier:
    return WithdrawDossier(order.on, order.by_import)


def _withdraw(command: WithdrawDossier, dossier: Dossier, _: Calendar) -> Decision:
    if isinstance(dossier.now, Ended):
        return WITHDRAW.ended_so(command, dossier)
    if dossier.withdrawal is None and not command.proof_may_lack:
        return NOT_REQUESTED
    return [DossierWithdrawn(command.on, dossier.withdrawal, dossier.due_on)]


def _withdrawn(now: State, event: DossierWithdrawn, _: int) -> State | None:
    return None if isinstance(now, Ended) else Ended(now, event)


class RefuseWithdrawal(Asked):
    reason: RefusalOfWithdrawal


@dataclass(frozen=True, slots=True)
class DenyWithdrawal:
    on: date
    reason: str


def _order_refusal(asked: RefuseWithdrawal, order: Order) -> DenyWithdrawal:
    return DenyWithdrawal(order.on, asked.reason)


def _refuse(command: DenyWithdrawal, dossier: Dossier, _: Calendar) -> Decision:
    if isinstance(dossier.now, Ended):
        return None
    if dossier.withdrawal is None:
        last = next((act for act in reversed(dossier.acts) if isinstance(act, WithdrawalRefused)), None)
        if last is not None and last.reason == command.reason and last.request == dossier.answered:
            return []
        return NOT_REQUESTED
    return [WithdrawalRefused(command.on, dossier.withdrawal, command.reason, dossier.now.status)]


def _refused(now: State, _event: WithdrawalRefused, _: int) -> State | None:
    return None if isinstance(now, Ended) else now


WITHDRAW = Act(
    name="withdraw",
    summary="Confirm a withdrawal",
    description="The applicant takes it back. The end of it.",
    body=Withdraw,
    order=_order_withdrawal,
    command=WithdrawDossier,
    decide=_withdraw,
    effects={DossierWithdrawn: _withdrawn},
    by="desk-then-holder",
    reversible=True,
    beside_withdrawal=True,
    after_stop=True,
)
REFUSE_WITHDRAWAL = Act(
    name="refuse-withdrawal",
    summary="Refuse a withdrawal",
    description="The dossier goes on where it was, its clock as if nobody had asked.",
    body=RefuseWithdrawal,
    order=_order_refusal,
    command=DenyWithdrawal,
    decide=_refuse,
    effects={WithdrawalRefused: _refused},
    same=("reason",),
    by="desk-then-holder",
    beside_withdrawal=True,
    after_stop=True,
)
ACTS = (WITHDRAW, REFUSE_WITHDRAWAL)
