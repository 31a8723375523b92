"""Random commands against a small table of the state machine: no state outside it, nothing unreadable, replay is the state."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.decider import Rejected
from services.processing.calendar import shipped
from services.processing.deadline import Limit
from services.processing.life import (
    EVENTS,
    AcceptDossier,
    Command,
    CorrectResult,
    Dossier,
    Event,
    ForwardDossier,
    IssueApology,
    RejectDossier,
    ResolveDossier,
    ReturnResult,
    StopProcessing,
    Submitted,
)
from services.processing.review import decide, evolve, fold
from tests.processing.examples import FILING, OTHER_UNIT, UNIT

# DOMAIN's table, as far as it is built: from, command, to.
TABLE = {
    ("submitted", AcceptDossier): "accepted",
    ("submitted", RejectDossier): "rejected",
    ("accepted", ForwardDossier): "in_processing",
    ("accepted", ResolveDossier): "resolved",
    ("in_processing", ForwardDossier): "in_processing",
    ("in_processing", ResolveDossier): "resolved",
    ("resolved", ReturnResult): "returned",
    ("accepted", StopProcessing): "stopped",
    ("in_processing", StopProcessing): "stopped",
    ("accepted", IssueApology): "accepted",
    ("in_processing", IssueApology): "in_processing",
    ("rejected", CorrectResult): "rejected",
    ("returned", CorrectResult): "returned",
    ("stopped", CorrectResult): "stopped",
}

days = st.integers(-3, 60).map(lambda n: FILING.submitted_on + timedelta(days=n))
units = st.sampled_from([UNIT, OTHER_UNIT])
limits = st.none() | st.builds(Limit, st.integers(1, 40), st.sampled_from(["working_days", "calendar_days"]))
commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(AcceptDossier, days, units, st.sampled_from(["full", "partial"]), limits, st.none() | days),
    st.builds(RejectDossier, days, st.sampled_from(["incomplete", "duplicate"])),
    st.builds(ForwardDossier, days, units, st.sampled_from(["thu_ly", "ky_duyet"])),
    st.builds(
        ResolveDossier,
        days,
        st.sampled_from(["granted", "refused"]),
        st.none() | st.just("workload"),
        st.booleans(),
    ),
    st.builds(ReturnResult, days, st.sampled_from(["postal", "online"])),
    st.builds(StopProcessing, days, st.sampled_from(["not_paid", "not_competent"])),
    st.builds(IssueApology, days, st.just("workload"), days),
    st.builds(CorrectResult, days, st.just("wrong_data"), st.sampled_from(["1/QĐ-SXD", "2/QĐ-SXD"])),
)


def _follow(dossier: Dossier, command: Command) -> tuple[Dossier, list[Event]]:
    decision = decide(command, dossier, shipped())
    if isinstance(decision, Rejected):
        return dossier, []
    after = dossier
    for event in decision:
        after = evolve(after, event)
    return after, [*decision]


@settings(max_examples=400, deadline=None)
@given(st.lists(commands, max_size=25))
def test_random_commands_stay_inside_the_table(attempts: list[Command]) -> None:
    dossier: Dossier = Submitted(FILING)
    history: list[Event] = []
    for command in attempts:
        after, events = _follow(dossier, command)
        if events:
            assert TABLE[dossier.status, type(command)] == after.status
            assert after.since == command.on >= dossier.since
            again, nothing = _follow(after, command)
            assert (again, nothing) == (after, []), "a repeat on the state it led to changes something"
        else:
            assert after == dossier
        dossier = after
        history += events
    assert fold(FILING, history) == dossier
    stored = [EVENTS.encode(event) for event in history]
    assert fold(FILING, [EVENTS.decode(*event) for event in stored]) == dossier


@given(st.lists(commands, max_size=25))
def test_the_days_of_a_history_never_go_back(attempts: list[Command]) -> None:
    dossier: Dossier = Submitted(FILING)
    seen: list[date] = [FILING.submitted_on]
    for command in attempts:
        dossier, events = _follow(dossier, command)
        seen += [event.on for event in events]
    assert seen == sorted(seen)
