"""Papers are asked for, brought and accepted, or never come: before acceptance by the desk, after it by the holder. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from contracts.officer_words import Words
from contracts.processing_codes import FaultyPaper
from services.chassis.log.decider import Rejected
from services.processing.clock.due_date import Pause, PauseRule
from services.processing.clock.working_days import Calendar, local_day
from services.processing.clock.working_hours import intake_due_at
from services.processing.dossier.act import Act, Decision
from services.processing.dossier.asked import SUPERVISOR, Asked, Order
from services.processing.dossier.deadlines import has_lapse, last_day, working_days_after
from services.processing.dossier.events import (
    Paper,
    SupplementAccepted,
    SupplementLapsed,
    SupplementRequested,
)
from services.processing.dossier.state import (
    AwaitingSupplement,
    Dossier,
    Heard,
    Held,
    State,
    Submitted,
)


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


class RequestSupplement(Asked):
    """Each paper once, by its place among the papers of the dossier's version, and what is wrong with it."""

    papers: Annotated[list[FaultyPaper], Field(min_length=1, max_length=50)]
    words: Words | None = None


@dataclass(frozen=True, slots=True)
class AskForPapers:
    """Tells the applicant what to bring. The rest is the version's; `by_supervisor` allows it after `within_days`.

    `deadline_days` are working days; `requests_max` counts those after acceptance, None without bound.
    """

    on: date
    papers: tuple[Paper, ...]
    rule: PauseRule
    within_days: int
    deadline_days: int
    requests_max: int | None
    by_supervisor: bool = False
    proof_may_lack: bool = False
    words: str | None = None


def _order_request(asked: RequestSupplement, order: Order) -> AskForPapers | Rejected:
    version = order.terms
    if isinstance(version, Rejected):
        return version
    places = [each.paper for each in asked.papers]
    if max(places) > len(version.papers) or len(set(places)) < len(places):
        return Rejected("paper-unknown", f"each once, by its place from 1 to {len(version.papers)}")
    terms = version.supplement
    return AskForPapers(
        order.on,
        tuple(Paper(each.paper, each.fault) for each in sorted(asked.papers, key=lambda each: each.paper)),
        terms.policy,
        terms.request_within_working_days,
        # Where the clock does not stop, the applicant has the short time to fix it.
        terms.short_fix_working_days or terms.deadline_working_days,
        terms.requests_max,
        order.caller.role == SUPERVISOR,
        order.by_import,
    )


def _request(command: AskForPapers, dossier: Dossier, calendar: Calendar) -> Decision:
    """Told once, completely; a further request only after something came that was incomplete.

    After acceptance it is asked within the version's working days, later with the supervisor alone, and then the clock runs on.
    """
    now = dossier.now
    further = isinstance(now, AwaitingSupplement)
    if isinstance(now, AwaitingSupplement):
        came = command.proof_may_lack or bool(provided(now, dossier))
        if REQUEST_SUPPLEMENT.says(command, now.request) and (not came or now.request.on == command.on):
            return []
        if not came:
            return None
        before: Submitted | Held = now.before
        requests = before.requests + 1
    elif isinstance(now, Submitted | Held):
        before, requests = now, now.requests
    else:
        return None
    number, papers, days, words = requests + 1, command.papers, command.deadline_days, command.words
    deadline_on = working_days_after(command.on, days, calendar)
    if isinstance(before, Submitted):
        # The intake clock stops; the statutory one has not begun.
        return [
            SupplementRequested(
                command.on, number, papers, deadline_on, "restart", "paused", False, None, days, words=words
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
            command.on, number, papers, deadline_on, command.rule, clock, late, due_on, days, words=words
        )
    ]


def _requested(now: State, event: SupplementRequested, sequence: int) -> State | None:
    # A further request: what came was incomplete. The pause of the one before ends with it.
    if isinstance(now, AwaitingSupplement):
        now = _paused_until(now, event)
    if not isinstance(now, Submitted | Held):
        return None
    return AwaitingSupplement(now, event, sequence)


class AcceptSupplement(Asked):
    """What the applicant brought is complete."""


