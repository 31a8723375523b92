"""Random lives of dossiers, the messages in which two producers tell them, and a slow oracle of what the book must say.

The oracle follows one dossier after the other and shares no code with the service.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from contracts import envelope, intake, processing
from services.chassis.kafka.ordering import Delivered
from services.chassis.kafka.records import Record

PROCEDURES = ("1.009982", "1.009974", "1.006871")
OFFICES = ("H29.015.00", "H29.016.00")
CHANNELS = ("online", "in_person", "postal")
VIETNAM = timedelta(hours=7)
START = datetime(2023, 1, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Life:
    """One dossier: when what happened, in hours after the start. `end` is rejected, resolved or nothing yet."""

    number: int
    procedure: str
    office: str
    channel: str
    submitted: int
    accepted: int | None = None
    ended: int | None = None
    due_on: date | None = None
    accepting_office: str = ""
    stopped: bool = False
    """It ended by being stopped, not by a decision."""

    @property
    def stream_id(self) -> UUID:
        return UUID(int=(0x0185 << 112) | (7 << 76) | (2 << 62) | self.number)


@dataclass(frozen=True, slots=True)
class Told:
    """One event as its producer stored it."""

    source: str
    sequence: int
    message: Any
    stream_id: UUID
    at: datetime

    def attributes(self) -> envelope.Attributes:
        event_id = UUID(
            int=self.stream_id.int ^ (self.sequence << 40) ^ (0 if self.source == "intake" else 1 << 50)
        )
        return envelope.Attributes(
            event_id, self.source, self.message.type_name, self.stream_id, self.sequence, self.at, self.at
        )


@st.composite
def lives(draw: st.DrawFn, most: int = 12) -> list[Life]:
    """Up to `most` dossiers over two months, each waiting, rejected, pending, resolved or stopped."""
    made = []
    for number in range(draw(st.integers(1, most))):
        submitted = draw(st.integers(0, 1400))
        stage = draw(st.sampled_from(("waiting", "rejected", "pending", "resolved", "resolved", "stopped")))
        wait, work = draw(st.integers(0, 60)), draw(st.integers(0, 700))
        office = draw(st.sampled_from(OFFICES))
        made.append(
            Life(
                number=number,
                procedure=draw(st.sampled_from(PROCEDURES)),
                office=office,
                channel=draw(st.sampled_from(CHANNELS)),
                submitted=submitted,
                accepted=submitted + wait if stage in ("pending", "resolved", "stopped") else None,
                ended={
                    "rejected": submitted + wait,
                    "resolved": submitted + wait + work,
                    "stopped": submitted + wait + work,
                }.get(stage),
                stopped=stage == "stopped",
                due_on=draw(st.one_of(st.none(), st.dates(date(2023, 1, 1), date(2023, 3, 31)))),
                accepting_office=draw(st.sampled_from((office, office, *OFFICES))),
            )
        )
    return made


def told(life: Life) -> list[Told]:
    """The life in its producers' words: intake's first, then processing's in their order."""

    def at(hours: int) -> datetime:
        return START + hours * HOUR

    submitted = intake.DossierSubmitted(
        procedure=life.procedure,
        office=life.office,
        channel=life.channel,  # type: ignore[arg-type]
        applicant_id=life.stream_id,
        contact_change=life.number + 1,
        content_commitment="0" * 64,
    )
    acts: list[tuple[Any, int]] = []
    if life.accepted is not None:
        accepted = processing.DossierAccepted(
            sealed_code="sealed",
            procedure=life.procedure,
            level="partial" if life.procedure == "1.009974" else "full",
            office=life.accepting_office or life.office,
            unit="QLXD",
            channel=life.channel,  # type: ignore[arg-type]
            due_on=life.due_on,
        )
        acts += [
            (accepted, life.accepted),
            (processing.DossierForwarded(unit="QLXD", step="thu_ly"), life.accepted),
        ]
    if life.ended is not None and life.accepted is None:
        acts.append((processing.DossierRejected(reason="incomplete"), life.ended))
    if life.ended is not None and life.accepted is not None and life.stopped:
        sorry = processing.ApologyIssued(reason="workload", appointment_on=date(2023, 4, 3), in_time=True)
        stopped = processing.ProcessingStopped(reason="not_competent", due_on=life.due_on)
        corrected = processing.ResultCorrected(reason="wrong_data", document="1/QĐ-SXD")
        acts += [(sorry, life.accepted), (stopped, life.ended), (corrected, life.ended)]
    elif life.ended is not None and life.accepted is not None:
        resolved = processing.DossierResolved(outcome="granted", due_on=life.due_on, late_reason=None)
        acts += [(resolved, life.ended), (processing.ResultReturned(method="online"), life.ended)]
    return [
        Told("intake", 1, submitted, life.stream_id, at(life.submitted)),
        *(
            Told("processing", version, act, life.stream_id, at(hours))
            for version, (act, hours) in enumerate(acts, start=1)
        ),
    ]


