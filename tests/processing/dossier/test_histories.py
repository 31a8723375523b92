"""Random lives against a small table of the state machine: no state outside it, nothing unreadable, replay is the state."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.log.decider import Rejected
from services.processing.clock.due_date import Limit
from services.processing.clock.working_days import Calendar, shipped
from services.processing.dossier import events as e
from services.processing.dossier.act import Command
from services.processing.dossier.decide import decide
from services.processing.dossier.events import EVENTS, Event
from services.processing.dossier.history import REVERSIBLE, evolve, fold
from services.processing.dossier.state import Dossier, Heard, new
from tests.processing import commands as c
from tests.processing.examples import AGENCY, AN, BINH, FILING, OTHER_UNIT, PAPERS, UNIT, at

STEPS = 100_000
CHANGED = Calendar(
    off=shipped().off | {FILING.submitted_on + timedelta(days=n) for n in range(1, 400, 11)},
    worked=shipped().worked,
)
LIFE_MAX = 40

# DOMAIN's table: which acts a state allows. What becomes true by itself is recorded in any.
ANYWHERE = {c.NoteLapse, c.DeemConsent, c.RecountDueDate, c.RecountDeadlines}
RUNNING = {
    c.ForwardDossier,
    c.ResolveDossier,
    c.StopProcessing,
    c.IssueApology,
    c.AskForPapers,
    c.AskForFee,
    c.AskAgency,
    c.RecordOpinion,
    c.ExtendLimit,
    c.PassOn,
    c.WithdrawDossier,
    c.ReverseAct,
}
TABLE: dict[str, set[type]] = {
    "submitted": {c.AcceptDossier, c.RejectDossier, c.AskForPapers, c.WithdrawDossier, c.ReverseAct},
    "accepted": RUNNING,
    "in_processing": RUNNING,
    "supplement_requested": {
        c.TakePapers,
        c.AskForPapers,
        c.RejectDossier,
        c.StopProcessing,
        c.WithdrawDossier,
        c.PassOn,
        c.ReverseAct,
    },
    "payment_requested": {
        c.ConfirmPayment,
        c.WaivePayment,
        c.StopProcessing,
        c.WithdrawDossier,
        c.PassOn,
        c.ReverseAct,
    },
    "withdrawal_requested": {c.WithdrawDossier, c.DenyWithdrawal},
    "rejected": {c.CorrectResult, c.ReverseAct},
    "withdrawn": {c.CorrectResult, c.ReverseAct},
    "stopped": {c.CorrectResult, c.ReverseAct},
    "resolved": {c.ReturnResult, c.ReverseAct},
    "returned": {c.CorrectResult, c.ReverseAct},
}
ENDS = {
    e.DossierRejected: "rejected",
    e.DossierWithdrawn: "withdrawn",
    e.ProcessingStopped: "stopped",
    e.DossierResolved: "resolved",
    e.ResultReturned: "returned",
}


@dataclass
class Model:
    """The table as a stack: each act that changes the state lays one on top, a reversal takes it off."""

    trail: list[tuple[str, str]] = field(default_factory=lambda: [("submitted", "")])
    asked: int = 0
    answered: int = 0

    @property
    def status(self) -> str:
        own = self.trail[-1][0]
        return "withdrawal_requested" if self.asked > self.answered and own not in ENDS.values() else own

    def follow(self, event: Event) -> None:
        status, back = self.trail[-1]
        match event:
            case e.DossierAccepted():
                after = ("accepted", "")
            case e.DossierForwarded():
                after = ("in_processing", "")
            case e.SupplementRequested():
                after = ("supplement_requested", back if status == "supplement_requested" else status)
            case e.FeeRequested():
                after = ("payment_requested", status)
            case e.SupplementAccepted() | e.FeeConfirmed() | e.FeeWaived():
                after = (back, "")
            case e.DossierReversed():
                if status in ENDS.values():
                    self.answered = self.asked
                self.trail.pop()
                return
            case e.WithdrawalRefused():
                self.answered = self.asked
                return
            case _ if type(event) in ENDS:
                after = (ENDS[type(event)], "")
                if isinstance(event, e.DossierWithdrawn) and event.request:
                    self.answered = event.request
            case _:
                return
        self.trail.append(after)


def a_command(random: Random, day: date, dossier: Dossier) -> Command:
    """Any command, its arguments likely to make sense."""
    unit = random.choice([UNIT, OTHER_UNIT])
    lack = random.random() < 0.2
    limit = random.choice([None, Limit(20, "calendar_days"), Limit(5, "working_days"), Limit(1, "months")])
    due_on = day + timedelta(days=9) if random.random() < 0.2 else None
    rule = random.choice(["restart", "subtract", "short_fix"])
    last = len(dossier.acts)
    makes: list[Command] = [
        c.AcceptDossier(day, at(day), unit, "full", limit, due_on),
        c.RejectDossier(day, random.choice(["incomplete", "duplicate"]), lack),
        c.ForwardDossier(day, unit, random.choice(["thu_ly", "ky_duyet"])),
        c.ResolveDossier(day, random.choice(["granted", "refused"]), random.choice([None, "workload"]), lack),
        c.ReturnResult(day, random.choice(["postal", "online"])),
        c.StopProcessing(day, random.choice(["not_paid", "stopped_by_law"]), lack),
        c.IssueApology(day, "workload", day + timedelta(days=random.randint(-2, 60))),
        c.CorrectResult(day, "wrong_data", random.choice(["1/QĐ-SXD", "2/QĐ-SXD"])),
        c.AskForPapers(day, PAPERS, rule, 3, 20, random.choice([None, 1, 2]), random.random() < 0.5, lack),  # type: ignore[arg-type]
        c.TakePapers(day, at(day), lack),
        c.NoteLapse(day),
        c.AskForFee(day, random.choice([150_000, 300_000]), 20),
        c.ConfirmPayment(
            day, random.choice([None, *[h.sequence for h in dossier.heard]]), random.random() < 0.3
        ),
        c.WaivePayment(day, "exempt_by_law"),
        c.AskAgency(day, AGENCY, random.choice([None, 2])),
        c.RecordOpinion(day, AGENCY, random.choice(["agreed", "disagreed"])),
        c.DeemConsent(day, AGENCY),
        c.ExtendLimit(day, "site_check", random.randint(1, 25), random.random() < 0.7),
        c.RecountDueDate(day, (day,)),
        c.RecountDeadlines(day, (day,)),
        c.WithdrawDossier(day, lack and random.random() < 0.2),
        c.DenyWithdrawal(day, "others_concerned"),
        c.PassOn(day, "assigned", unit, random.choice([None, AN, BINH])),
        c.ReverseAct(
            day,
            random.choice([max(1, last - 1), max(1, last)]),
            "wrong_data",
            "1/QĐ-SXD",
            random.choice([None, AN, BINH]),
        ),
    ]
    # Ends are rare, or every life would be short.
    weights = [
        0.15 if type(each) in (c.RejectDossier, c.StopProcessing, c.ResolveDossier) else 1 for each in makes
    ]
    return random.choices(makes, weights)[0]


def an_act_of_the_applicant(random: Random, day: date, dossier: Dossier) -> Heard:
    sequence = len(dossier.heard) + 2
    kind = random.choice(["SupplementProvided", "SupplementProvided", "FeePaid", "WithdrawalRequested"])
    if kind == "FeePaid":
        return Heard(sequence, kind, at(day), amount=random.choice([150_000, 300_000]), currency="VND")
    requests = [n for n, act in enumerate(dossier.acts, 1) if isinstance(act, e.SupplementRequested)] or [1]
    return Heard(sequence, kind, at(day), request=requests[-1] if kind == "SupplementProvided" else None)


@pytest.mark.long
def test_a_hundred_thousand_random_steps_stay_inside_the_table() -> None:
    """No state outside the table, evolve never fails, a repeat is quiet, replay of what is stored gives the same state."""
    random = Random(2023)
    seen: Counter[str] = Counter()
    steps = 0
    while steps < STEPS:
        dossier, model, day = new(FILING), Model(), FILING.submitted_on
        for _ in range(random.randint(5, LIFE_MAX)):
            steps += 1
            day += timedelta(days=random.choice([0, 0, 1, 2, 30]) - (random.random() < 0.02))
            if random.random() < 0.15:
                act = an_act_of_the_applicant(random, day, dossier)
                dossier = dossier._replace(heard=(*dossier.heard, act))
                if act.what == "WithdrawalRequested":
                    model.asked = act.sequence
                assert dossier.status == model.status
                continue
            command = a_command(random, day, dossier)
            status = model.status
            # Days are declared and withdrawn meanwhile.
            calendar = random.choice([shipped(), CHANGED])
            decision = decide(command, dossier, calendar)
            if isinstance(decision, Rejected):
                seen[decision.code] += 1
                continue
            if not decision:
                continue
            assert type(command) in TABLE[status] | ANYWHERE, (status, command)
            for event in decision:
                dossier = evolve(dossier, event)
                model.follow(event)
                seen[type(event).__name__] += 1
            assert dossier.status == model.status, (command, decision)
            assert dossier.since >= decision[-1].on
            assert decide(command, dossier, calendar) == [], (command, dossier)
        stored = [EVENTS.encode(event) for event in dossier.acts]
        assert fold(FILING, [EVENTS.decode(*each) for each in stored], dossier.heard) == dossier
    assert {name for name in EVENTS.names if not seen[name]} == set(), "the walk meets every event"
    assert {f"not-while-{status.replace('_', '-')}" for status in TABLE} <= set(seen)


def a_life(seed: int) -> Dossier:
    """A dossier after some twenty acts."""
    random, calendar = Random(seed), shipped()
    dossier, day = new(FILING), FILING.submitted_on
    for _ in range(25):
        day += timedelta(days=random.choice([0, 1, 1, 3]))
        if random.random() < 0.2:
            act = an_act_of_the_applicant(random, day, dossier)
            if act.what != "WithdrawalRequested":
                dossier = dossier._replace(heard=(*dossier.heard, act))
        decision = decide(a_command(random, day, dossier), dossier, calendar)
        for event in () if isinstance(decision, Rejected) else decision:
            dossier = evolve(dossier, event)
    return dossier


@given(st.integers(0, 1_000_000))
def test_the_days_of_a_history_never_go_back(seed: int) -> None:
    days = [FILING.submitted_on, *(act.on for act in a_life(seed).acts)]
    assert days == sorted(days)


@given(st.integers(0, 1_000_000))
def test_a_reversal_is_as_if_the_act_had_not_been(seed: int) -> None:
    """The dossier stands where all acts but the reversed one lead, and its clock shows the date that they make."""
    dossier = a_life(seed)
    last = [n for n, act in enumerate(dossier.acts, 1) if isinstance(act, REVERSIBLE)]
    struck = {act.sequence for act in dossier.acts if isinstance(act, e.DossierReversed)}
    standing = [n for n in last if n not in struck]
    if not standing:
        return
    command = c.ReverseAct(dossier.since, standing[-1], "wrong_data", "9/QĐ-SXD")
    (said,) = decide(command, dossier, shipped())  # type: ignore[misc]
    after = evolve(dossier, said)
    if any(isinstance(act, e.DossierReversed) for act in dossier.acts):
        return
    rest = list(dossier.acts)
    del rest[standing[-1] - 1]
    try:
        without = fold(FILING, rest, dossier.heard)
    except ValueError:
        return  # what stood on the reversed act, an apology for instance, is said of nothing
    assert after.now == without.now or replace_due(after, without)


def replace_due(after: Dossier, without: Dossier) -> bool:
    """The due date is counted anew; all else is the same. A request stands at a version one higher."""
    return (after.status, after.since >= without.since) == (without.status, True) and (
        after.held is None
        or without.held is None
        or after.held._replace(due_on=None) == without.held._replace(due_on=None)
    )


# For the bulk door's own tests: any commands at all.
days = st.integers(-3, 60).map(lambda n: FILING.submitted_on + timedelta(days=n))
commands: st.SearchStrategy[Command] = st.builds(
    lambda seed, day: a_command(Random(seed), day, new(FILING)), st.integers(0, 10_000), days
)
