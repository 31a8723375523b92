"""Brings in what a log tells otherwise than before: the import's own acts are struck out by reversals, then told anew. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

from services.chassis.log.decider import Rejected
from services.processing.dossier.events import Event
from services.processing.dossier.history import REVERSIBLE, evolve, fold
from services.processing.dossier.repeats import (
    BY_THEMSELVES,
    Asked,
    Decide,
    Difference,
    Missing,
    corrected_away,
    missing_of,
)
from services.processing.dossier.reversal_events import DossierReversed
from services.processing.dossier.saying import words
from services.processing.dossier.state import Dossier

Strike = Callable[[Dossier, int, date], Sequence[Event]]
"""The reversal of the act at a version, dated so."""


def correction_of(
    found: Difference,
    asked: Asked,
    opened: Dossier,
    recorded: Sequence[Event],
    imported: Sequence[datetime | None],
    decide: Decide,
    strike: Strike,
) -> Missing | Rejected:
    """What makes the record say what the import tells now: reversals from the last act back to the first difference, then the acts.

    A reversal bears the time of what stands before it, so that the acts that follow are as if the struck ones had not been.
    `imported` is difference_of()'s.

    Guarantee: a correction leads to where the log as it is now leads, and strikes out nothing that was done here.
    Test: test_a_correction_leads_to_where_the_log_leads.
    """
    struck = {event.sequence for event in recorded if isinstance(event, DossierReversed)}
    wrong = [
        version
        for version, event in enumerate(recorded, 1)
        if version >= found.version
        and version not in struck
        and not isinstance(event, (DossierReversed, *BY_THEMSELVES))
    ]
    for version in wrong:
        if imported[version - 1] is None:
            return Rejected("acted-on-here", f"{words(recorded[version - 1])} was done here since then")
        if not isinstance(recorded[version - 1], REVERSIBLE):
            return Rejected("not-correctable", f"{words(recorded[version - 1])} cannot be struck out")
    dossier = fold(opened.filing, recorded, opened.heard)
    reversals: list[tuple[Event, datetime]] = []
    for version in reversed(wrong):
        stands = [place for place in range(version - 1) if place + 1 not in struck]
        on = max((recorded[place].on for place in stands), default=opened.since)
        at = max((at for place in stands if (at := imported[place])), default=opened.filing.submitted_at)
        for event in strike(dossier, version, on):
            dossier = evolve(dossier, event)
            reversals.append((event, at))
    now = [*recorded, *(event for event, _ in reversals)]
    times = [*imported, *(at for _, at in reversals)]
    missing = missing_of(asked, opened, now, decide, corrected_away(asked, now, times))
    if isinstance(missing, Rejected):
        return missing
    return Missing([*reversals, *missing.events], missing.dossier)