@st.composite
def tellings(draw: st.DrawFn, histories: Sequence[Life]) -> list[Told]:
    """All events in one order that keeps each producer's, some of them told twice; nothing else is promised."""
    queues = [
        [event for event in told(life) if event.source == source]
        for life in histories
        for source in ("intake", "processing")
    ]
    queues = [queue for queue in queues if queue]
    order: list[Told] = []
    while queues:
        queue = draw(st.sampled_from(queues))
        order.append(queue.pop(0))
        if order and draw(st.integers(0, 9)) == 0:
            order.append(draw(st.sampled_from(order)))
        queues = [queue for queue in queues if queue]
    return order


def record(event: Told, offset: int, partition: int = 0) -> Record:
    key, value, headers = envelope.encode(event.attributes(), event.message)
    return Record("dossiers", partition, offset, key, value, headers)


def delivered(event: Told, data: Any, partition: int = 0) -> Delivered:
    a = event.attributes()
    return Delivered(
        "dossiers",
        partition,
        0,
        a.id,
        a.source,
        a.type,
        a.subject,
        a.sequence,
        a.time,
        a.recorded_at,
        None,
        None,
        data,
    )


Flow = tuple[str, str, date, str, str, str]
"""Flow, timeliness, day, procedure, office, channel."""


def book(histories: Iterable[Life]) -> Counter[Flow]:
    """What the entries must add up to, dossier by dossier."""
    sums: Counter[Flow] = Counter()
    for life in histories:
        office = (life.accepting_office or life.office) if life.accepted is not None else life.office
        row = (life.procedure, office, life.channel)
        sums["submitted", "", _day(life.submitted), *row] += 1
        if life.accepted is not None:
            sums["received_new", "", _day(life.accepted), *row] += 1
            if life.ended is not None:
                how = _timely(_day(life.ended), life.due_on)
                if life.stopped and how == "early":
                    how = "on_time"  # only a decision can be early
                sums["resolved", how, _day(life.ended), *row] += 1
        elif life.ended is not None:
            sums["not_accepted", "", _day(life.ended), *row] += 1
    return sums


def stocks(histories: Iterable[Life], first: date, last: date) -> dict[str, int]:
    """The four stocks of a window, each counted from the list of dossiers."""
    numbers = dict.fromkeys(("waiting_before", "waiting", "carried_over", "pending"), 0)
    for life in histories:
        submitted = _day(life.submitted)
        accepted = _day(life.accepted) if life.accepted is not None else date.max
        ended = _day(life.ended) if life.ended is not None else date.max
        left_waiting = min(accepted, ended)
        numbers["waiting_before"] += submitted < first <= left_waiting
        numbers["waiting"] += submitted <= last < left_waiting
        numbers["carried_over"] += accepted < first <= ended
        numbers["pending"] += accepted <= last < ended
    return numbers


def _day(hours: int) -> date:
    return (START + hours * HOUR + VIETNAM).date()


def _timely(ended_on: date, due_on: date | None) -> str:
    if due_on is None or due_on == ended_on:
        return "on_time"
    return "early" if ended_on < due_on else "late"
