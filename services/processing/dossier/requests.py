"""Decides what the authority asks for while a dossier is open: supplements and fees of the applicant, opinions of other agencies.

Pure, as review.py, whose table of commands leads here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import islice

from services.chassis.log.decider import Rejected
from services.processing.clock.due_date import Pause
from services.processing.clock.working_days import Calendar, local_day
from services.processing.clock.working_hours import intake_due_at
from services.processing.dossier.commands import (
    AcceptSupplement,
    AskOpinion,
    ConfirmFee,
    DeemConsent,
    GiveOpinion,
    NoteLapse,
    RequestFee,
    RequestSupplement,
    WaiveFee,
)
from services.processing.dossier.deadlines import has_lapse, last_day, working_days_after
from services.processing.dossier.events import (
    ConsentDeemed,
    DossierReversed,
    Event,
    FeeConfirmed,
    FeeRequested,
    FeeWaived,
    OpinionGiven,
    OpinionRequested,
    SupplementAccepted,
    SupplementLapsed,
    SupplementRequested,
)
from services.processing.dossier.saying import says
from services.processing.dossier.state import (
    AwaitingPayment,
    AwaitingSupplement,
    Dossier,
    Heard,
    Held,
    Submitted,
)

Decision = Sequence[Event] | Rejected | None


def provided(now: AwaitingSupplement, dossier: Dossier) -> list[Heard]:
    """What the applicant brought in answer to this request; where intake named no request, what came since its day."""
    return [
        h
        for h in dossier.heard
        if h.what == "SupplementProvided"
        and (h.request == now.sequence or (h.request is None and local_day(h.at) >= now.request.on))
    ]


def has_lapsed(now: AwaitingSupplement, dossier: Dossier, on: date, calendar: Calendar) -> bool:
    """Whether the deadline has passed without a supplement.

    Guarantee: one that intake took in time voids the lapse, whenever it is heard of. Test: test_a_supplement_in_time_voids_the_lapse.
    """
    deadline = last_day(now, dossier.acts, calendar)
    return on > deadline and not any(local_day(h.at) <= deadline for h in provided(now, dossier))


def may_stop(
    now: AwaitingSupplement | AwaitingPayment, dossier: Dossier, on: date, calendar: Calendar
) -> bool:
    """Whether the applicant's silence lets an officer stop; where the clock does not stop, an unsatisfactory answer does too."""
    if isinstance(now, AwaitingPayment):
        silent = not any(h.what == "FeePaid" for h in _unused(dossier))
        return silent and on > last_day(now, dossier.acts, calendar)
    unsatisfactory = now.request.rule == "short_fix" and bool(provided(now, dossier))
    return unsatisfactory or has_lapsed(now, dossier, on, calendar)


def request_supplement(command: RequestSupplement, dossier: Dossier, calendar: Calendar) -> Decision:
    """Told once, completely; a further request only after something came that was incomplete.

    After acceptance it is asked within the version's working days, later with the supervisor alone, and then the clock runs on.
    """
    now = dossier.now
    further = isinstance(now, AwaitingSupplement)
    if isinstance(now, AwaitingSupplement):
        came = command.proof_may_lack or bool(provided(now, dossier))
        if says(command, now.request) and (not came or now.request.on == command.on):
            return []
        if not came:
            return None
        before: Submitted | Held = now.before
        requests = before.requests + 1
    elif isinstance(now, Submitted | Held):
        before, requests = now, now.requests
    else:
        return None
    number, papers = requests + 1, command.papers
    deadline_on = working_days_after(command.on, command.deadline_days, calendar)
    if isinstance(before, Submitted):
        # The intake clock stops; the statutory one has not begun.
        return [
            SupplementRequested(
                command.on,
                number,
                papers,
                deadline_on,
                "restart",
                "paused",
                False,
                None,
                command.deadline_days,
            )
        ]
    since = before.requests_since + further
    if command.requests_max is not None and since >= command.requests_max:
        return Rejected("supplement-already-requested", f"the version allows {command.requests_max}")
    late = not further and command.on > working_days_after(
        before.clock.accepted_on, command.within_days, calendar
    )
    if late and not command.by_supervisor and not command.proof_may_lack:
        return Rejected("supplement-too-late", f"within {command.within_days} working days of acceptance")
    due_on = dossier.due_on
    if isinstance(now, AwaitingSupplement) and now.request.clock == "paused":
        # The pause of the request before ends today, and from there the clock goes on or pauses again.
        pause = Pause(now.request.on, command.on, now.request.rule)
        due_on = before.clock._replace(pauses=(*before.clock.pauses, pause)).due_on(calendar)
    runs = (
        late
        or command.rule == "short_fix"
        or (command.rule == "subtract" and since > 0)
        or (due_on is not None and command.on > due_on)
    )
    clock, due_on = ("runs", due_on) if runs else ("paused", None)
    return [
        SupplementRequested(
            command.on, number, papers, deadline_on, command.rule, clock, late, due_on, command.deadline_days
        )
    ]


