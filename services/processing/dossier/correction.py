"""Brings in what a log tells otherwise than before: the import's own acts are struck out by reversals, then told anew. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime

from services.chassis.log.decider import Rejected
from services.processing.dossier.events import Event
from services.processing.dossier.history import EFFECTS, REVERSIBLE, evolve, fold, leading
from services.processing.dossier.repeats import (
    BY_THEMSELVES,
    Asked,
    Decide,
    Difference,
    Missing,
    corrected_away,
    missing_of,
)
from services.processing.dossier.reversal_events import DossierReversed, struck_out
from services.processing.dossier.saying import words
from services.processing.dossier.state import Dossier, Filing, State, new

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
    `imported` is difference_of()'s. What no reversal strikes out, such as an apology, falls with an earlier act on which it rests.

    Guarantee: a correction leads to where the log as it is now leads, and strikes out nothing that was done here.
    Tests: test_a_correction_leads_to_where_the_log_leads, test_what_cannot_be_reversed_falls_with_what_it_rests_on.
    """
    struck = struck_out(recorded)
    first = _first_struck(opened.filing, recorded, found.version, struck)
    wrong = [
        version
        for version, event in enumerate(recorded, 1)
        if version >= first
        and version not in struck
        and not isinstance(event, (DossierReversed, *BY_THEMSELVES))
    ]
    for version in wrong:
        if imported[version - 1] is None:
            return Rejected(
                "acted-on-here",
                f"{words(recorded[version - 1])} was done here on {recorded[version - 1].on}, and no import strikes that out: "
                "have a supervisor reverse it, if the log is right, and import again",
            )
    dossier = fold(opened.filing, recorded, opened.heard)
    reversals: list[tuple[Event, datetime]] = []
    for version in reversed([each for each in wrong if isinstance(recorded[each - 1], REVERSIBLE)]):
        stands = [each - 1 for each in leading(dossier) if each < version]
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


def _first_struck(filing: Filing, recorded: Sequence[Event], version: int, struck: Collection[int]) -> int:
    """The latest act, `version` or before it, with which all behind it falls: what cannot be reversed is then said of nothing."""
    while version > 1 and not _falls(filing, recorded, version, struck):
        version -= 1
    return version


def _falls(filing: Filing, recorded: Sequence[Event], first: int, struck: Collection[int]) -> bool:
    now: State = new(filing).now
    for version, event in enumerate(recorded, 1):
        if version in struck or isinstance(event, DossierReversed):
            continue
        after = EFFECTS[type(event)](now, event, version) or now
        if version < first:
            now = after
        elif not isinstance(event, (*REVERSIBLE, *BY_THEMSELVES)) and after != now:
            return False
    return True
