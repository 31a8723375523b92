"""The public page: what it shows, laid out for its templates, in either language.

`Figures` is read in one snapshot, so that no two numbers of a page come from different states; laying out is pure.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import asyncpg

from contracts.catalogue import shipped as catalogue
from services.reporting.book.lines import ZONE, local_date
from services.reporting.book.rows import count_held
from services.reporting.dashboard import texts
from services.reporting.dashboard.texts import Lang
from services.reporting.report.check import Checked
from services.reporting.report.columns import Columns, tells
from services.reporting.report.counts import Counts, Report, Row, Window, report, result_hash
from services.reporting.report.flows import load_flows
from services.reporting.report.periods import Known, cut, filled, periods_of, years_of
from services.reporting.report.queries import load_hidden, load_official
from services.reporting.report.withheld import Hidden, shown

PAGES = Path(__file__).parent / "pages"
STYLE = (PAGES / "dashboard.css").read_text(encoding="utf-8")
SCRIPT = (PAGES / "dashboard.js").read_text(encoding="utf-8")
# Of each plot the pixels and the most months, on wide screens and on narrow ones.
SIZES = {
    "wide": {"months": 600, "procedures": 540, "most": 24},
    "narrow": {"months": 340, "procedures": 340, "most": 12},
}
FRESH_SECONDS = 15.0
# What stands beside the official report's columns: its words, and its column. Parts stand under their whole.
BESIDE = (
    (
        ("received_online", "received_online"),
        ("online_full", "online_full"),
        ("online_partial", "online_partial"),
    ),
    (("resolved", "resolved"), ("stopped", "stopped"), ("withdrawn_after", "withdrawn")),
    (("late", "late"), ("with_apology", "late_with_apology"), ("without_apology", "late_without_apology")),
    (
        ("pending_overdue", "overdue"),
        ("with_apology", "overdue_with_apology"),
        ("without_apology", "overdue_without_apology"),
    ),
    (
        ("not_accepted", "not_accepted"),
        ("rejected", "rejected"),
        ("withdrawn_before", "withdrawn_before_acceptance"),
    ),
    (("waiting", "waiting"),),
    (("accepted_late", "accepted_late"),),
)


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


# Nothing from outside, and of what is inside only this very style and this very script.
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src {_digest(STYLE)}; script-src {_digest(SCRIPT)}; connect-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Figures(NamedTuple):
    """The numbers of one page, of one instant of the database."""

    months: Report
    procedures: Report
    channels: Report
    columns: Columns
    held: int
    hidden_procedures: Hidden = MappingProxyType({})
    hidden_channels: Hidden = MappingProxyType({})

    @property
    def total(self) -> Counts:
        return self.months.total


class Site(NamedTuple):
    """Whose page it is, in both languages, and what can be chosen on it."""

    agency: Sequence[str]
    release: str
    today: date
    known: Known


class Freshness(NamedTuple):
    """How complete the numbers are: up to when, and what the last check of them found."""

    now: datetime
    complete_up_to: datetime | None
    checked: Checked | None


async def load_figures(connection: asyncpg.Connection[Any], window: Window, today: date) -> Figures:
    """All figures of the page, inside the caller's snapshot."""
    return Figures(
        months=report(await load_flows(connection, window, "month"), "month"),
        procedures=report(await load_flows(connection, window, "procedure"), "procedure"),
        channels=report(await load_flows(connection, window, "channel"), "channel"),
        columns=(await load_official(connection, window, None, tells(window.last, today))).total,
        held=await count_held(connection),
        hidden_procedures=await load_hidden(connection, window, "procedure", today),
        hidden_channels=await load_hidden(connection, window, "channel", today),
    )


def drawings(figures: Figures, window: Window, today: date, lang: Lang) -> dict[str, dict[str, Any]]:
    """What to draw, by name: both plots for wide screens and for narrow ones."""
    words = texts.TEXTS[lang]
    common = {
        **{name: words[name] for name in ("dossiers", "resolved", "pending")},
        "decimal": "," if lang == "vi" else ".",
        "thousands": "." if lang == "vi" else ",",
    }
    hidden = figures.hidden_procedures
    procedures = [
        _bar(row, f"{row.key} · {name_of(row.key, lang)}", lang, hidden)
        for row in by_received(figures.procedures, hidden)
    ]
    asked: dict[str, dict[str, Any]] = {}
    shown = filled(figures.months.rows, window, today, figures.total)
    named = [
        (row, texts.month(row.key, lang) + ("*" if any(cut(row.key, window, today)) else "")) for row in shown
    ]
    for size, width in SIZES.items():
        months = [_bar(row, name, lang) for row, name in named[-width["most"] :]]
        for kind, rows in (("months", months), ("procedures", procedures)):
            asked[f"{kind}_{size}"] = {**common, "kind": kind, "width": width[kind], "rows": rows}
    return asked


