"""Supplements, fees and opinions: who may ask when, what it does to the clock, and what silence leads to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from services.processing.clock.due_date import Limit, PauseRule
from services.processing.clock.working_days import ZONE, shipped
from services.processing.dossier import events as e
from services.processing.dossier.decide import decide
from services.processing.dossier.events import Event
from services.processing.dossier.history import evolve, fold
from services.processing.dossier.payments import weigh
from services.processing.dossier.state import Filing
from tests.processing import commands as c
from tests.processing import examples as x
from tests.processing.examples import (
    ACCEPTED,
    DUE,
    FILING,
    MONDAY,
    REJECT,
    STOP,
    SUPPLEMENT_REQUESTED,
    TUESDAY,
    at,
    given,
    given_heard,
)

WAITING: list[Event] = [ACCEPTED, SUPPLEMENT_REQUESTED]
FRIDAY, NEXT_MONDAY = date(2023, 3, 10), date(2023, 3, 13)


def test_before_acceptance_the_intake_clock_stops_and_begins_anew() -> None:
    before = replace(SUPPLEMENT_REQUESTED, rule="restart")
    given([]).when(x.REQUEST_SUPPLEMENT).then([before])
    came = x.PROVIDED._replace(request=1)
    back = e.SupplementAccepted(x.THURSDAY, at(x.THURSDAY), "submitted", None, late=False)
    given_heard(came)([before]).when(x.ACCEPT_SUPPLEMENT).then([back])
    # Eight working hours from Thursday nine o'clock: accepted on Friday at nine it is in time, a minute later it is late.
    for minute, late in ((0, False), (1, True)):
        accept = replace(x.ACCEPT, on=FRIDAY, at=datetime(2023, 3, 10, 9, minute, tzinfo=ZONE))
        decided = given_heard(came)([before, back]).when(accept).decision
        assert isinstance(decided, list) and decided[0].late == late


def test_accepting_after_eight_working_hours_is_late() -> None:
    for command_at, late in ((at(TUESDAY), False), (at(TUESDAY, 10), True)):
        decided = given([]).when(replace(x.ACCEPT, at=command_at)).decision
        assert isinstance(decided, list) and decided[0].late == late


@pytest.mark.parametrize(
    ("rule", "due_on"),
    [("subtract", date(2026, 5, 8)), ("restart", date(2026, 5, 12)), ("short_fix", date(2026, 4, 28))],
)
def test_a_supplement_across_holidays_moves_the_date_by_its_rule(rule: PauseRule, due_on: date) -> None:
    """DOMAIN's vector: accepted 2026-04-20 for five working days, asked on 22 April, accepted on 5 May."""
    filing = Filing("1.006871", x.OFFICE, "online", at(date(2026, 4, 20), 8))
    accept = c.AcceptDossier(
        date(2026, 4, 20), at(date(2026, 4, 20)), x.UNIT, "full", Limit(5, "working_days")
    )
    ask = replace(x.REQUEST_SUPPLEMENT, on=date(2026, 4, 22), rule=rule)
    take = c.TakePapers(date(2026, 5, 5), at(date(2026, 5, 5)), proof_may_lack=True)
    dossier = fold(filing, [])
    for command in (accept, ask, take):
        decided = decide(command, dossier, shipped())
        assert isinstance(decided, list), decided
        for event in decided:
            dossier = evolve(dossier, event)
    assert dossier.due_on == due_on
    (asked,) = [act for act in dossier.acts if isinstance(act, e.SupplementRequested)]
    assert asked.clock == ("runs" if rule == "short_fix" else "paused")


def test_while_paused_there_is_no_due_date_and_no_lateness() -> None:
    assert fold(FILING, WAITING).due_on is None
    stopped = given(WAITING).when(x.on(STOP, x.LAPSED_ON)).decision
    assert isinstance(stopped, list) and stopped[0].due_on is None


