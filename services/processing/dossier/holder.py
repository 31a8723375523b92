"""Who has an accepted dossier: forwarded to a unit for the next step, taken, assigned, handed over, transferred. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from contracts.processing_codes import Step, UnitCode
from services.processing.clock.working_days import Calendar
from services.processing.dossier.act import Act, Decision
from services.processing.dossier.asked import Asked, OfficerName, Order
from services.processing.dossier.events import DossierForwarded, DossierHandedOver
from services.processing.dossier.state import Dossier, Ended, Held, State, Submitted, with_held


class Forward(Asked):
    unit: UnitCode
    step: Step


@dataclass(frozen=True, slots=True)
class ForwardDossier:
    on: date
    unit: str
    step: str


def _order_forwarding(asked: Forward, order: Order) -> ForwardDossier:
    return ForwardDossier(order.on, asked.unit, asked.step)


def _forward(command: ForwardDossier, dossier: Dossier, _: Calendar) -> Decision:
    now = dossier.now
    if not isinstance(now, Held):
        return None
    if (now.unit, now.step) == (command.unit, command.step):
        return []
    return [DossierForwarded(command.on, command.unit, command.step)]


def _forwarded(now: State, event: DossierForwarded, _: int) -> State | None:
    if not isinstance(now, Held):
        return None
    return now._replace(unit=event.unit, step=event.step, officer=None)


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
    same=("unit", "step"),
    reversible=True,
    goes_on=True,
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
    brings_back=True,
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
STEPS = (FORWARD,)
HANDS = (TAKE, ASSIGN, HAND_OVER, TRANSFER)
