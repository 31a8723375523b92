"""What a version of the procedure says of a dossier's steps, as its control slip measures them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import time
from typing import NamedTuple

from contracts.catalogue.procedure import Version
from services.processing.dossier.asked import version_of
from services.processing.dossier.events import DossierAccepted, Event
from services.processing.dossier.state import Filing


class Terms(NamedTuple):
    """The version's working hours for each step, and the time of day after which something is forwarded the next day."""

    hours: Mapping[str, int]
    cut_off: time | None


def step_terms(filing: Filing, acts: Iterable[Event]) -> Terms:
    """The control slip's limits, those of the class that the dossier was accepted with last; none where the catalogue has no version."""
    version = version_of(filing)
    if not isinstance(version, Version):
        return Terms({}, None)
    # An acceptance with the wrong class is reversed and given again: the later one holds.
    classes = [act.project_class for act in acts if isinstance(act, DossierAccepted)]
    steps = (version.steps_by_class or {}).get((classes and classes[-1]) or "", version.steps)
    return Terms(steps.model_dump(), version.forwarding_cut_off)
