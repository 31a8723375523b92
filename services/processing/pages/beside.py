"""What the pages of a dossier show beside its state, and what an act would change of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.catalogue.offices import Names
from contracts.catalogue.procedure import Version
from services.chassis.http.pages import day
from services.chassis.http.texts import Lang
from services.processing.dossier.asked import version_of
from services.processing.dossier.state import AwaitingPayment, AwaitingSupplement, Dossier
from services.processing.pages import act_words, words
from services.processing.pages.act_forms import Case
from services.processing.pages.shown import place_name


def facts(case: Case) -> Mapping[str, Any]:
    """What stands beside the state: who has it, until when the applicant has, who was asked."""
    now, held = case.dossier.now, case.dossier.held
    waiting = now.request if isinstance(now, AwaitingSupplement | AwaitingPayment) else None
    terms = version_of(case.known.filing)
    papers = terms.papers if isinstance(terms, Version) else ()
    asked = now.request.papers if isinstance(now, AwaitingSupplement) else ()
    return {
        "held": held,
        "deadline_on": waiting and waiting.deadline_on,
        "amount_vnd": getattr(waiting, "amount_vnd", None),
        "papers": [
            (
                papers[each.paper - 1] if each.paper <= len(papers) else None,
                act_words.PAPER_FAULTS[each.fault],
            )
            for each in asked
        ],
        "opinions": held.opinions if held else (),
        "apology": held.apology if held else None,
    }


def changes(case: Case, after: Dossier, names: Names, lang: Lang) -> list[tuple[str, str, str]]:
    """What an act would change: a label, and the value before and after; statuses as texts of the catalogue."""

    def told(dossier: Dossier) -> dict[str, str]:
        now, held = dossier.now, dossier.held
        officer = held and held.officer
        waiting = now.request.deadline_on if isinstance(now, AwaitingSupplement | AwaitingPayment) else None
        return {
            "status": words.STATUSES[dossier.status][0],
            "due_on": day(dossier.due_on, lang),
            "deadline_on": day(waiting, lang),
            "unit": place_name(names, held and held.unit, lang),
            "officer": case.colleagues.get(officer or "") or officer or "–",
            "appointment_on": day(held.apology.appointment_on if held and held.apology else None, lang),
        }

    then, later = told(case.dossier), told(after)
    return [(words.CHANGED[name], then[name], later[name]) for name in then if then[name] != later[name]]
