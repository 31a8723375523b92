"""The public page of the service-quality index: each measure with its formula, its two numbers and what it leaves out."""

from __future__ import annotations

from typing import Any

from services.reporting.dashboard import texts
from services.reporting.dashboard.page import Site, frame, name_of
from services.reporting.dashboard.quality_texts import MEASURES, QUALITY
from services.reporting.dashboard.texts import Lang
from services.reporting.quality.shown import Shown, told
from services.reporting.report.counts import Window

PATH = "/quality"


def around(site: Site, window: Window, lang: Lang) -> dict[str, Any]:
    """What stands around the measures, and on a page that has none."""
    words = QUALITY[lang]
    return frame(site, window, lang) | {
        "here": PATH,
        "title": words["title"],
        "lead": words["lead"],
        "q": words,
    }


def quality_layout(shown: Shown, window: Window, lang: Lang, site: Site) -> dict[str, Any]:
    """Guarantee: the page says of each measure what the door says. Test: test_the_page_shows_each_measure_as_the_door_tells_it."""
    return around(site, window, lang) | {
        "measures": [(each, MEASURES[lang][each.code]) for each in shown.measures],
        "procedures": [
            (each.key, name_of(each.key, lang), *told(each, shown.withheld)) for each in shown.procedures
        ],
        "withheld": bool(shown.withheld),
        "tells_on": texts.day(shown.tells_on, lang),
        "complete_up_to": shown.complete_up_to,
        "complete_text": texts.instant(shown.complete_up_to, lang) if shown.complete_up_to else "",
        "held": shown.held,
        "made_up": shown.made_up or site.known.made_up,
    }
