"""Who has an accepted dossier: forwarded to a unit for the next step, taken, assigned, handed over, transferred. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import get_args

from contracts.processing_codes import BackReason, Step, UnitCode
from services.chassis.log.decider import Rejected
from services.processing.clock.working_days import Calendar
from services.processing.dossier.act import Act, Decision
from services.processing.dossier.asked import Asked, OfficerName, Order
from services.processing.dossier.events import DossierForwarded, DossierHandedOver
from services.processing.dossier.state import Dossier, Ended, Held, State, Submitted, with_held

STEPS_IN_ORDER: tuple[str, ...] = get_args(Step)


class Forward(Asked):
    unit: UnitCode
    step: Step


@dataclass(frozen=True, slots=True)
class ForwardDossier:
    """`proof_may_lack`: an import tells of every step so, the earlier ones too."""

    on: date
    unit: str
    step: str
    reason: str | None = None
    proof_may_lack: bool = False


def _order_forwarding(asked: Forward, order: Order) -> ForwardDossier:
    return ForwardDossier(order.on, asked.unit, asked.step, proof_may_lack=order.by_import)


def _forward(command: ForwardDossier, dossier: Dossier, _: Calendar) -> Decision:
    """Guarantee: a dossier goes back with a reason alone. Test: test_forward_and_back_are_different_acts."""
    now = dossier.now
    if not isinstance(now, Held):
        return None
    if (now.unit, now.step) == (command.unit, command.step):
        return []
    if now.step and place_of(command.step) < place_of(now.step) and not command.proof_may_lack:
        return Rejected("step-is-back", f"the dossier is at {now.step}: send-back, with a reason, leads back")
    return [DossierForwarded(command.on, command.unit, command.step)]


class SendBack(Asked):
    """To an earlier step than the dossier is at."""

    unit: UnitCode
    step: Step
    reason: BackReason


@dataclass(frozen=True, slots=True)
class ReturnToStep(ForwardDossier):
    """The same, the other way: `reason` is why."""


def _order_way_back(asked: SendBack, order: Order) -> ReturnToStep:
    return ReturnToStep(order.on, asked.unit, asked.step, asked.reason)


def _send_back(command: ReturnToStep, dossier: Dossier, _: Calendar) -> Decision:
    now = dossier.now
    if not isinstance(now, Held):
        return None
    if dossier.acts and SEND_BACK.says(command, dossier.acts[-1]):
        return []
    if not now.step or place_of(command.step) >= place_of(now.step):
        return Rejected("step-not-back", f"no step before {now.step or 'the first'}: forward leads there")
    return [DossierForwarded(command.on, command.unit, command.step, command.reason)]


def _forwarded(now: State, event: DossierForwarded, _: int) -> State | None:
    if not isinstance(now, Held):
        return None
    return now._replace(unit=event.unit, step=event.step, officer=None)


def place_of(step: str) -> int:
    """Of a step in the order of every version's steps."""
    return STEPS_IN_ORDER.index(step)


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


@dataclass(frozen=True, slots=True)
class PassOn:
    """Another officer has the dossier from now on."""

    on: date
    how: str
    unit: str
    officer: str | None


@dataclass(frozen=True, slots=True)
class Redirect(PassOn):
    """The same by the supervisor, who may give it to another unit too, in which nobody has it yet."""


def _order_taking(_: Take, order: Order) -> PassOn:
    return PassOn(order.on, "taken", order.unit or "", order.caller.subject)


def _order_assignment(asked: Assign, order: Order) -> Redirect:
    return Redirect(order.on, "assigned", order.unit or "", asked.officer)


def _order_handing_over(asked: HandOver, order: Order) -> PassOn:
    return PassOn(order.on, "handed_over", order.unit or "", asked.officer)


def _order_transfer(asked: Transfer, order: Order) -> Redirect:
    return Redirect(order.on, "transferred", asked.unit, None)


def _pass_on(command: PassOn, dossier: Dossier, _: Calendar) -> Decision:
    held = dossier.held
    if held is None or isinstance(dossier.now, Ended):
        return None
    if (held.unit, held.officer) == (command.unit, command.officer):
        return []
    return [DossierHandedOver(command.on, command.unit, command.how, command.officer)]


def _passed_on(now: State, event: DossierHandedOver, _: int) -> State | None:
    if isinstance(now, Submitted | Ended):
        return None
    return with_held(now, lambda held: held._replace(unit=event.unit, officer=event.officer))


FORWARD = Act(
    name="forward",
    summary="Forward a dossier",
    description="The holder hands it to a unit for the next step.",
    body=Forward,
    order=_order_forwarding,
    command=ForwardDossier,
    decide=_forward,
    effects={DossierForwarded: _forwarded},
    same=("unit", "step", "reason"),
    reversible=True,
    names="unit",
    faults={"unit-unknown": "unit"},
)
SEND_BACK = Act(
    name="send-back",
    summary="Send a dossier back",
    description="To an earlier step, with the reason. The clock runs on.",
    body=SendBack,
    order=_order_way_back,
    command=ReturnToStep,
    decide=_send_back,
    effects=FORWARD.effects,
    same=FORWARD.same,
    reversible=True,
    names="unit",
    faults={"unit-unknown": "unit"},
)
TAKE = Act(
    name="take",
    summary="Take a dossier",
    description="One of the unit, who has it from now on.",
    body=Take,
    order=_order_taking,
    command=PassOn,
    decide=_pass_on,
    effects={DossierHandedOver: _passed_on},
    same=("how", "unit", "officer"),
)
ASSIGN = Act(
    name="assign",
    summary="Assign a dossier",
    description="The supervisor gives it to an officer of the unit; one of the office, if it stands at no unit of today, to one of theirs.",
    body=Assign,
    order=_order_assignment,
    command=Redirect,
    decide=_pass_on,
    effects=TAKE.effects,
    same=TAKE.same,
    by="supervisor",
    names="officer",
    brings_back=True,
    faults={"officer-unknown": "officer"},
)
HAND_OVER = Act(
    name="hand-over",
    summary="Hand a dossier over",
    description="To a colleague of the unit.",
    body=HandOver,
    order=_order_handing_over,
    command=PassOn,
    decide=_pass_on,
    effects=TAKE.effects,
    same=TAKE.same,
    names="officer",
    faults={"officer-unknown": "officer"},
)
TRANSFER = Act(
    name="transfer",
    summary="Transfer a dossier",
    description="The supervisor gives it to another unit; its step goes on. One of the office does, if it stands at no unit of today.",
    body=Transfer,
    order=_order_transfer,
    command=Redirect,
    decide=_pass_on,
    effects=TAKE.effects,
    same=TAKE.same,
    by="supervisor",
    names="unit",
    brings_back=True,
    faults={"unit-unknown": "unit"},
)
STEPS = (FORWARD, SEND_BACK)
HANDS = (TAKE, ASSIGN, HAND_OVER, TRANSFER)