def test_after_its_days_only_the_supervisor_asks_and_the_clock_runs_on() -> None:
    late = replace(x.REQUEST_SUPPLEMENT, on=NEXT_MONDAY)
    given([ACCEPTED]).when(late).then_rejected("supplement-too-late")
    given([ACCEPTED]).when(replace(late, on=FRIDAY)).then(
        [replace(SUPPLEMENT_REQUESTED, on=FRIDAY, deadline_on=date(2023, 4, 7))]
    )
    decided = given([ACCEPTED]).when(replace(late, by_supervisor=True)).decision
    assert isinstance(decided, list)
    assert (decided[0].clock, decided[0].late, decided[0].due_on) == ("runs", True, DUE)


def test_a_second_request_is_refused_where_the_version_forbids_it() -> None:
    came = x.PROVIDED
    back = [*WAITING, x.SUPPLEMENT_ACCEPTED]
    again = replace(x.REQUEST_SUPPLEMENT, on=FRIDAY, requests_max=1)
    given_heard(came)(back).when(again).then_rejected("supplement-already-requested")
    given_heard(came)(WAITING).when(replace(again, on=x.THURSDAY)).then_rejected(
        "supplement-already-requested"
    )


def test_a_second_request_is_not_subtracted() -> None:
    first = replace(SUPPLEMENT_REQUESTED, rule="subtract")
    ask = replace(x.REQUEST_SUPPLEMENT, on=x.THURSDAY, rule="subtract")
    # What came was incomplete: two days were paused, from there the clock runs.
    decided = given_heard(x.PROVIDED)([ACCEPTED, first]).when(ask).decision
    assert isinstance(decided, list)
    asked = decided[0]
    assert (asked.number, asked.clock, asked.due_on) == (2, "runs", date(2023, 3, 29))


def test_a_pause_begins_only_on_or_before_the_due_date() -> None:
    ask = replace(x.REQUEST_SUPPLEMENT, on=date(2023, 3, 28), within_days=60)
    decided = given([ACCEPTED]).when(ask).decision
    assert isinstance(decided, list)
    assert (decided[0].clock, decided[0].due_on, decided[0].late) == ("runs", DUE, False)
    fee = given([ACCEPTED]).when(replace(x.REQUEST_FEE, on=date(2023, 3, 28))).decision
    assert isinstance(fee, list) and (fee[0].clock, fee[0].due_on) == ("runs", DUE)


def test_what_was_not_brought_cannot_be_accepted_and_is_asked_again_in_vain() -> None:
    given(WAITING).when(x.ACCEPT_SUPPLEMENT).then_rejected("supplement-not-provided")
    other = replace(x.REQUEST_SUPPLEMENT, papers=(e.Paper(2, "wrong"),))
    given(WAITING).when(other).then_rejected("not-while-supplement-requested")


def test_accepting_a_supplement_is_owed_within_the_intake_limit() -> None:
    for came_at, late in ((at(x.THURSDAY, 8), False), (at(MONDAY + timedelta(days=1), 9), True)):
        came = x.PROVIDED._replace(at=came_at)
        decided = given_heard(came)(WAITING).when(x.ACCEPT_SUPPLEMENT).decision
        assert isinstance(decided, list) and decided[0].late == late


def test_a_lapse_opens_the_end_to_an_officer_and_ends_nothing() -> None:
    given(WAITING).when(x.on(STOP, x.DEADLINE)).then_rejected("deadline-not-passed")
    given(WAITING).when(x.on(STOP, x.LAPSED_ON)).then([replace(x.STOPPED, on=x.LAPSED_ON, due_on=None)])
    given([SUPPLEMENT_REQUESTED]).when(x.on(REJECT, x.DEADLINE)).then_rejected("supplement-not-lapsed")
    given(WAITING).when(x.NOTE_LAPSE).then([x.LAPSED])
    given(WAITING).when(c.NoteLapse(x.DEADLINE)).then_nothing()
    assert fold(FILING, [*WAITING, x.LAPSED]).status == "supplement_requested"


