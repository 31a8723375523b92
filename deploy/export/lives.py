"""From the events of a dossier to the acts that stand, in the order of their time: what process mining calls a case. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from deploy.export.spool import Row

STRIKES = {"DossierReversed.v1": "processing", "ApplicantActReversed.v1": "intake"}
_SAYS_NO_ACT = frozenset({*STRIKES, "ReversalProposed.v1", "SubmissionCorrected.v1"})


class Life(NamedTuple):
    """A dossier: what it was filed as, and accepted as, and its acts, the submission first."""

    dossier_id: str
    filed: Row
    accepted: Row | None
    acts: Sequence[Row]
    dated: Sequence[Row]
    """The acts, and reversals of processing's: those tell the due date as it is from then on."""

    def said(self, name: str) -> Any:
        """Fixed at acceptance; before it, as it was filed."""
        told = (self.accepted or {}).get(name)
        return self.filed.get(name) if told is None else told

    @property
    def due_on(self) -> str | None:
        """The due date that was told last, or against which the end was measured."""
        dated = [act for act in self.acts if act.get("due_on")]
        return dated[-1]["due_on"] if dated else None


def lives(rows: Iterable[Row]) -> Iterator[Life]:
    """Of events that come dossier by dossier. One without a submission is of an export that began later, and is left out."""
    for dossier_id, events in groupby(rows, key=lambda row: row["dossier_id"]):
        told = list(events)
        acts = standing(told)
        if acts and acts[0]["type"] == "DossierSubmitted.v1":
            accepted = next((act for act in acts if act["type"] == "DossierAccepted.v1"), None)
            reversals = [event for event in told if event["type"] == "DossierReversed.v1"]
            dated = sorted([*acts, *reversals], key=_order) if reversals else acts
            yield Life(dossier_id, acts[0], accepted, acts, dated)


def standing(events: Sequence[Row]) -> list[Row]:
    """The acts that stand: none that was reversed, and the submission as it was told last.

    Guarantee: an act that was reversed is in no event log. Test: test_an_event_log_holds_the_acts_that_stand.
    """
    struck = {(STRIKES[event["type"]], event["sequence"]) for event in events if event["type"] in STRIKES}
    corrections = [event for event in events if event["type"] == "SubmissionCorrected.v1"]
    found = []
    for event in events:
        if event["type"] in _SAYS_NO_ACT or (event["source"], event["version"]) in struck:
            continue
        if event["type"] == "DossierSubmitted.v1":
            for correction in corrections:
                told = {
                    name: correction[name]
                    for name in ("procedure", "channel", "office")
                    if correction.get(name)
                }
                event = {**event, **told, "time": correction["submitted_at"]}
        found.append(event)
    found.sort(key=_order)
    return found


def name_of(act: Row) -> str:
    """What an act is called: its type, with the step that it leads to, or with what was decided."""
    plain = act["type"].partition(".")[0]
    detail = act.get("step") or act.get("outcome")
    return f"{plain}: {detail}" if detail else plain


def _order(act: Row) -> tuple[bool, datetime, datetime, int]:
    """The submission first; else by time, then by when it was recorded."""
    at, known = (datetime.fromisoformat(act[name]) for name in ("time", "recorded_at"))
    return act["type"] != "DossierSubmitted.v1", at, known, act["version"]
