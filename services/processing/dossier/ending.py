"""A dossier is resolved, its result returned, and what is wrong in it corrected afterwards. Pure. `stopping` has the other end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from contracts.catalogue.refusals import REFUSALS
from contracts.officer_words import Words
from contracts.processing_codes import (
    CorrectionReason,
    DespiteReason,
    DocumentNumber,
    LateReason,
    Outcome,
    RefusalReason,
    ReturnMethod,
    Step,
)
from services.chassis.log.decider import Rejected
from services.processing.clock.working_days import Calendar
from services.processing.dossier.act import Act, Decision
from services.processing.dossier.asked import Asked, Order, needs_signing
from services.processing.dossier.events import (
    DossierResolved,
    ResultCorrected,
    ResultReturned,
)
from services.processing.dossier.holder import place_of
from services.processing.dossier.state import (
    Dossier,
    Ended,
    Held,
    State,
)

SIGNING: Step = "ky_duyet"


class Resolve(Asked):
    """`late_reason` is needed when the end is late, `refusal_reason` and `document`, the number of the written answer, of a refusal,
    `despite` to grant what an agency disagreed with. None of them is kept otherwise. `words` go with a refusal alone."""

    outcome: Outcome
    late_reason: LateReason | None = None
    refusal_reason: RefusalReason | None = None
    document: DocumentNumber | None = None
    despite: DespiteReason | None = None
    words: Words | None = None


@dataclass(frozen=True, slots=True)
class ResolveDossier:
    """`signing`: the version has it signed at a step of its own. `proof_may_lack`: here, the reasons and that step."""

    on: date
    outcome: str
    late_reason: str | None = None
    proof_may_lack: bool = False
    refusal_reason: str | None = None
    document: str | None = None
    despite: str | None = None
    signing: bool = False
    words: str | None = None


def _order_resolution(asked: Resolve, order: Order) -> ResolveDossier | Rejected:
    """Guarantee: a refusal says why, by a code of its procedure, and by which written answer. Test: test_a_refusal_says_why."""
    reason, document = asked.refusal_reason, asked.document
    if asked.outcome != "refused":
        if asked.words is not None:
            return Rejected("words-not-taken", "words go with a refusal")
        reason = document = None
    elif not order.by_import:
        known = REFUSALS.of(order.filing.procedure)
        if reason is None:
            return Rejected("refusal-reason-missing", f"why it is refused: {', '.join(known)}")
        if reason not in known:
            return Rejected("refusal-reason-unknown", f"of this procedure: {', '.join(known)}")
        if document is None:
            return Rejected(
                "written-answer-missing", "the number of the written answer, such as 1234/SXD-QLXD"
            )
    return ResolveDossier(
        order.on,
        asked.outcome,
        asked.late_reason,
        order.by_import,
        reason,
        document,
        asked.despite,
        needs_signing(order.filing),
    )


def _resolve(command: ResolveDossier, dossier: Dossier, _: Calendar) -> Decision:
    """A late end needs a reason; an end in time has none, whatever the command says."""
    now = dossier.now
    if not isinstance(now, Held):
        return RESOLVE.ended_so(command, dossier)
    if not command.proof_may_lack and (unready := _unready(command, now)):
        return unready
    late = now.due_on is not None and command.on > now.due_on
    if late and command.late_reason is None and not command.proof_may_lack:
        return Rejected("late-reason-missing", f"the dossier was due on {now.due_on}")
    reason = command.late_reason if late else None
    despite = command.despite if _disagreeing(command, now) else None
    return [
        DossierResolved(
            command.on,
            command.outcome,
            now.due_on,
            reason,
            command.refusal_reason,
            command.document,
            despite,
            command.words,
        )
    ]


def _unready(command: ResolveDossier, now: Held) -> Rejected | None:
    """Guarantee: nothing is resolved before it was signed, where the version has it signed. Test: test_nothing_is_resolved_unsigned.
    Guarantee: nothing is resolved while an opinion is awaited. Test: test_what_is_resolved_waits_for_no_opinion.
    """
    if command.signing and (now.step is None or place_of(now.step) < place_of(SIGNING)):
        return Rejected("not-signed", f"it is at {now.step or 'no step'}: forward it to {SIGNING}")
    awaited = [asked.agency for asked in now.opinions if asked.answer is None]
    if awaited:
        return Rejected("opinion-open", f"asked and silent so far: {', '.join(awaited)}")
    disagreeing = _disagreeing(command, now)
    if disagreeing and command.despite is None:
        return Rejected("opinion-disagrees", f"disagreed: {', '.join(disagreeing)}; say why it is granted")
    return None


def _disagreeing(command: ResolveDossier, now: Held) -> list[str]:
    """The agencies whose last word was against what is granted."""
    if command.outcome != "granted":
        return []
    last = {asked.agency: asked.answer for asked in now.opinions}
    return [agency for agency, answer in last.items() if answer == "disagreed"]


def _resolved(now: State, event: DossierResolved, _: int) -> State | None:
    return Ended(now, event) if isinstance(now, Held) else None


def _same_reasons(command: ResolveDossier, event: DossierResolved) -> bool:
    return event.late_reason in (None, command.late_reason) and event.despite in (None, command.despite)


class Return(Asked):
    method: ReturnMethod


@dataclass(frozen=True, slots=True)
class ReturnResult:
    on: date
    method: str


def _order_return(asked: Return, order: Order) -> ReturnResult:
    return ReturnResult(order.on, asked.method)


def _return(command: ReturnResult, dossier: Dossier, _: Calendar) -> Decision:
    if dossier.now.status == "resolved":
        return [ResultReturned(command.on, command.method)]
    return RETURN.ended_so(command, dossier)


def _returned(now: State, event: ResultReturned, _: int) -> State | None:
    return Ended(now, event) if isinstance(now, Ended) and isinstance(now.by, DossierResolved) else None


class Correct(Asked):
    """`document` is the number of the decision to correct, such as 1234/QĐ-SXD."""

    reason: CorrectionReason
    document: DocumentNumber


@dataclass(frozen=True, slots=True)
class CorrectResult:
    """Corrects the agency's own error in what an ended dossier led to; `document` is the number of the decision to correct."""

    on: date
    reason: str
    document: str