def test_a_supplement_in_time_voids_the_lapse() -> None:
    """Taken by intake in the last minute of the deadline and heard of after the lapse was recorded."""
    in_time = x.PROVIDED._replace(at=datetime(2023, 4, 4, 23, 59, tzinfo=ZONE))
    lapsed = [*WAITING, x.LAPSED]
    given_heard(in_time)(lapsed).when(x.on(STOP, x.LAPSED_ON)).then_rejected("deadline-not-passed")
    given_heard(in_time)(WAITING).when(x.NOTE_LAPSE).then_nothing()
    too_late = x.PROVIDED._replace(at=datetime(2023, 4, 5, 0, 0, tzinfo=ZONE))
    stopped = given_heard(too_late)(lapsed).when(x.on(STOP, x.LAPSED_ON)).decision
    assert isinstance(stopped, list)


def test_an_unsatisfactory_short_fix_may_be_stopped_at_once() -> None:
    short = replace(SUPPLEMENT_REQUESTED, rule="short_fix", clock="runs", due_on=DUE)
    given_heard(x.PROVIDED)([ACCEPTED, short]).when(x.on(STOP, x.THURSDAY)).then(
        [replace(x.STOPPED, on=x.THURSDAY)]
    )
    given([ACCEPTED, short]).when(x.on(STOP, x.THURSDAY)).then_rejected("deadline-not-passed")


def test_a_fee_pauses_the_clock_and_its_days_are_added() -> None:
    given([ACCEPTED]).when(x.REQUEST_FEE).then([x.FEE_REQUESTED])
    given_heard(x.PAID)([ACCEPTED, x.FEE_REQUESTED]).when(x.CONFIRM_FEE).then([x.FEE_CONFIRMED])
    given([ACCEPTED, x.FEE_REQUESTED]).when(x.WAIVE_FEE).then([x.FEE_WAIVED])


ASKED = [ACCEPTED, x.FEE_REQUESTED]


def test_less_than_was_asked_is_the_supervisors_waiver() -> None:
    """Which payment it was stands in the waiver; an import tells what was taken elsewhere."""
    less = given_heard(x.PAID._replace(amount=1))(ASKED)
    less.when(x.CONFIRM_FEE).then_rejected("payment-less-than-asked")
    less.when(replace(x.CONFIRM_FEE, proof_may_lack=True)).then([x.FEE_CONFIRMED])
    waived = replace(x.FEE_WAIVED, payment=2)
    less.when(replace(x.WAIVE_FEE, payment=2)).then([waived])
    given_heard(x.PAID._replace(amount=1))([*ASKED, waived]).when(
        replace(x.WAIVE_FEE, payment=2)
    ).then_nothing()
    less.when(replace(x.WAIVE_FEE, payment=3)).then_rejected("payment-unknown")
    given_heard(x.PAID)(ASKED).when(replace(x.WAIVE_FEE, payment=2)).then_rejected("nothing-to-waive")


def test_a_fee_is_paid_in_dong() -> None:
    other = given_heard(x.PAID._replace(currency="USD"))(ASKED)
    other.when(x.CONFIRM_FEE).then_rejected("payment-in-other-currency")
    other.when(replace(x.WAIVE_FEE, payment=2)).then_rejected("payment-in-other-currency")


def test_more_than_was_asked_settles_the_fee() -> None:
    given_heard(x.PAID._replace(amount=300_001))(ASKED).when(x.CONFIRM_FEE).then([x.FEE_CONFIRMED])
    given_heard(x.PAID._replace(amount=300_001))([ACCEPTED]).when(x.REQUEST_FEE).then_rejected(
        "fee-already-paid"
    )


CONFIRMED = [*ASKED, x.FEE_CONFIRMED]
REVERSED = e.DossierReversed(FRIDAY, 3, "FeeConfirmed", "wrong_data", "1/QĐ-SXD", "payment_requested", None)