@dataclass(frozen=True, slots=True)
class TakePapers:
    on: date
    at: datetime
    proof_may_lack: bool = False


def _order_acceptance(_: AcceptSupplement, order: Order) -> TakePapers:
    return TakePapers(order.on, order.at, order.by_import)


def _accept(command: TakePapers, dossier: Dossier, calendar: Calendar) -> Decision:
    """The officer's acceptance ends the pause, not the applicant's answer; it is owed within the intake limit."""
    now = dossier.now
    if not isinstance(now, AwaitingSupplement):
        return ACCEPT_SUPPLEMENT.done_last(command, dossier)
    came = provided(now, dossier)
    if not came and not command.proof_may_lack:
        return Rejected("supplement-not-provided", "the applicant has not brought it yet")
    late = bool(came) and command.at > intake_due_at(came[-1].at, calendar)
    before = now.before
    if isinstance(before, Submitted):
        return [SupplementAccepted(command.on, command.at, before.status, None, late)]
    due_on, paused = before.due_on, now.request.clock == "paused"
    if paused:
        pause = Pause(now.request.on, command.on, now.request.rule)
        due_on = before.clock._replace(pauses=(*before.clock.pauses, pause)).due_on(calendar)
    anew = paused and now.request.rule == "restart" and before.clock.limit is not None
    return [SupplementAccepted(command.on, command.at, before.status, due_on, late, begun_anew=anew)]


def _accepted(now: State, event: SupplementAccepted, _: int) -> State | None:
    if not isinstance(now, AwaitingSupplement):
        return None
    before = _paused_until(now, event)
    if isinstance(before, Submitted):
        return before._replace(since_at=event.at)
    return before._replace(due_on=event.due_on)


def _paused_until(
    now: AwaitingSupplement, event: SupplementRequested | SupplementAccepted
) -> Submitted | Held:
    before, request = now.before, now.request
    if isinstance(before, Submitted):
        return before._replace(requests=before.requests + 1)
    clock = before.clock
    if request.clock == "paused":
        clock = clock._replace(pauses=(*clock.pauses, Pause(request.on, event.on, request.rule)))
    return before._replace(
        clock=clock, requests=before.requests + 1, requests_since=before.requests_since + 1
    )


@dataclass(frozen=True, slots=True)
class NoteLapse:
    """The sweep's: the deadline of a supplement has passed. `on` is the day after it."""

    on: date


def _note_lapse(command: NoteLapse, dossier: Dossier, calendar: Calendar) -> Decision:
    """A fact of the calendar, recorded once for each request; it ends nothing."""
    now = dossier.now
    if not isinstance(now, AwaitingSupplement) or not has_lapsed(now, dossier, command.on, calendar):
        return []
    if has_lapse(now, dossier.acts):
        return []
    return [SupplementLapsed(max(command.on, dossier.since), now.request.deadline_on)]


def _lapsed(now: State, _event: SupplementLapsed, _: int) -> State | None:
    return now if isinstance(now, AwaitingSupplement) else None


REQUEST_SUPPLEMENT = Act(
    name="request-supplement",
    summary="Ask for papers",
    description="Before acceptance the desk, after it the holder, in the first days; later the supervisor alone, and the clock runs on.",
    body=RequestSupplement,
    order=_order_request,
    command=AskForPapers,
    decide=_request,
    effects={SupplementRequested: _requested},
    same=("papers",),
    by="desk-then-holder",
    reversible=True,
    faults={"paper-unknown": "papers"},
)
ACCEPT_SUPPLEMENT = Act(
    name="accept-supplement",
    summary="Accept what was brought",
    description="The dossier is back where it was. This ends the pause; that the applicant answered does not.",
    body=AcceptSupplement,
    order=_order_acceptance,
    command=TakePapers,
    decide=_accept,
    effects={SupplementAccepted: _accepted},
    by="desk-then-holder",
    reversible=True,
)
NOTE_LAPSE = Act(
    command=NoteLapse,
    decide=_note_lapse,
    effects={SupplementLapsed: _lapsed},
    beside_withdrawal=True,
)
ACTS = (REQUEST_SUPPLEMENT, ACCEPT_SUPPLEMENT, NOTE_LAPSE)
