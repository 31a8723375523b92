"""The promises of DOMAIN's table and of its clock: each act where it may follow, by whom it may be done, on a day that does not go
back, and what becomes true by itself once, at its own time.

Pure functions of a record like those in checks.py.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from tests.faults import oracle, table
from tests.faults.record import Fact, Finding, Fired, Record
from tests.faults.table import VIETNAM, Stand, day_of

DAY = timedelta(days=1)
OPENS = time(7, 30)
AT_OPENING = ("due_soon", "due_today", "apology_due")
OF_THE_DESK = ("DossierAccepted", "DossierRejected", "ResultReturned")
OF_THE_SUPERVISOR = ("DossierReversed", "ReversalProposed", "FeeWaived")
BY_ITSELF = ("SupplementLapsed", "ConsentDeemed")
ANSWERS = {
    "FeeConfirmed": ("payment", "FeePaid"),
    "FeeWaived": ("payment", "FeePaid"),
    "DossierWithdrawn": ("request", "WithdrawalRequested"),
    "WithdrawalRefused": ("request", "WithdrawalRequested"),
}
"""The acts that answer one of the applicant's: the member that names it, and what it is."""


def _lives(record: Record) -> list[oracle.Life]:
    stores = record.outcome.stores
    return list(oracle.replay(stores.get("intake", []), stores.get("processing", [])).values())


def _steps(record: Record) -> Iterator[tuple[Stand, Fact, list[Fact]]]:
    """Each act of every dossier, with where the dossier stood before it and the acts until then."""
    for life in _lives(record):
        for n, fact in enumerate(life.acts):
            yield table.stand(life.acts[:n]), fact, life.acts[:n]


def every_act_follows_the_table(record: Record) -> Iterator[Finding]:
    """No act stands where the table does not allow it, and what answers an applicant names what that applicant did."""
    for before, fact, acts in _steps(record):
        for why in table.faults_of(before, fact, acts):
            yield Finding("table", "wrong", f"{fact.type} {fact.version} of {fact.stream_id}: {why}")
    for life in _lives(record):
        done = {(f.type, f.version) for f in life.own}
        for fact in life.acts:
            member, what = ANSWERS.get(fact.type, ("", ""))
            answered = fact.data.get(member)
            if answered is not None and (what, int(answered)) not in done:
                yield Finding("table", "wrong", f"{fact.type} of {fact.stream_id} answers no {what}")


def no_act_is_dated_before_the_last(record: Record) -> Iterator[Finding]:
    """Whatever a clock did, the days of a dossier's acts never go back, nor behind its submission.

    A day is the clock's of the act; a fact that was found late may bear a later one, as others had been recorded meanwhile.
    """
    for life in _lives(record):
        newest = day_of(life.submitted.occurred_at)
        for fact in life.acts:
            own = day_of(fact.occurred_at)
            on = date.fromisoformat(str(fact.data.get("on", own)))
            if on < newest:
                yield Finding("days", "wrong", f"{fact.type} of {fact.stream_id} on {on}, after {newest}")
            if on != own and not (on > own and fact.actor.startswith("system/")):
                yield Finding("days", "wrong", f"{fact.type} of {fact.stream_id} at {own} bears {on}")
            newest = max(newest, on)


def only_who_may_acts(record: Record) -> Iterator[Finding]:
    """Of an officer's dossier nobody else does what the holder does; a supervisor waives, reverses, assigns and transfers."""
    for before, fact, _ in _steps(record):
        role, _, subject = fact.actor.partition("/")
        if role not in ("officer", "supervisor") or fact.type in OF_THE_DESK:
            continue
        given = fact.type == "DossierHandedOver" and fact.data["how"] in ("assigned", "transferred")
        if given or fact.type in OF_THE_SUPERVISOR:
            if role != "supervisor":
                yield Finding("rights", "wrong", f"{fact.type} of {fact.stream_id} by {fact.actor}")
        elif before.officer not in (None, subject):
            who = f"by {fact.actor}, held by {before.officer}"
            yield Finding("rights", "wrong", f"{fact.type} of {fact.stream_id} {who}")


