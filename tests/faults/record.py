"""What a fault run was told and saw: every answer, every sample, and the state that was read when all was quiet.

Owns the shapes only. A record is plain data, so a checker is a pure function of it and a test can doctor one.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

LOST = 0
"""The status of an attempt whose answer never came."""

COUNT_FIELDS = (
    "submitted",
    "waiting_before",
    "waiting",
    "not_accepted",
    "received_new",
    "carried_over",
    "received",
    "resolved",
    "pending",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One attempt's outcome at one door; `status` is LOST when the connection broke or the wait ran out."""

    status: int
    body: Mapping[str, Any]
    door: str
    at_seconds: float


@dataclass(slots=True)
class Filing:
    """One intention to file: all attempts with one caller's key."""

    caller: str
    key: str
    email: str | None = None
    role: str = "portal"
    answers: list[Answer] = field(default_factory=list)
    phone: str | None = None

    @property
    def dossier_ids(self) -> list[str]:
        """The dossier named by each 201, in the order the answers came."""
        return [str(a.body["dossier_id"]) for a in self.answers if a.status == 201]


@dataclass(slots=True)
class Command:
    """One officer's act on one dossier: all attempts with one key."""

    act: str
    dossier_id: str
    caller: str
    key: str
    answers: list[Answer] = field(default_factory=list)
    turn: int = 0
    """1 for what is done once more after a reversal."""

    @property
    def granted(self) -> list[Answer]:
        return [a for a in self.answers if a.status == 200]


@dataclass(slots=True)
class Act:
    """One act of an applicant on one dossier, or one payment: all attempts with one key."""

    what: str
    dossier_id: str
    key: str
    answers: list[Answer] = field(default_factory=list)

    @property
    def sequences(self) -> set[int]:
        """The place among the applicant's acts that each receipt names."""
        return {int(a.body["sequence"]) for a in self.answers if a.status == 201}


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of a store's event table."""

    store: str
    position: int
    stream_id: str
    version: int
    event_id: str
    type: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Heard:
    """One record found on the topic at the end, in the order of its partition."""

    topic: str
    partition: int
    offset: int
    source: str
    dossier_id: str
    sequence: int
    event_id: str


@dataclass(frozen=True, slots=True)
class Sample:
    """What reporting's public door and its metric said at one moment."""

    at_seconds: float
    counts: Mapping[str, int]
    violations: float


@dataclass(frozen=True, slots=True)
class StepBack:
    """A reader's stored position of one partition that was overwritten by a smaller one."""

    reader: str
    partition: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Mail:
    """One message that the catcher took."""

    message_id: str
    to: str
    at_seconds: float


@dataclass(frozen=True, slots=True)
class Handed:
    """One text message that a provider was handed. `known`: it had taken one under this id before, and says so."""

    provider: str
    request_id: str
    to: str
    at_seconds: float
    known: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One text message as notify's table has it at the end. `request_id`: its id at the provider; its first one is the notice's."""

    notice_id: str
    dossier_id: str
    about: str
    number: int
    state: str
    reason: str | None
    request_id: str
    in_doubt: bool
    ambiguous: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice as notify's door shows it at the end."""

    notice_id: str
    dossier_id: str
    about: str
    channel: str
    status: str
    ambiguous: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one dossier stands according to a reader."""

    status: str
    version: int | None
    code: str | None
    history: tuple[str, ...] = ()
    held_by: tuple[str | None, str | None] = (None, None)
    """Unit and officer."""


@dataclass(frozen=True, slots=True)
class Fired:
    """What became true of a dossier by itself, as the sweeps noted it: for the due date, deadline or last day that `day` is."""

    dossier_id: str
    kind: str
    day: date
    true_at: datetime
    recorded_at: datetime


Rows = Mapping[str, Mapping[str, int]]


@dataclass(slots=True)
class Outcome:
    """The state read at the end, when every reader said that it had caught up."""

    stores: dict[str, list[Fact]] = field(default_factory=dict)
    topic: list[Heard] = field(default_factory=list)
    tracking: dict[str, Standing] = field(default_factory=dict)
    queue: dict[str, Standing] = field(default_factory=dict)
    counts: dict[str, Rows] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    """Where personal data was found that must not stand there."""
    dead_letters: dict[str, list[str]] = field(default_factory=dict)
    fired: list[Fired] = field(default_factory=list)
    looked_at: datetime | None = None
    ambiguous_counted: int = 0
    steps_back: list[StepBack] = field(default_factory=list)


@dataclass(slots=True)
class Record:
    """Everything a run leaves behind for the checkers."""

    seed: int
    planned: list[str] = field(default_factory=list)
    injected: list[str] = field(default_factory=list)
    filings: list[Filing] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    offices: dict[str, str] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    steps_back: list[StepBack] = field(default_factory=list)
    put_off: Counter[str] = field(default_factory=Counter)
    mail: list[Mail] = field(default_factory=list)
    handed: list[Handed] = field(default_factory=list)
    told: dict[str, str] = field(default_factory=dict)
    """What a provider truly told of a message, by its id, once notify had taken that."""
    asked: dict[str, str] = field(default_factory=dict)
    """The same when it was asked; whether its answer was heard, it does not know."""
    touched: Counter[str] = field(default_factory=Counter)
    """How many messages met each fault of each provider."""
    meant: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By fault, what must have met it: messages that a provider treated so, steps at which somebody was killed."""
    poison: dict[str, set[str]] = field(default_factory=dict)
    reordered: set[str] = field(default_factory=set)
    wiped: bool = False
    jumped: set[str] = field(default_factory=set)
    """The services whose clock was a day ahead for a while."""
    amiss: list[str] = field(default_factory=list)
    """What a fault itself saw while it stood, and should not have."""
    outcome: Outcome = field(default_factory=Outcome)


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise: which check saw it, of which kind (lost, doubled, wrong), and what exactly."""

    check: str
    kind: str
    what: str
