"""Another agency is asked for its opinion, and gives it or is silent; neither state nor clock changes. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from contracts.catalogue.procedure import Version
from contracts.processing_codes import Opinion, UnitCode
from services.chassis.log.decider import Rejected
from services.processing.clock.working_days import Calendar
from services.processing.dossier import state
from services.processing.dossier.act import Act, Decision
from services.processing.dossier.asked import Asked, Order
from services.processing.dossier.deadlines import working_days_after
from services.processing.dossier.events import ConsentDeemed, OpinionGiven, OpinionRequested
from services.processing.dossier.state import Dossier, Held, State


class AskOpinion(Asked):
    agency: UnitCode


@dataclass(frozen=True, slots=True)
class AskAgency:
    """`answer_days` are the version's working days for the agency's answer; None where nobody is to be asked."""

    on: date
    agency: str
    answer_days: int | None


def _order_request(asked: AskOpinion, order: Order) -> AskAgency:
    version = order.version
    asks = version.consultation if isinstance(version, Version) else None
    return AskAgency(order.on, asked.agency, asks.answer_within_working_days if asks else None)


def _ask(command: AskAgency, dossier: Dossier, calendar: Calendar) -> Decision:
    """Changes neither state nor clock; the agency's silence will be consent."""
    now = dossier.now
    if not isinstance(now, Held):
        return None
    if any(asked.agency == command.agency and asked.answer is None for asked in now.opinions):
        return []
    if command.answer_days is None:
        return Rejected("no-consultation", "the procedure's version asks no other agency")
    answer_by = working_days_after(command.on, command.answer_days, calendar)
    return [OpinionRequested(command.on, command.agency, answer_by, command.answer_days)]


def _requested(now: State, event: OpinionRequested, _: int) -> State | None:
    if not isinstance(now, Held):
        return None
    asked = state.Asked(event.agency, event.on, event.answer_by, event.answer_days)
    return now._replace(opinions=(*now.opinions, asked))


class GiveOpinion(Asked):
    """The agency's answer, as it came to the holder."""

    agency: UnitCode
    opinion: Opinion


@dataclass(frozen=True, slots=True)
class RecordOpinion:
    on: date
    agency: str
    opinion: str


def _order_opinion(asked: GiveOpinion, order: Order) -> RecordOpinion:
    return RecordOpinion(order.on, asked.agency, asked.opinion)


def _give(command: RecordOpinion, dossier: Dossier, _: Calendar) -> Decision:
    now = dossier.now
    if not isinstance(now, Held):
        return None
    asked = [a for a in now.opinions if a.agency == command.agency]
    if not asked:
        return Rejected("opinion-not-asked", "this agency was not asked")
    if asked[-1].answer is None:
        return [OpinionGiven(command.on, command.agency, command.opinion)]
    if asked[-1].answer == command.opinion:
        return []
    return Rejected("opinion-already-given", f"it stands as {asked[-1].answer}")


@dataclass(frozen=True, slots=True)
class DeemConsent:
    """The sweep's: the agency was silent. `on` is the day after its last."""

    on: date
    agency: str


def _deem(command: DeemConsent, dossier: Dossier, _: Calendar) -> Decision:
    """Of an agency that is silent at 24:00 of its last day; quiet where it answered or nothing waits for it any more."""
    now = dossier.now
    if not isinstance(now, Held):
        return []
    silent = any(
        a.agency == command.agency and a.answer is None and command.on > a.answer_by for a in now.opinions
    )
    return [ConsentDeemed(max(command.on, dossier.since), command.agency)] if silent else []


def _answered(now: State, event: OpinionGiven | ConsentDeemed, _: int) -> State | None:
    if not isinstance(now, Held):
        return None
    answer = event.opinion if isinstance(event, OpinionGiven) else "consent_deemed"
    answered = [
        asked._replace(answer=answer) if asked.agency == event.agency and asked.answer is None else asked
        for asked in now.opinions
    ]
    return now._replace(opinions=tuple(answered))


ASK_OPINION = Act(
    name="ask-opinion",
    summary="Ask another agency",
    description="Where the procedure's version says so. The clock runs; the agency's silence is consent.",
    body=AskOpinion,
    order=_order_request,
    command=AskAgency,
    decide=_ask,
    effects={OpinionRequested: _requested},
    same=("agency",),
    names="agency",
    faults={"agency-unknown": "agency"},
)
GIVE_OPINION = Act(
    name="give-opinion",
    summary="Record an opinion",
    description="What the agency answered.",
    body=GiveOpinion,
    order=_order_opinion,
    command=RecordOpinion,
    decide=_give,
    effects={OpinionGiven: _answered},
    same=("agency", "opinion"),
    faults={"opinion-not-asked": "agency"},
)
DEEM_CONSENT = Act(
    command=DeemConsent,
    decide=_deem,
    effects={ConsentDeemed: _answered},
    same=("agency",),
    beside_withdrawal=True,
)
ACTS = (ASK_OPINION, GIVE_OPINION, DEEM_CONSENT)