def what_becomes_true_stands_once(record: Record) -> Iterator[Finding]:
    """Each lapse, consent, due and overdue date once, at its own time; none is missing, and none came before the sweeps' clock."""
    noted = {(f.dossier_id, f.kind, f.day) for f in record.outcome.fired}
    for place, count in Counter((f.dossier_id, f.kind, f.day) for f in record.outcome.fired).items():
        if count > 1:
            yield Finding("by-itself", "doubled", f"{place} was noted {count} times")
    for fired in record.outcome.fired:
        if not _in_time(fired) or _too_soon(record, fired.true_at, fired.recorded_at):
            yield Finding("by-itself", "wrong", f"{fired}")
    for before, fact, _ in _steps(record):
        if fact.type in BY_ITSELF:
            yield from _true_since(record, before, fact)
    if record.outcome.looked_at is not None:
        today = day_of(record.outcome.looked_at)
        for life in _lives(record):
            for kind, day in [*_unsaid(life, today.isoformat()), *_due(life.now, today)]:
                if kind in BY_ITSELF or (life.dossier_id, kind, day) not in noted:
                    yield Finding("by-itself", "lost", f"{kind} of {life.dossier_id} for {day}")


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + DAY, time(0), VIETNAM)


def _in_time(fired: Fired) -> bool:
    """Whether its business time is that of its kind. How many working days before, only a calendar knows."""
    at = fired.true_at.astimezone(VIETNAM)
    if fired.kind == "acceptance_overdue":
        return at.date() == fired.day
    if fired.kind in AT_OPENING:
        before = at.date() < fired.day
        return at.time() == OPENS and (before or (fired.kind == "due_today" and at.date() == fired.day))
    return at == _midnight_after(fired.day)


def _too_soon(record: Record, true_at: datetime, recorded_at: datetime) -> bool:
    """Whether it was not true yet, even by a clock that was a day ahead."""
    return true_at > recorded_at + (DAY if "processing" in record.jumped else timedelta())


def _true_since(record: Record, before: Stand, fact: Fact) -> Iterator[Finding]:
    last = before.deadline_on
    if fact.type == "ConsentDeemed":
        last = before.asked.get(str(fact.data["agency"]), "")
    what = f"{fact.type} of {fact.stream_id} at {fact.occurred_at}, last day {last}"
    if not last or fact.occurred_at != _midnight_after(date.fromisoformat(last)):
        yield Finding("by-itself", "wrong", what)
    if _too_soon(record, fact.occurred_at, fact.recorded_at):
        yield Finding("by-itself", "wrong", f"{what}, recorded at {fact.recorded_at}")


def _due(now: Stand, today: date) -> Iterator[tuple[str, date]]:
    """What must have been noted by today of a dossier that stands so, whatever the clock did in between."""
    if now.status in (*table.HELD, *table.ASKED) and now.due_on is not None:
        due_on = date.fromisoformat(now.due_on)
        if due_on < today:
            yield from (("due_today", due_on), ("overdue", due_on))
    if now.status == "payment_requested" and now.deadline_on < today.isoformat():
        yield "fee_lapsed", date.fromisoformat(now.deadline_on)


def _unsaid(life: oracle.Life, today: str) -> Iterator[tuple[str, date]]:
    """The silence that the log does not tell of, though its last day has passed."""
    now = life.now
    if now.status in table.HELD:
        yield from (("ConsentDeemed", date.fromisoformat(day)) for day in now.asked.values() if day < today)
    if now.status == "supplement_requested" and not now.lapsed and now.deadline_on < today:
        last = date.fromisoformat(now.deadline_on)
        brought = [day_of(f.occurred_at) for f in life.own if f.type == "SupplementProvided"]
        if not any(day <= last for day in brought):
            yield "SupplementLapsed", last