def accept_supplement(command: AcceptSupplement, dossier: Dossier, calendar: Calendar) -> Decision:
    """The officer's acceptance ends the pause, not the applicant's answer; it is owed within the intake limit."""
    now = dossier.now
    if not isinstance(now, AwaitingSupplement):
        return _already(command, dossier)
    came = provided(now, dossier)
    if not came and not command.proof_may_lack:
        return Rejected("supplement-not-provided", "the applicant has not brought it yet")
    late = bool(came) and command.at > intake_due_at(came[-1].at, calendar)
    before = now.before
    if isinstance(before, Submitted):
        return [SupplementAccepted(command.on, command.at, before.status, None, late)]
    due_on = before.due_on
    if now.request.clock == "paused":
        pause = Pause(now.request.on, command.on, now.request.rule)
        due_on = before.clock._replace(pauses=(*before.clock.pauses, pause)).due_on(calendar)
    return [SupplementAccepted(command.on, command.at, before.status, due_on, late)]


def note_lapse(command: NoteLapse, dossier: Dossier, calendar: Calendar) -> Decision:
    """A fact of the calendar, recorded once for each request; it ends nothing."""
    now = dossier.now
    if not isinstance(now, AwaitingSupplement) or not has_lapsed(now, dossier, command.on, calendar):
        return []
    if has_lapse(now, dossier.acts):
        return []
    return [SupplementLapsed(max(command.on, dossier.since), now.request.deadline_on)]


def request_fee(command: RequestFee, dossier: Dossier, calendar: Calendar) -> Decision:
    """The clock pauses, unless the due date has passed."""
    now = dossier.now
    if isinstance(now, AwaitingPayment):
        return [] if says(command, now.request) else None
    if not isinstance(now, Held):
        return None
    if any(_fits(payment, command.amount_vnd) for payment in _unused(dossier)):
        return Rejected("fee-already-paid", "this amount was paid before it was asked for")
    deadline_on = working_days_after(command.on, command.deadline_days, calendar)
    late = now.due_on is not None and command.on > now.due_on
    clock, due_on = ("runs", now.due_on) if late else ("paused", None)
    return [FeeRequested(command.on, command.amount_vnd, deadline_on, clock, due_on, command.deadline_days)]


def confirm_fee(command: ConfirmFee, dossier: Dossier, calendar: Calendar) -> Decision:
    """A payment of the amount asked for, in đồng; of another amount only when an officer has looked at it."""
    now = dossier.now
    if command.payment is not None and command.payment in used_payments(dossier):
        return []
    if not isinstance(now, AwaitingPayment):
        return _already(command, dossier)
    if command.payment is not None:
        payment = next((h for h in _unused(dossier) if h.sequence == command.payment), None)
        if payment is None:
            return Rejected("payment-unknown", "no such payment of this dossier has arrived")
        if not command.whatever_amount and not _fits(payment, now.request.amount_vnd):
            return Rejected("payment-does-not-fit", f"{now.request.amount_vnd} VND were asked for")
    due_on = _due_after(now, command.on, calendar)
    return [FeeConfirmed(command.on, command.payment, now.before.status, due_on)]