def _order_correction(asked: Correct, order: Order) -> CorrectResult:
    return CorrectResult(order.on, asked.reason, asked.document)


def _correct(command: CorrectResult, dossier: Dossier, _: Calendar) -> Decision:
    now = dossier.now
    if not isinstance(now, Ended) or now.status == "resolved":
        return None
    corrected = ResultCorrected(command.on, command.reason, command.document)
    return [] if now.correction == corrected else [corrected]


def _corrected(now: State, event: ResultCorrected, _: int) -> State | None:
    return now._replace(correction=event) if isinstance(now, Ended) else None


RESOLVE = Act(
    name="resolve",
    summary="Resolve a dossier",
    description="The result is signed; the statutory clock ends, and the desk has the dossier again.",
    body=Resolve,
    order=_order_resolution,
    command=ResolveDossier,
    decide=_resolve,
    effects={DossierResolved: _resolved},
    same=("outcome", "refusal_reason", "document"),
    also=_same_reasons,
    reversible=True,
    faults={
        "late-reason-missing": "late_reason",
        "refusal-reason-missing": "refusal_reason",
        "refusal-reason-unknown": "refusal_reason",
        "written-answer-missing": "document",
        "opinion-disagrees": "despite",
        "words-not-taken": "words",
    },
)
RETURN = Act(
    name="return",
    summary="Return the result",
    description="The desk hands the result over, or sends it.",
    body=Return,
    order=_order_return,
    command=ReturnResult,
    decide=_return,
    effects={ResultReturned: _returned},
    same=("method",),
    by="desk",
    reversible=True,
)
CORRECT = Act(
    name="correct",
    summary="Correct the result",
    description="The agency's own error in what an ended dossier led to. Counts are unchanged.",
    body=Correct,
    order=_order_correction,
    command=CorrectResult,
    decide=_correct,
    effects={ResultCorrected: _corrected},
    same=("reason", "document"),
)
ENDS = (RESOLVE, RETURN)
AFTERWARDS = (CORRECT,)
