"""What may hide lateness: a supplement asked for on the due date or again, an end without a result, an acceptance put off, a late
apology. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Literal, get_args

Pattern = Literal[
    "asked_on_the_due_date",
    "asked_again",
    "ended_without_result",
    "acceptance_put_off",
    "apology_after_expiry",
]
PATTERNS: tuple[Pattern, ...] = get_args(Pattern)
WITHOUT_RESULT = {"ProcessingStopped.v1": "stopped", "DossierWithdrawn.v1": "withdrawn"}


def signs(
    acts: Sequence[Any], dues: Sequence[Any], accepted: Any, ended: Any
) -> Iterator[tuple[Pattern, date, str, str]]:
    """Of the acts that stand: which sign, on which day, in which unit, and what was seen.

    Guarantee: each sign is listed with its day. Test: test_what_may_hide_lateness_is_listed.
    """
    unit, asked, taken_in = "", 0, False
    for act in acts:
        unit = act.said.get("unit") or unit
        due_on = next((due.due_on for due in reversed(dues) if due.due_on and due.on <= act.on), None)
        if act.type == "DossierAccepted.v1":
            taken_in = True
            if act.said.get("late"):
                yield "acceptance_put_off", act.on, unit, "accepted beyond the intake limit"
        elif act.type == "SupplementRequested.v1":
            asked += 1
            if taken_in and due_on == act.on:
                yield "asked_on_the_due_date", act.on, unit, f"due on {due_on}"
            if asked > 1:
                yield "asked_again", act.on, unit, f"request {asked}"
            if not taken_in:
                yield "acceptance_put_off", act.on, unit, "a supplement asked for before acceptance"
        elif act.type == "ApologyIssued.v1" and due_on is not None and act.on > due_on:
            yield "apology_after_expiry", act.on, unit, f"due on {due_on}"
        elif act is ended and accepted is not None and act.type in WITHOUT_RESULT:
            reason = act.said.get("reason")
            kind = WITHOUT_RESULT[act.type]
            yield "ended_without_result", act.on, unit, f"{kind}: {reason}" if reason else kind
