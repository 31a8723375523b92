"""Random whole lives of dossiers, as two producers tell them, and the marks that a reader who knows the end would draw of them.

What was reversed leaves no mark.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from contracts import intake, processing
from tests.reporting.histories import CHANNELS, HOUR, OFFICES, PROCEDURES, START, VIETNAM, Life, Told
from tests.reporting.marks import Mark

LEVELS = {code: "partial" if code == "1.009974" else "full" for code in PROCEDURES}


@dataclass
class Whole:
    """A life as it grows: what was told of it, and its marks."""

    number: int
    channel: str
    told: list[Told] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    status: str = "submitted"
    due_on: date | None = None
    changes: list[tuple[int, str, str, date | None, bool]] = field(default_factory=list)
    hours: int = 0

    @property
    def stream_id(self) -> Any:
        return Life(self.number, "", "", "", 0).stream_id

    @property
    def now(self) -> Mark:
        return self.marks[-1]

    @property
    def day(self) -> date:
        return (START + self.hours * HOUR + VIETNAM).date()

    def say(self, message: Any) -> int:
        """Tells a message; its sequence."""
        source: str = message.owner
        sequence: int = 1 + sum(event.source == source for event in self.told)
        self.told.append(Told(source, sequence, message, self.stream_id, START + self.hours * HOUR))
        return sequence

    def act(self, message: Any, status: str, due_on: date | None = None, **mark: Any) -> None:
        """An act of processing's, and the mark it leaves when something that is counted is another then."""
        sequence = self.say(message)
        before = (self.status, self.due_on)
        self.status, self.due_on = status, due_on
        if self.now.phase == "pending" or mark:
            mark.setdefault("due_on", due_on)
        after = replace(self.now, **mark)
        left = after != self.now
        if left:
            self.marks.append(replace(after, act=sequence, day=self.day))
        if not isinstance(message, (*NO_CHANGES,)):
            self.changes.append((sequence, message.type_name.split(".")[0], *before, left))

    def reverse(self, moved: bool) -> None:
        act, name, status, due_on, left = self.changes.pop()
        if not left:
            due_on = self.due_on
        elif moved and due_on and status in ("accepted", "in_processing"):
            due_on += timedelta(days=2)  # a day off was declared meanwhile
        told = processing.DossierReversed(
            sequence=act,
            event=name,
            reason="wrong_decision",
            document="1/QĐ-SXD",
            status=status,  # type: ignore[arg-type]
            due_on=due_on,
        )
        sequence, sorry = self.say(told), self.now.sorry
        self.status, self.due_on = status, due_on
        if left:
            self.marks = [mark for mark in self.marks if mark.act < act]
        stood = self.now
        if stood.phase == "pending" and (stood.due_on, stood.sorry) != (due_on, sorry):
            self.marks.append(replace(stood, act=sequence, day=self.day, due_on=due_on, sorry=sorry))


NO_CHANGES = (
    processing.ApologyIssued,
    processing.DueDateChanged,
    processing.DueDateExtended,
    processing.DeadlineChanged,
    processing.OpinionDeadlineChanged,
    processing.ResultCorrected,
    processing.SupplementLapsed,
    processing.WithdrawalRefused,
    processing.DossierHandedOver,
)
HELD = ("accepted", "in_processing")
ENDED = ("rejected", "withdrawn", "stopped", "returned")
ALLOWED = {
    "submitted": ("accept", "accept", "reject", "ask", "withdraw"),
    "accepted": (
        "forward",
        "ask",
        "fee",
        "extend",
        "change",
        "sorry",
        "resolve",
        "stop",
        "withdraw",
        "refuse",
    ),
    "in_processing": ("ask", "fee", "extend", "change", "sorry", "resolve", "stop", "withdraw", "hand_over"),
    "supplement_requested": ("supplied", "supplied", "postpone", "lapse", "end", "withdraw"),
    "payment_requested": ("paid", "waive", "stop", "withdraw"),
    "resolved": ("give_back",),
    **dict.fromkeys(ENDED, ("correct",)),
}


@st.composite
def whole_lives(draw: st.DrawFn, most: int = 5, steps: int = 9) -> list[Whole]:
    return [draw(_life(number, steps)) for number in range(draw(st.integers(1, most)))]


@st.composite
def _life(draw: st.DrawFn, number: int, steps: int) -> Whole:
    row = (draw(st.sampled_from(PROCEDURES)), draw(st.sampled_from(OFFICES)))
    life = Whole(number, draw(st.sampled_from(CHANNELS)), hours=draw(st.integers(0, 700)))
    submitted = intake.DossierSubmitted(
        procedure=row[0],
        office=row[1],
        channel=life.channel,  # type: ignore[arg-type]
        applicant_id=life.stream_id,
        contact_change=1,
        content_commitment="0" * 64,
    )
    life.say(submitted)
    life.marks.append(Mark(0, life.day, "waiting", row=(*row, LEVELS[row[0]])))
    for _ in range(draw(st.integers(0, steps))):
        life.hours += draw(st.integers(0, 200))
        allowed = (*ALLOWED[life.status], *(("reverse",) if life.changes else ()))
        DO[draw(st.sampled_from(allowed))](life, draw)
    return life


def _accept(life: Whole, draw: st.DrawFn) -> None:
    procedure, office = draw(st.sampled_from(PROCEDURES)), draw(st.sampled_from(OFFICES))
    due_on = draw(st.one_of(st.none(), st.dates(date(2023, 1, 1), date(2023, 4, 30))))
    late = draw(st.booleans())
    accepted = processing.DossierAccepted(
        sealed_code="sealed",
        procedure=procedure,
        level=LEVELS[procedure],  # type: ignore[arg-type]
        office=office,
        unit="QLXD",
        channel=life.channel,  # type: ignore[arg-type]
        due_on=due_on,
        late=late,
    )
    row = (procedure, office, LEVELS[procedure])
    life.act(accepted, "accepted", due_on, phase="pending", late=late, sorry=False, row=row)