def frame(site: Site, window: Window, lang: Lang) -> dict[str, Any]:
    """What stands around the figures, and on a page that has none."""
    year = (window.last or window.first or site.today).year
    years = years_of(site.today, site.known)
    return {
        "lang": lang,
        "here": "/",
        "title": texts.TEXTS[lang]["title"],
        "lead": texts.TEXTS[lang]["lead"],
        "t": texts.TEXTS[lang],
        "agency": site.agency[0 if lang == "vi" else -1],
        "window": window,
        "period": _period(window, lang),
        "periods": [
            (texts.TEXTS[lang][name].format(year=year), _days(period), period == window)
            for name, period in periods_of(year)
        ],
        "years": [(each, _days(periods_of(each)[-1][1]), each == year) for each in years],
        "query": _query(window),
        "days": _days(window),
        "fault": "",
        "made_up": site.known.made_up,
        "illustrative": False,
        "zone": ZONE.tzname(None),
        "release": site.release,
        "style": STYLE,
        "script": SCRIPT,
    }


def layout(
    figures: Figures,
    freshness: Freshness,
    window: Window,
    lang: Lang,
    site: Site,
    plots: Mapping[str, str],
) -> dict[str, Any]:
    """Everything that the templates name; `plots` gives each plot's version."""
    words, total = texts.TEXTS[lang], figures.total
    complete_up_to, now = freshness.complete_up_to, freshness.now
    behind = max((now - complete_up_to).total_seconds(), 0.0) if complete_up_to else None
    found = [catalogue.find(row.key) for row in figures.procedures.rows]
    procedures, channels = figures[-2:]
    return frame(site, window, lang) | {
        "total": asdict(total),
        "columns": asdict(figures.columns),
        "broken": figures.columns.broken(),
        "beside": BESIDE,
        "tells_on": texts.day(tells(window.last, local_date(now)), lang),
        "months": [
            (texts.cut_month(row.key, lang, *cut(row.key, window, site.today)), asdict(row.counts))
            for row in filled(figures.months.rows, window, site.today, total)
        ],
        "procedures": [
            (row.key, name_of(row.key, lang), _level(row.key, words), told)
            for row, told in _shown(figures.procedures, procedures)
        ],
        "channels": [(words.get(row.key, row.key), told) for row, told in _shown(figures.channels, channels)],
        "held": figures.held,
        "withheld": bool(procedures or channels),
        "complete_up_to": complete_up_to,
        "complete_text": texts.instant(complete_up_to, lang) if complete_up_to else "",
        "behind": texts.age(behind, lang) if behind is not None and behind >= FRESH_SECONDS else "",
        "fresh": behind is not None and behind < FRESH_SECONDS,
        "checked": freshness.checked,
        "plots": plots,
        "illustrative": any(each is None or each.is_illustrative for each in found),
        "hash": result_hash({"first": window.first, "last": window.last}, figures.procedures, procedures),
    }


def by_received(told: Report, hidden: Hidden) -> Sequence[Row]:
    """Most received first; what is withheld comes last, for its place would tell it."""

    def place(row: Row) -> tuple[Any, ...]:
        counts = shown(row.key, {"received": row.counts.received, "submitted": row.counts.submitted}, hidden)
        return (*((value is None, -(value or 0)) for value in counts.values()), row.key)

    return sorted(told.rows, key=place)


def _shown(told: Report, hidden: Hidden) -> list[tuple[Row, dict[str, int | None]]]:
    return [(row, shown(row.key, asdict(row.counts), hidden)) for row in by_received(told, hidden)]


def _bar(row: Row, name: str, lang: Lang, hidden: Hidden = MappingProxyType({})) -> dict[str, Any]:
    """Where anything is withheld there is no bar."""
    names = ("received", "resolved", "pending")
    counts = shown(row.key, {name: getattr(row.counts, name) for name in names}, hidden)
    drawn = counts if None not in counts.values() else dict.fromkeys(names, 0)
    return {
        "key": row.key,
        "name": name,
        **drawn,
        "received_text": texts.number(counts["received"], lang),
    }


def name_of(code: str, lang: Lang) -> str:
    found = catalogue.find(code)
    if found is None:
        return code
    return found.name_vi if lang == "vi" else found.name_en


def _level(code: str, words: dict[str, str]) -> str:
    found = catalogue.find(code)
    return words[found.level] if found else ""


def _period(window: Window, lang: Lang) -> str:
    words = texts.TEXTS[lang]
    if window.last is not None:
        for name, period in periods_of(window.last.year):
            if period == window:
                days = _between(window, lang)
                return f"{words[name].format(year=window.last.year)} ({days[0].lower()}{days[1:]})"
    return _between(window, lang)


def _between(window: Window, lang: Lang) -> str:
    words = texts.TEXTS[lang]
    first = texts.day(window.first, lang) if window.first else ""
    last = texts.day(window.last, lang) if window.last else ""
    if first and last:
        return words["between"].format(first=first, last=last)
    if first:
        return words["since"].format(first=first)
    return words["until"].format(last=last) if last else words["everything"]


def _query(window: Window) -> str:
    """How a link asks for this very window: without a day it would open on another one."""
    return _days(window) or "period=all"


def _days(window: Window) -> str:
    parts = [f"from={window.first}" if window.first else "", f"to={window.last}" if window.last else ""]
    return "&".join(part for part in parts if part)