def waive_fee(command: WaiveFee, dossier: Dossier, calendar: Calendar) -> Decision:
    now = dossier.now
    if isinstance(now, AwaitingPayment):
        due_on = _due_after(now, command.on, calendar)
        return [FeeWaived(command.on, command.reason, now.before.status, due_on)]
    return _already(command, dossier)


def _already(command: AcceptSupplement | ConfirmFee | WaiveFee, dossier: Dossier) -> Decision:
    """Nothing, where the last act is what the command says; the state refuses otherwise."""
    return [] if dossier.acts and says(command, dossier.acts[-1]) else None


def _due_after(now: AwaitingPayment, on: date, calendar: Calendar) -> date | None:
    if now.request.clock == "runs":
        return now.before.due_on
    pause = Pause(now.request.on, max(on, now.request.on), "subtract")
    clock = now.before.clock
    return clock._replace(pauses=(*clock.pauses, pause)).due_on(calendar)


def used_payments(dossier: Dossier) -> set[int]:
    """The payments that settled a fee and still do. An import's confirmation names none: the first that fits is its.

    Guarantee: a payment that an import confirmed is not paid back. Test: test_a_payment_that_an_import_confirmed_is_not_paid_back.
    """
    struck = {act.sequence for act in dossier.acts if isinstance(act, DossierReversed)}
    used: set[int] = set()
    unnamed: list[int] = []
    amount_vnd = 0
    for sequence, act in enumerate(dossier.acts, 1):
        if isinstance(act, FeeRequested):
            amount_vnd = act.amount_vnd
        elif isinstance(act, FeeConfirmed) and sequence not in struck:
            if act.payment is None:
                unnamed.append(amount_vnd)
            else:
                used.add(act.payment)
    for amount_vnd in unnamed:
        paid = (h for h in dossier.heard if h.what == "FeePaid" and h.sequence not in used)
        used.update(h.sequence for h in islice((h for h in paid if _fits(h, amount_vnd)), 1))
    return used


def _unused(dossier: Dossier) -> list[Heard]:
    used = used_payments(dossier)
    return [h for h in dossier.heard if h.what == "FeePaid" and h.sequence not in used]


def _fits(payment: Heard, amount_vnd: int) -> bool:
    return payment.currency == "VND" and payment.amount == amount_vnd


def ask_opinion(command: AskOpinion, dossier: Dossier, calendar: Calendar) -> Decision:
    """Changes neither state nor clock; the agency's silence will be consent."""
    now = dossier.now
    if not isinstance(now, Held):
        return None
    if any(asked.agency == command.agency and asked.answer is None for asked in now.opinions):
        return []
    if command.answer_days is None:
        return Rejected("no-consultation", "the procedure's version asks no other agency")
    answer_by = working_days_after(command.on, command.answer_days, calendar)
    return [OpinionRequested(command.on, command.agency, answer_by, command.answer_days)]


def give_opinion(command: GiveOpinion, dossier: Dossier, _: Calendar) -> Decision:
    now = dossier.now
    if not isinstance(now, Held):
        return None
    asked = [a for a in now.opinions if a.agency == command.agency]
    if not asked:
        return Rejected("opinion-not-asked", "this agency was not asked")
    if asked[-1].answer is None:
        return [OpinionGiven(command.on, command.agency, command.opinion)]
    if asked[-1].answer == command.opinion:
        return []
    return Rejected("opinion-already-given", f"it stands as {asked[-1].answer}")


def deem_consent(command: DeemConsent, dossier: Dossier, _: Calendar) -> Decision:
    """Of an agency that is silent at 24:00 of its last day; quiet where it answered or nothing waits for it any more."""
    now = dossier.now
    if not isinstance(now, Held):
        return []
    silent = any(
        a.agency == command.agency and a.answer is None and command.on > a.answer_by for a in now.opinions
    )
    return [ConsentDeemed(max(command.on, dossier.since), command.agency)] if silent else []
