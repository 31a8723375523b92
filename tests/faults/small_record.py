"""A small record of a run in which nothing went wrong: seven dossiers, one poison, one ambiguous e-mail, four text messages."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from tests.faults import checks, oracle
from tests.faults.record import (
    LOST,
    Act,
    Answer,
    Command,
    Fact,
    Filing,
    Fired,
    Handed,
    Heard,
    Mail,
    Message,
    Notice,
    Outcome,
    Record,
    Sample,
)

OFFICE = "H29.015.00"
START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
SUBMITTED = {"procedure": "1.009982", "office": OFFICE, "channel": "online"}
DUE = SUBMITTED | {"unit": "x", "due_on": "2026-11-19"}
SILENT_UNTIL, SILENT_SINCE = "2026-11-18", datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
TODAY = "2026-11-20"
PHONE = "+84912000001"
TOLD = ("DossierSubmitted", "DossierAccepted", "DossierResolved", "ResultReturned")
LAWFUL = {
    "submitted": 7,
    "waiting_before": 0,
    "waiting": 0,
    "not_accepted": 1,
    "received_new": 6,
    "carried_over": 0,
    "received": 6,
    "resolved": 3,
    "pending": 3,
}


def code(number: int) -> str:
    return f"{OFFICE}-261120-{number:04}"


def fact(store: str, position: int, dossier: str, version: int, kind: str, **data: object) -> Fact:
    """A row whose times follow from its position."""
    at = START + timedelta(minutes=position)
    return Fact(store, position, dossier, version, f"{store}-{position}", kind, at, at, "portal/p1", data)


def by(actor: str, recorded: Fact) -> Fact:
    return replace(recorded, actor=actor)


def found_late(recorded: Fact) -> Fact:
    """What became true by itself two days ago."""
    return replace(recorded, occurred_at=SILENT_SINCE, actor="system/processing")


def good_record() -> Record:
    """d1 goes the whole way, d2 is rejected, d3 is accepted and pending, d4 is stopped; d5 is supplemented and paid for, its
    withdrawal is refused, its end reversed, and then it is taken back; d6 is passed on, asked about, and its fee is waived; of d7
    an agency and the applicant are silent."""
    intake = [
        fact("intake", 1, "d5", 1, "DossierSubmitted", **SUBMITTED),
        fact("intake", 2, "d5", 2, "SupplementProvided", request=2),
        fact("intake", 3, "d5", 3, "FeePaid", amount=300_000, currency="VND"),
        fact("intake", 4, "d5", 4, "WithdrawalRequested"),
        fact("intake", 5, "d5", 5, "WithdrawalRequested"),
        *[fact("intake", 5 + n, f"d{n}", 1, "DossierSubmitted", **SUBMITTED) for n in (1, 2, 3, 4)],
        *[fact("intake", 4 + n, f"d{n}", 1, "DossierSubmitted", **SUBMITTED) for n in (6, 7)],
    ]
    processing = [
        fact("processing", 1, "d1", 1, "DossierAccepted", **SUBMITTED, on="2026-11-20", number=1),
        fact("processing", 2, "d2", 1, "DossierRejected", reason="incomplete"),
        fact("processing", 3, "d1", 2, "DossierForwarded", unit="x", step="thu_ly"),
        fact("processing", 4, "d3", 1, "DossierAccepted", **SUBMITTED, on="2026-11-20", number=2),
        fact("processing", 5, "d1", 3, "DossierResolved", outcome="granted"),
        fact("processing", 6, "d1", 4, "ResultReturned", method="postal"),
        fact("processing", 7, "d4", 1, "DossierAccepted", **SUBMITTED, on="2026-11-20", number=3),
        fact("processing", 8, "d4", 2, "ApologyIssued", reason="workload"),
        fact("processing", 9, "d4", 3, "ProcessingStopped", reason="not_competent"),
        fact("processing", 10, "d4", 4, "ResultCorrected", reason="wrong_data"),
        fact("processing", 11, "d6", 1, "DossierAccepted", **DUE, on=TODAY, number=5),
        by("officer/o1", _given(12, 2, "taken", "x", "o1")),
        by("supervisor/s1", _given(13, 3, "assigned", "x", "o2")),
        by("officer/o2", _given(14, 4, "handed_over", "x", "o3")),
        by("officer/o3", fact("processing", 15, "d6", 5, "OpinionRequested", agency="A", answer_by=TODAY)),
        by("officer/o3", fact("processing", 16, "d6", 6, "OpinionGiven", agency="A", opinion="agreed")),
        by("officer/o3", fact("processing", 17, "d6", 7, "FeeRequested", deadline_on="2026-12-18")),
        by("supervisor/s1", fact("processing", 18, "d6", 8, "FeeWaived", status="accepted")),
        by("supervisor/s1", _given(19, 9, "transferred", "y", None)),
        fact("processing", 20, "d7", 1, "DossierAccepted", **SUBMITTED, on=TODAY, number=6),
        fact("processing", 21, "d7", 2, "OpinionRequested", agency="B", answer_by=SILENT_UNTIL),
        found_late(fact("processing", 22, "d7", 3, "ConsentDeemed", agency="B", on=TODAY)),
        fact("processing", 23, "d7", 4, "SupplementRequested", deadline_on=SILENT_UNTIL),
        found_late(fact("processing", 24, "d7", 5, "SupplementLapsed", on=TODAY)),
        fact("processing", 25, "d5", 1, "DossierAccepted", **SUBMITTED, on="2026-11-20", number=4),
        fact("processing", 26, "d5", 2, "SupplementRequested"),
        fact("processing", 27, "d5", 3, "SupplementAccepted", status="accepted"),
        fact("processing", 28, "d5", 4, "FeeRequested", amount_vnd=300_000),
        fact("processing", 29, "d5", 5, "FeeConfirmed", payment=3, status="accepted"),
        fact("processing", 30, "d5", 6, "WithdrawalRefused", request=4),
        fact("processing", 31, "d5", 7, "DossierResolved", outcome="granted"),
        fact("processing", 32, "d5", 8, "DossierReversed", sequence=7),
        fact("processing", 33, "d5", 9, "DossierWithdrawn", request=5),
    ]
    lives = oracle.replay(intake, processing)
    notices = [
        Notice(f"n{n}", dossier, about, channel, _status(dossier, channel), n == 1)
        for n, (dossier, about, channel) in enumerate(sorted(oracle.notices(lives).elements()), 1)
    ]
    mail = [
        Mail(f"<{n.notice_id}@motcua>", f"{n.dossier_id}@example.org", 5.0)
        for n in notices
        if (n.channel, n.status) == ("email", "sent")
    ]
    messages = [_message(n, about) for n, about in enumerate(TOLD, 1)]
    topic = [
        Heard("dossiers", 0, n, f.store, f.stream_id, f.version, f.event_id)
        for n, f in enumerate([*intake, *processing])
    ]
    return Record(
        seed=1,
        planned=["kill intake"],
        injected=["kill intake"],
        filings=[_filing(n) for n in (1, 2, 3, 4, 5, 6, 7)],
        commands=[_command(f) for f in processing if checks.what(f) in checks.ACTS.values()],
        acts=[_act(f) for f in intake if f.type != "DossierSubmitted"],
        samples=[Sample(float(n), LAWFUL, 0.0) for n in range(20)],
        mail=[*mail, mail[0]],
        handed=[
            *[Handed("first", m.notice_id, PHONE, float(m.number)) for m in messages],
            Handed("first", "m1", PHONE, 1.5, known=True),
            Handed("second", "m2-again", PHONE, 2.5),
            Handed("second", "m2-again", PHONE, 2.6),
        ],
        told={"m1": "delivered", "m2": "carrier", "m4": "unreachable"},
        poison={"reporting": {"bad-1"}, "notify": {"bad-1"}},
        outcome=Outcome(
            stores={"intake": intake, "processing": processing},
            topic=[*topic, topic[0]],
            tracking=dict(oracle.standings(lives)),
            queue=dict(oracle.standings(lives)),
            counts=dict(oracle.counts(lives)),
            notices=notices,
            messages=messages,
            dead_letters={"reporting": ["bad-1", "bad-1"], "notify": ["bad-1"]},
            fired=[
                _fired("d6", "due_today", 19, datetime(2026, 11, 19, 0, 30, tzinfo=UTC)),
                _fired("d6", "overdue", 19, datetime(2026, 11, 19, 17, 0, tzinfo=UTC)),
                _fired("d7", "consent_deemed", 18, SILENT_SINCE),
            ],
            looked_at=START + timedelta(hours=4),
            ambiguous_counted=1,
        ),
    )


def _given(position: int, version: int, how: str, unit: str, officer: str | None) -> Fact:
    return fact(
        "processing", position, "d6", version, "DossierHandedOver", how=how, unit=unit, officer=officer
    )


def _fired(dossier: str, kind: str, day: int, true_at: datetime) -> Fired:
    return Fired(dossier, kind, date(2026, 11, day), true_at, START)


def _message(number: int, about: str) -> Message:
    """The second failed at the first provider, and may have gone out twice by the other; the last one reached nobody."""
    states = {1: ("delivered", None), 4: ("failed", "unreachable")}
    state, reason = states.get(number, ("sent", None))
    request_id = f"m{number}{'-again' if number == 2 else ''}"
    return Message(f"m{number}", "d1", about, number, state, reason, request_id, False, number == 2)


def _status(dossier: str, channel: str) -> str:
    return "failed" if (dossier, channel) == ("d3", "email") else "sent"


def _filing(number: int) -> Filing:
    told = Answer(201, {"dossier_id": f"d{number}"}, "intake", 1.0)
    email = None if number == 3 else f"d{number}@example.org"
    answers = [Answer(LOST, {}, "intake", 0.5), told, told]
    return Filing("p1", f"k{number}", email, "portal", answers, PHONE if number == 1 else None)


def _code(recorded: Fact) -> str | None:
    return code(int(recorded.data["number"])) if recorded.type == "DossierAccepted" else None


def _command(recorded: Fact) -> Command:
    act = next(act for act, what in checks.ACTS.items() if what == checks.what(recorded))
    told = Answer(200, {"version": recorded.version, "code": _code(recorded)}, "processing", 2.0)
    return Command(act, recorded.stream_id, "o1", f"c{recorded.position}", [told])


def _act(recorded: Fact) -> Act:
    told = Answer(201, {"sequence": recorded.version}, "intake", 2.0)
    lost = Answer(LOST, {}, "intake", 1.0)
    return Act(recorded.type, recorded.stream_id, f"a{recorded.position}", [lost, told])
