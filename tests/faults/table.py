"""The table of a dossier's life, as DOMAIN has it, written out for the checkers: what each act does, and where it may follow.

Written from the table alone and sharing no code with the services, so that both cannot be wrong in the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone

from tests.faults.record import Fact

VIETNAM = timezone(timedelta(hours=7))
STATUS_AFTER = {
    "DossierAccepted": "accepted",
    "DossierRejected": "rejected",
    "DossierForwarded": "in_processing",
    "SupplementRequested": "supplement_requested",
    "FeeRequested": "payment_requested",
    "DossierResolved": "resolved",
    "ResultReturned": "returned",
    "ProcessingStopped": "stopped",
    "DossierWithdrawn": "withdrawn",
}
STATUS_BACK = ("SupplementAccepted", "FeeConfirmed", "FeeWaived")
STATUS_KEPT = (
    "ApologyIssued",
    "ResultCorrected",
    "WithdrawalRefused",
    "DossierReversed",
    "OpinionRequested",
    "OpinionGiven",
    "ConsentDeemed",
    "SupplementLapsed",
    "DossierHandedOver",
    "ReversalProposed",
)
MOVED = ("DueDateChanged", "DeadlineChanged", "OpinionDeadlineChanged")
"""Dates that a declared day moved: no status, and nobody asked for it."""
UNTOLD = ("ReversalProposed",)
"""It waits for another supervisor, and the applicant is told of the reversal."""
ACTS = (*STATUS_AFTER, *STATUS_BACK, *STATUS_KEPT, *MOVED)
HELD = ("accepted", "in_processing")
ASKED = ("supplement_requested", "payment_requested")
OPEN = ("submitted", *HELD, *ASKED)
ENDED = ("rejected", "withdrawn", "stopped", "resolved", "returned")
MAY_FOLLOW: dict[str, tuple[str, ...]] = {
    "DossierAccepted": ("submitted",),
    "DossierRejected": ("submitted", "supplement_requested"),
    "DossierForwarded": HELD,
    "SupplementRequested": ("submitted", *HELD, "supplement_requested"),
    "SupplementAccepted": ("supplement_requested",),
    "SupplementLapsed": ("supplement_requested",),
    "FeeRequested": HELD,
    "FeeConfirmed": ("payment_requested",),
    "FeeWaived": ("payment_requested",),
    "OpinionRequested": HELD,
    "OpinionGiven": HELD,
    "ConsentDeemed": HELD,
    "ApologyIssued": HELD,
    "DossierHandedOver": (*HELD, *ASKED),
    "DossierWithdrawn": OPEN,
    "WithdrawalRefused": OPEN,
    "ProcessingStopped": (*HELD, *ASKED),
    "DossierResolved": HELD,
    "ResultReturned": ("resolved",),
    "ResultCorrected": ("rejected", "withdrawn", "stopped", "returned"),
    "DossierReversed": (*HELD, *ASKED, *ENDED),
    "ReversalProposed": (*HELD, *ASKED, *ENDED),
    "DueDateChanged": (*HELD, *ASKED),
    "DeadlineChanged": ASKED,
    "OpinionDeadlineChanged": (*HELD, *ASKED),
}


@dataclass(frozen=True, slots=True)
class Stand:
    """Where some acts lead. `status` is the log's own; `asked` are the agencies that have not answered, each with its last day."""

    status: str = "submitted"
    before: str = ""
    unit: str | None = None
    officer: str | None = None
    due_on: str | None = None
    deadline_on: str = ""
    asked: dict[str, str] = field(default_factory=dict)
    apologised: bool = False
    lapsed: bool = False
    accepted: Fact | None = None
    rejected: Fact | None = None
    ended: Fact | None = None


def struck(acts: Sequence[Fact]) -> set[int]:
    """The versions of the acts that were reversed."""
    return {int(f.data["sequence"]) for f in acts if f.type == "DossierReversed"}


def stand(acts: Sequence[Fact]) -> Stand:
    """Where all acts lead but those that were reversed, which are as if they had not been."""
    now, without = Stand(), struck(acts)
    for fact in acts:
        if fact.version not in without:
            now = _after(now, fact)
    return now


