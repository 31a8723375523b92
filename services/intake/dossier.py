"""Decides what applicants do with a dossier: submit it. Pure: no clock, no ids, no look-ups, and no personal data at all.

What was filed stands in the people store; the event carries a salted commitment to it, which proves and does not tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Literal
from uuid import UUID

from contracts.procedure import Abolition, Procedure
from services.chassis.decider import EventTypes, Rejected

Door = Literal["portal", "desk", "import"]

CHANNELS_OF_DOOR: dict[Door, frozenset[str]] = {
    "portal": frozenset({"online"}),
    "desk": frozenset({"in_person", "postal"}),
    "import": frozenset({"online", "in_person", "postal"}),
}


@dataclass(frozen=True, slots=True)
class SubmitDossier:
    """`on` is the local day of the submission, `door` where it came in; `reachable` says that the applicant left a way to be told."""

    on: date
    door: Door
    procedure: str
    office: str
    channel: str
    applicant_id: UUID
    reachable: bool
    content_commitment: str


@dataclass(frozen=True, slots=True)
class DossierSubmitted:
    procedure: str
    office: str
    channel: str
    applicant_id: UUID
    reachable: bool
    content_commitment: str


@dataclass(frozen=True, slots=True)
class SupplementProvided:
    """`request` is the sequence of the authority's request that it answers."""

    request: int | None
    content_commitment: str


@dataclass(frozen=True, slots=True)
class WithdrawalRequested:
    reason: str


@dataclass(frozen=True, slots=True)
class FeePaid:
    """Whole units of the currency."""

    amount: int
    currency: str
    method: str


Event = DossierSubmitted | SupplementProvided | WithdrawalRequested | FeePaid
EVENTS: EventTypes[Event] = EventTypes(
    {
        "DossierSubmitted": DossierSubmitted,
        "SupplementProvided": SupplementProvided,
        "WithdrawalRequested": WithdrawalRequested,
        "FeePaid": FeePaid,
    }
)


@dataclass(frozen=True, slots=True)
class Unsubmitted:
    """Nothing has happened yet."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """The applicant has filed; all that follows is the authority's."""

    content_commitment: str


Dossier = Unsubmitted | Submitted
INITIAL = Unsubmitted()


def decide(
    command: SubmitDossier, state: Dossier, procedures: Mapping[str, Procedure]
) -> Sequence[Event] | Rejected:
    """`procedures` is the catalogue; a dossier is submitted under the version of its day."""
    if isinstance(state, Submitted):
        # The same submission again changes nothing; another one under this id is not this dossier's.
        if state.content_commitment == command.content_commitment:
            return []
        return Rejected("already-submitted", "this dossier was submitted with other content")
    procedure = procedures.get(command.procedure)
    if procedure is None:
        return Rejected("procedure-unknown", "no such procedure; GET /v1/procedures lists them")
    in_force = procedure.version_on(command.on)
    if in_force is None:
        since = procedure.versions[0].effective_from
        return Rejected("procedure-not-yet-in-force", f"this procedure can be applied for from {since} on")
    if isinstance(in_force, Abolition):
        return Rejected("procedure-abolished", f"this procedure was abolished on {in_force.effective_from}")
    allowed = CHANNELS_OF_DOOR[command.door]
    if command.channel not in allowed:
        return Rejected("channel-not-allowed", f"here only: {', '.join(sorted(allowed))}")
    return [
        DossierSubmitted(
            command.procedure,
            command.office,
            command.channel,
            command.applicant_id,
            command.reachable,
            command.content_commitment,
        )
    ]


def evolve(state: Dossier, event: Event) -> Dossier:
    return Submitted(event.content_commitment)


def fold(events: Iterable[Event]) -> Dossier:
    initial: Dossier = INITIAL
    return reduce(evolve, events, initial)