@pytest.mark.parametrize(
    ("acts", "amounts", "expected"),
    [
        ([ACCEPTED], (300_000,), [("unasked", 300_000)]),
        (ASKED, (300_000,), [("waits", 0)]),
        (ASKED, (299_999,), [("partial", 299_999)]),
        (CONFIRMED, (300_000,), [("settled", 0)]),
        (CONFIRMED, (350_000,), [("surplus", 50_000)]),
        (CONFIRMED, (300_000, 300_000, 5), [("settled", 0), ("double", 300_000), ("partial", 5)]),
        ([*ASKED, replace(x.FEE_WAIVED, payment=2)], (1,), [("settled", 0)]),
        ([*ASKED, x.FEE_WAIVED], (300_000,), [("unasked", 300_000)]),
        ([*CONFIRMED, REVERSED], (300_000,), [("waits", 0)]),
        ([*CONFIRMED, replace(x.RESOLVED, on=FRIDAY)], (300_000,), [("settled", 0)]),
        ([*ASKED, replace(x.STOPPED, on=x.THURSDAY)], (300_000,), [("dossier_ended", 300_000)]),
        ([x.REJECTED], (300_000,), [("dossier_ended", 300_000)]),
    ],
)
def test_every_payment_that_settles_nothing_is_listed(
    acts: list[e.Event], amounts: tuple[int, ...], expected: list[tuple[str, int]]
) -> None:
    """And what is beyond the fee; nothing that settled one, whatever came since."""
    heard = tuple(x.PAID._replace(sequence=place, amount=amount) for place, amount in enumerate(amounts, 2))
    weighed = weigh(fold(FILING, acts, heard))
    assert [(each.use, each.to_refund) for each in weighed] == expected


def test_a_payment_settles_one_fee_and_one_that_came_before_is_not_asked_for_again() -> None:
    given([ACCEPTED, x.FEE_REQUESTED]).when(x.CONFIRM_FEE).then_rejected("payment-unknown")
    given_heard(x.PAID)([ACCEPTED]).when(x.REQUEST_FEE).then_rejected("fee-already-paid")
    settled = [ACCEPTED, x.FEE_REQUESTED, x.FEE_CONFIRMED]
    again = given_heard(x.PAID)(settled).when(replace(x.REQUEST_FEE, on=FRIDAY)).decision
    assert isinstance(again, list) and isinstance(again[0], e.FeeRequested)


def test_an_unpaid_fee_may_be_stopped_after_its_deadline() -> None:
    asked = [ACCEPTED, x.FEE_REQUESTED]
    given(asked).when(x.on(STOP, x.DEADLINE)).then_rejected("deadline-not-passed")
    given(asked).when(x.on(STOP, x.LAPSED_ON)).then([replace(x.STOPPED, on=x.LAPSED_ON, due_on=None)])
    given_heard(x.PAID)(asked).when(x.on(STOP, x.LAPSED_ON)).then_rejected("deadline-not-passed")


def test_an_agency_answers_or_its_silence_is_consent() -> None:
    given([ACCEPTED]).when(x.ASK_OPINION).then([x.OPINION_REQUESTED])
    asked = [ACCEPTED, x.OPINION_REQUESTED]
    given(asked).when(x.GIVE_OPINION).then([x.OPINION_GIVEN])
    given(asked).when(x.DEEM_CONSENT).then([x.CONSENT_DEEMED])
    given(asked).when(replace(x.DEEM_CONSENT, on=x.THURSDAY)).then_nothing()
    given([*asked, x.OPINION_GIVEN]).when(x.DEEM_CONSENT).then_nothing()
    late = replace(x.GIVE_OPINION, on=FRIDAY, opinion="disagreed")
    given([*asked, x.CONSENT_DEEMED]).when(late).then_rejected("opinion-already-given")
    given([ACCEPTED]).when(replace(x.ASK_OPINION, answer_days=None)).then_rejected("no-consultation")


def test_an_opinion_moves_neither_state_nor_clock() -> None:
    before, after = fold(FILING, [ACCEPTED]), fold(FILING, [ACCEPTED, x.OPINION_REQUESTED])
    assert (after.status, after.due_on) == (before.status, before.due_on)