def _after(now: Stand, fact: Fact) -> Stand:
    data, kind = fact.data, fact.type
    if "due_on" in data and kind not in ("DossierResolved", "ProcessingStopped", "DossierWithdrawn"):
        now = replace(now, due_on=data["due_on"])
    if kind == "DossierAccepted":
        now = replace(now, accepted=fact, unit=data.get("unit"))
    elif kind == "DossierForwarded":
        now = replace(now, unit=data.get("unit"), officer=None)
    elif kind == "DossierHandedOver":
        now = replace(now, unit=data["unit"], officer=data["officer"])
    elif kind == "DeadlineChanged":
        now = replace(now, deadline_on=str(data.get("deadline_on", "")))
    elif kind in ("SupplementRequested", "FeeRequested"):
        now = replace(now, deadline_on=str(data.get("deadline_on", "")), lapsed=False)
    elif kind == "SupplementLapsed":
        now = replace(now, lapsed=True)
    elif kind in ("OpinionRequested", "OpinionDeadlineChanged"):
        now = replace(now, asked=now.asked | {str(data.get("agency")): str(data.get("answer_by"))})
    elif kind in ("OpinionGiven", "ConsentDeemed"):
        now = replace(now, asked={a: day for a, day in now.asked.items() if a != data["agency"]})
    elif kind == "ApologyIssued":
        now = replace(now, apologised=True)
    elif kind == "DossierRejected" or (kind == "DossierWithdrawn" and now.accepted is None):
        now = replace(now, rejected=fact)
    elif kind in ("DossierResolved", "ProcessingStopped", "DossierWithdrawn"):
        now = replace(now, ended=fact)
    if kind in STATUS_BACK:
        return replace(now, status=now.before)
    if kind == "SupplementRequested" and now.status == "supplement_requested":
        return now
    if kind in STATUS_AFTER:
        return replace(now, status=STATUS_AFTER[kind], before=now.status)
    return now


def faults_of(before: Stand, fact: Fact, acts: Sequence[Fact]) -> list[str]:
    """What the table has against this act, after the acts that stood then."""
    kind, data, after = fact.type, fact.data, stand([*acts, fact])
    if before.status not in MAY_FOLLOW[kind]:
        return [f"not while {before.status}"]
    silent = str(data.get("agency", "")) in before.asked
    wrong = {
        "accepted already": kind == "DossierRejected" and before.accepted is not None,
        "not accepted yet": kind == "ProcessingStopped" and before.accepted is None,
        "before the deadline": kind == "ProcessingStopped"
        and before.status in ASKED
        and data["reason"] != "stopped_by_law"
        and str(data["on"]) <= before.deadline_on,
        "a second apology": kind == "ApologyIssued" and before.apologised,
        "a second lapse": kind == "SupplementLapsed" and before.lapsed,
        "the agency was asked already": kind == "OpinionRequested" and silent,
        "the agency does not owe an answer": kind
        in ("OpinionGiven", "ConsentDeemed", "OpinionDeadlineChanged")
        and not silent,
        "back to another status": "status" in data
        and kind != "WithdrawalRefused"
        and data["status"] != after.status,
        "not the latest act": kind in ("DossierReversed", "ReversalProposed")
        and int(data["sequence"]) != _latest(acts),
    }
    return [why for why, is_wrong in wrong.items() if is_wrong]


def _latest(acts: Sequence[Fact]) -> int:
    """The version of the latest act that changed the state and stands."""
    without = struck(acts)
    changes = (
        f.version for f in acts if f.type in (*STATUS_AFTER, *STATUS_BACK) and f.version not in without
    )
    return max(changes, default=0)


def day_of(at: datetime) -> date:
    """The local day, by which the law counts."""
    return at.astimezone(VIETNAM).date()


def is_ahead(fact: Fact) -> bool:
    """Whether who dated it had a clock that was ahead: the database, which has its own, recorded it on an earlier day."""
    return (
        max(day_of(fact.occurred_at).isoformat(), str(fact.data.get("on", "")))
        > day_of(fact.recorded_at).isoformat()
    )
