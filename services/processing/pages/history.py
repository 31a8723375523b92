"""What happened to a dossier, as its page tells it: the authority's acts and the applicant's, by time; officers by name. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from services.chassis.http.texts import N_
from services.chassis.log.event_store import StoredEvent
from services.processing.desk.carry_out import ACTOR
from services.processing.desk.words import said_in
from services.processing.dossier.reversal_events import struck_out
from services.processing.dossier.state import Dossier
from services.processing.pages import act_words

BY_ITSELF = N_("hệ thống")
"""Whose act it is that nobody commanded."""


class Happened(NamedTuple):
    """A line of the history: what, when, by whom; `struck` when a reversal took it back."""

    what: str
    at: Any
    actor: str
    struck: bool = False


def subject_of(stored: StoredEvent) -> str:
    """Whose act it is, by the token's subject."""
    return stored.actor.partition("/")[2]


def acts(history: Sequence[StoredEvent], dossier: Dossier, names: Mapping[str, str]) -> list[Happened]:
    """The authority's acts, the n-th at version n."""
    struck = struck_out(dossier.acts)
    return [
        Happened(
            act_words.EVENTS.get(stored.type, stored.type),
            stored.occurred_at,
            BY_ITSELF if stored.actor == ACTOR else names.get(subject_of(stored), subject_of(stored)),
            stored.version in struck,
        )
        for stored in history
    ]


def happened(history: Sequence[StoredEvent], dossier: Dossier, names: Mapping[str, str]) -> list[Happened]:
    """The history of both sides by time, the submission first."""
    filing = dossier.filing
    heard = [Happened(act_words.EVENTS.get(each.what, each.what), each.at, "") for each in dossier.heard]
    first = Happened(act_words.EVENTS["DossierSubmitted"], filing.submitted_at, "")
    return [first, *sorted([*acts(history, dossier, names), *heard], key=lambda each: each.at)]


class Words(NamedTuple):
    """What the officer said to the applicant with an act; None while nobody asked to read it, and once it is erased."""

    what: str
    at: Any
    words: str | None


def said(history: Sequence[StoredEvent], person: Mapping[str, Any] | None) -> list[Words]:
    """The acts that say something in words, with what intake told of them."""
    return [
        Words(act_words.EVENTS.get(each.stored.type, each.stored.type), each.stored.occurred_at, each.words)
        for each in said_in(history, person)
    ]