def _ask(life: Whole, draw: st.DrawFn) -> None:
    paused = draw(st.booleans())
    due_on = None if paused or life.now.phase == "waiting" else life.due_on
    requested = processing.SupplementRequested(
        number=1,
        papers=(),
        deadline_on=date(2023, 6, 1),
        clock="paused" if paused else "runs",
        late=False,
        due_on=due_on,
    )
    life.act(requested, "supplement_requested", due_on)


def _supplied(life: Whole, draw: st.DrawFn) -> None:
    life.say(intake.SupplementProvided(request=None, content_commitment="0" * 64))
    waiting = life.now.phase == "waiting"
    due_on = None if waiting else draw(st.dates(date(2023, 1, 1), date(2023, 4, 30)))
    status = "submitted" if waiting else "accepted"
    life.act(processing.SupplementAccepted(status=status, due_on=due_on, late=False), status, due_on)  # type: ignore[arg-type]


def _fee(life: Whole, draw: st.DrawFn) -> None:
    paused = draw(st.booleans())
    due_on = None if paused else life.due_on
    requested = processing.FeeRequested(
        amount_vnd=1, deadline_on=date(2023, 6, 1), clock="paused" if paused else "runs", due_on=due_on
    )
    life.act(requested, "payment_requested", due_on)


def _settled(life: Whole, draw: st.DrawFn, how: str) -> None:
    due_on = draw(st.dates(date(2023, 1, 1), date(2023, 4, 30)))
    if how == "paid":
        life.say(intake.FeePaid(amount=1, currency="VND", method="online"))
        life.act(processing.FeeConfirmed(payment=2, status="accepted", due_on=due_on), "accepted", due_on)
    else:
        waived = processing.FeeWaived(reason="agency_error", status="accepted", due_on=due_on)
        life.act(waived, "accepted", due_on)


def _change(life: Whole, draw: st.DrawFn) -> None:
    if life.due_on:
        old, due_on = life.due_on, life.due_on + timedelta(days=draw(st.integers(-3, 5)))
        life.act(processing.DueDateChanged(old_due_on=old, due_on=due_on, days=()), life.status, due_on)


def _extend(life: Whole, draw: st.DrawFn) -> None:
    if life.due_on:
        due_on = life.due_on + timedelta(days=7)
        extended = processing.DueDateExtended(reason="complex_case", amount=7, due_on=due_on)
        life.act(extended, life.status, due_on)


def _sorry(life: Whole, draw: st.DrawFn) -> None:
    sorry = processing.ApologyIssued(reason="workload", appointment_on=date(2023, 6, 1), in_time=True)
    life.act(sorry, life.status, life.due_on, sorry=True)


def _end(life: Whole, draw: st.DrawFn, status: str) -> None:
    due_on, waiting = life.due_on, life.now.phase == "waiting"
    messages: dict[str, Callable[[], Any]] = {
        "rejected": lambda: processing.DossierRejected(reason="incomplete"),
        "withdrawn": lambda: processing.DossierWithdrawn(request=1, due_on=due_on),
        "stopped": lambda: processing.ProcessingStopped(reason="not_supplemented", due_on=due_on),
        "resolved": lambda: processing.DossierResolved(outcome="granted", due_on=due_on, late_reason=None),
    }
    if status == "withdrawn":
        life.say(intake.WithdrawalRequested(reason="other"))
    how = "on_time"
    if due_on and life.day > due_on:
        how = "late"
    elif due_on and life.day < due_on and status == "resolved":
        how = "early"
    life.act(messages[status](), status, due_on, phase=status, how="" if waiting else how)


def _plain(message: Any, status: str | None = None) -> Callable[[Whole, st.DrawFn], None]:
    return lambda life, draw: life.act(message, status or life.status, life.due_on)


DO: dict[str, Callable[[Whole, Any], None]] = {
    "accept": _accept,
    "ask": _ask,
    "supplied": _supplied,
    "fee": _fee,
    "paid": lambda life, draw: _settled(life, draw, "paid"),
    "waive": lambda life, draw: _settled(life, draw, "waived"),
    "change": _change,
    "extend": _extend,
    "sorry": _sorry,
    "reject": lambda life, draw: _end(life, draw, "rejected"),
    "resolve": lambda life, draw: _end(life, draw, "resolved"),
    "stop": lambda life, draw: _end(life, draw, "stopped"),
    "withdraw": lambda life, draw: _end(life, draw, "withdrawn"),
    "end": lambda life, draw: _end(life, draw, "rejected" if life.now.phase == "waiting" else "stopped"),
    "forward": _plain(processing.DossierForwarded(unit="QLXD", step="thu_ly"), "in_processing"),
    "give_back": _plain(processing.ResultReturned(method="online"), "returned"),
    "correct": _plain(processing.ResultCorrected(reason="wrong_data", document="1/QĐ-SXD")),
    "postpone": _plain(
        processing.DeadlineChanged(
            asked="supplement",
            request=2,
            old_deadline_on=date(2023, 5, 31),
            deadline_on=date(2023, 6, 1),
            days=(),
        )
    ),
    "lapse": _plain(processing.SupplementLapsed(deadline_on=date(2023, 6, 1))),
    "hand_over": _plain(processing.DossierHandedOver(unit="QLXD", how="taken")),
    "refuse": _plain(processing.WithdrawalRefused(request=1, reason="already_signed", status="accepted")),
    "reverse": lambda life, draw: life.reverse(draw(st.booleans())),
}
