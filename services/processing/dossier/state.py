"""Where a dossier can stand in its life, and what each place allows. Data only.

The life of a dossier starts from its filing, which is intake's fact and no event of this log. What the applicant did since then is
heard from intake too, and stands beside the authority's own acts: the two come in any order.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import NamedTuple

from services.processing.clock.statutory import Clock
from services.processing.clock.working_days import ZONE, local_day
from services.processing.dossier.events import (
    ApologyIssued,
    DossierRejected,
    DossierResolved,
    DossierWithdrawn,
    Event,
    FeeRequested,
    ProcessingStopped,
    ResultCorrected,
    ResultReturned,
    SupplementRequested,
)


class Filing(NamedTuple):
    """What intake said when the dossier was submitted."""

    procedure: str
    office: str
    channel: str
    submitted_at: datetime

    @property
    def submitted_on(self) -> date:
        return local_day(self.submitted_at)


class Heard(NamedTuple):
    """An act of the applicant's, by its place in intake's log of the dossier. A payment has amount, currency and the way it came
    (None in what was heard before it was told), a supplement the version of the request that it answers."""

    sequence: int
    what: str
    at: datetime
    request: int | None = None
    amount: int | None = None
    currency: str | None = None
    method: str | None = None


class Asked(NamedTuple):
    """An agency that was asked for its opinion; `answer` is None while it is awaited, "consent_deemed" after its silence.

    `answer_by` is the last of `answer_days` working days after `asked_on`.
    """

    agency: str
    asked_on: date
    answer_by: date
    answer_days: int | None = None
    answer: str | None = None


class Submitted(NamedTuple):
    """Waiting for acceptance since `since_at`, when the intake clock began."""

    since_at: datetime
    requests: int = 0

    @property
    def status(self) -> str:
        return "submitted"

    @property
    def allowed(self) -> str:
        return "accept, reject, request-supplement"


class Held(NamedTuple):
    """Accepted, and with a step in processing. `requests` counts all supplements asked for, `requests_since` those after acceptance."""

    unit: str
    officer: str | None
    clock: Clock
    due_on: date | None
    step: str | None = None
    requests: int = 0
    requests_since: int = 0
    apology: ApologyIssued | None = None
    opinions: tuple[Asked, ...] = ()
    project_class: str | None = None

    @property
    def allowed(self) -> str:
        return (
            "forward, send-back, resolve, stop, request-supplement, request-fee, ask-opinion, give-opinion, extend, "
            "apologise, hand-over, reverse"
        )

    @property
    def status(self) -> str:
        return "in_processing" if self.step else "accepted"


class AwaitingSupplement(NamedTuple):
    """`sequence` is the version of the request."""

    before: Submitted | Held
    request: SupplementRequested
    sequence: int

    @property
    def status(self) -> str:
        return "supplement_requested"

    @property
    def allowed(self) -> str:
        end = "reject" if isinstance(self.before, Submitted) else "stop"
        return f"accept-supplement, request-supplement once it came, {end} after its deadline, hand-over, reverse"


class AwaitingPayment(NamedTuple):
    """The fee is asked for; nothing else goes on. `sequence` is the version of the request."""

    before: Held
    request: FeeRequested
    sequence: int

    @property
    def status(self) -> str:
        return "payment_requested"

    @property
    def allowed(self) -> str:
        return "confirm-fee, waive-fee, stop after its deadline, hand-over, reverse"


class Ended(NamedTuple):
    """Ended by an act; the corrections of a result stand beside it. A resolved one waits for its result to be returned."""

    before: Submitted | Held | AwaitingSupplement | AwaitingPayment | Ended
    by: DossierRejected | DossierWithdrawn | ProcessingStopped | DossierResolved | ResultReturned
    correction: ResultCorrected | None = None

    @property
    def status(self) -> str:
        return STATUS_BY[type(self.by)]

    @property
    def allowed(self) -> str:
        return "return, reverse" if self.status == "resolved" else "correct, reverse"


State = Submitted | Held | AwaitingSupplement | AwaitingPayment | Ended

STATUS_BY: dict[type, str] = {
    DossierRejected: "rejected",
    DossierWithdrawn: "withdrawn",
    ProcessingStopped: "stopped",
    DossierResolved: "resolved",
    ResultReturned: "returned",
}


class Dossier(NamedTuple):
    """A dossier as its filing, the authority's acts and the applicant's have left it.

    `since` is the day of the latest act, before which none may be dated; `acts` are all of them, the n-th at version n.
    `answered` is the sequence of the last request to withdraw that was answered.
    """

    filing: Filing
    since: date
    now: State
    acts: tuple[Event, ...] = ()
    heard: tuple[Heard, ...] = ()
    answered: int = 0

    @property
    def withdrawal(self) -> int | None:
        """The sequence of a request to withdraw that waits for its answer."""
        if not self.heard or isinstance(self.now, Ended):
            return None
        return self.asked if self.asked > self.answered else None

    @property
    def asked(self) -> int:
        """The sequence of the last request to withdraw, 0 for none."""
        return max((h.sequence for h in self.heard if h.what == "WithdrawalRequested"), default=0)

    @property
    def status(self) -> str:
        return "withdrawal_requested" if self.withdrawal else self.now.status

    @property
    def allowed(self) -> str:
        return "withdraw, refuse-withdrawal" if self.withdrawal else self.now.allowed

    @property
    def held(self) -> Held | None:
        """How it is, or was last, held; None before acceptance."""
        return held_of(self.now)

    @property
    def due_on(self) -> date | None:
        return due_on_of(self.now)


def held_of(state: State) -> Held | None:
    """How a dossier in this state is held, or was at its end."""
    while not isinstance(state, Submitted | Held):
        state = state.before
    return state if isinstance(state, Held) else None


def due_on_of(state: State) -> date | None:
    """The due date; None before acceptance, while the clock stands still, and where there is none."""
    if isinstance(state, Held):
        return state.due_on
    if isinstance(state, Submitted):
        return None
    if isinstance(state, Ended):
        return due_on_of(state.before)
    return None if state.request.clock == "paused" else due_on_of(state.before)


def with_due_on(now: State, due_on: date | None) -> State:
    """Of a clock that runs; one that stands still has no due date to change."""
    if isinstance(now, Submitted | Ended) or (not isinstance(now, Held) and now.request.clock == "paused"):
        return now
    return with_held(now, lambda held: held._replace(due_on=due_on)) or now


def with_held(
    now: Held | AwaitingSupplement | AwaitingPayment, change: Callable[[Held], Held]
) -> State | None:
    """Changes how an open dossier is held; None before acceptance."""
    if isinstance(now, Held):
        return change(now)
    if isinstance(now, AwaitingPayment):
        return now._replace(before=change(now.before))
    return now._replace(before=change(now.before)) if isinstance(now.before, Held) else None


def running_clock(dossier: Dossier) -> Clock | None:
    """Of a held dossier that waits for nobody: all its dates are the due date, and that follows from the clock alone."""
    now = dossier.now
    if not isinstance(now, Held) or now.due_on is None or any(asked.answer is None for asked in now.opinions):
        return None
    return now.clock


def new(filing: Filing, heard: tuple[Heard, ...] = ()) -> Dossier:
    """A dossier on which nobody has acted."""
    return Dossier(filing, filing.submitted_on, Submitted(filing.submitted_at.astimezone(ZONE)), (), heard)
