"""Writes the texts of notices from codes and dates, Vietnamese first and English second, one template per event in a frame per channel.

It is given no name of an applicant and nothing that one typed: nobody has verified the address, so a stranger could have typed both.
The one name is that of the officer who has the dossier, as the authority's own register has it. What an officer said in words stands
between quotation marks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from contracts.catalogue.offices import Desk, Names, Offices
from contracts.catalogue.shipped import Version, version_on
from contracts.hours import reception_due_at
from contracts.sealed import Unsealable, unseal
from services.notify.notice import Channel
from services.notify.wording import words

TEMPLATES = Path(__file__).parent / "templates"
VIETNAM = timezone(timedelta(hours=7))


@dataclass(frozen=True, slots=True)
class Text:
    """A notice as people read it: `title` is one line, `body` plain text."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a text may say: codes, dates and times, nothing about an applicant, and an officer's words. The official code is still
    sealed; `officer` is the name of who has the dossier.
    """

    about: str
    dossier_id: UUID
    happened_at: datetime
    facts: Mapping[str, Any]
    procedure: str | None
    office: str | None
    sealed_code: str | None
    submitted_on: date | None = None
    result_delivery: str | None = None
    unit: str | None = None
    officer: str | None = None
    words: str | None = field(default=None, repr=False)


class Texts:
    """Writes texts. `code_keys` open sealed codes; `procedures` gives both names by a code, `register` those of offices, units and
    agencies, where a desk is and whom to call.
    """

    def __init__(self, *, code_keys: Sequence[bytes], procedures: Names, register: Offices) -> None:
        self._code_keys, self._procedures, self._register = code_keys, procedures, register
        self._offices = register.names()

    def of(self, told: Told, channel: Channel, link: str = "") -> Text:
        """The text of one notice; the first line of each frame is its title. `link`: where one chooses what one is told.

        Guarantee: there is no word about an applicant in it. Test: test_a_text_has_codes_and_dates_only.
        """
        whole = _environment.get_template(f"{told.about}.txt").render(
            frame=f"{channel}.txt",
            link=link,
            told=told,
            facts=told.facts,
            papers=papers(told),
            code=code_of(self._code_keys, told),
            PROCEDURES=self._procedures,
            OFFICES=self._offices,
            desk=self._desk(told),
            counter=partial(self._counter, told.office, 0),
            counter_en=partial(self._counter, told.office, 1),
            unit=self._register.unit(
                told.unit
            ),  # None before acceptance, and for one that the register does not know
        )
        title, _, body = whole.partition("\n")
        return Text(title.strip(), body.strip() + "\n")

    def _desk(self, told: Told) -> Desk | None:
        """Where the office's desk was on the day of which the notice tells."""
        on = _day(told.happened_at)
        office = self._register.office(told.office, on) if told.office else None
        return office.desk_on(on) if office else None

    def _counter(self, office: str | None, lang: int, last_day: str | date) -> str:
        """Until when the office's desk takes what is brought on the last day; what came online is in time until its end."""
        on = _date(last_day)
        found = self._register.office(office, on) if office else None
        hour = found.desk_on(on).closes_on(on) if found else None
        return words.COUNTER[lang].format(hour) if hour else words.COUNTER_OTHERWISE[lang]


def code_of(code_keys: Sequence[bytes], told: Told) -> str | None:
    """The official code; without one when it was sealed with another key: the rest of the text is still worth sending."""
    if told.sealed_code is None:
        return None
    try:
        return unseal(code_keys, told.sealed_code, told.dossier_id)
    except Unsealable:
        return None


def papers(told: Told) -> list[tuple[str, str, str]]:
    """Of each paper that is asked for: its name in both languages by the version of the first submission, and what is wrong with it."""
    version = version_on(told.procedure, told.submitted_on) if told.procedure and told.submitted_on else None
    known = version.papers if isinstance(version, Version) else ()
    named = []
    for asked in told.facts.get("papers", ()):
        place = asked["paper"]
        found = known[place - 1] if place <= len(known) else None
        vietnamese, english = (
            (found.name_vi, found.name_en) if found else (f"giấy tờ số {place}", f"paper {place}")
        )
        named.append((vietnamese, english, asked["fault"]))
    return named


def _vi(code: str, names: Mapping[str, tuple[str, str]]) -> str:
    return names[code][0] if code in names else code


def _en(code: str, names: Mapping[str, tuple[str, str]]) -> str:
    return names[code][1] if code in names else code


def _on(day: str | date | None) -> str:
    """17/12/2026."""
    return _date(day).strftime("%d/%m/%Y") if day else ""


def _on_en(day: str | date | None) -> str:
    """17 December 2026."""
    return format_date(_date(day), "d MMMM y", "en") if day else ""


def _date(day: str | date) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else day


def _day(instant: datetime) -> date:
    return instant.astimezone(VIETNAM).date()


def _tentative(facts: Mapping[str, Any]) -> str:
    """Behind a date that reaches a year whose days off are not declared; in messages of before nothing says so."""
    return words.TENTATIVE[0] if facts.get("provisional") else ""


def _tentative_en(facts: Mapping[str, Any]) -> str:
    return words.TENTATIVE[1] if facts.get("provisional") else ""


def _reception(instant: datetime) -> datetime:
    """Until when the desk answers what came then, by ordinary weeks."""
    return reception_due_at(instant.astimezone(VIETNAM))


def _apology(instant: datetime) -> str:
    """The form's name, which changed with its rule."""
    return words.APOLOGIES[_day(instant) >= words.FORMS_RENAMED_ON]


def _dong(amount: int) -> str:
    """300000 as 300.000."""
    return _dong_en(amount).replace(",", ".")


def _dong_en(amount: int) -> str:
    """300000 as 300,000: in English 300.000 is three hundred."""
    return f"{amount:,}"


def _at(instant: datetime) -> str:
    return instant.astimezone(VIETNAM).strftime("%H:%M, %d/%m/%Y")


def _at_en(instant: datetime) -> str:
    return f"{instant.astimezone(VIETNAM):%H:%M}, {_on_en(_day(instant))}"


# Plain text, never HTML: nothing is escaped because nothing is interpreted.
_environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=False,  # noqa: S701
)
_environment.filters |= {
    "vi": _vi,
    "en": _en,
    "on": _on,
    "on_en": _on_en,
    "at": _at,
    "at_en": _at_en,
    "day": lambda instant: _on(_day(instant)),
    "day_en": lambda instant: _on_en(_day(instant)),
    "dong": _dong,
    "dong_en": _dong_en,
    "tentative": _tentative,
    "tentative_en": _tentative_en,
    "apology": _apology,
    "reception": _reception,
}
_environment.globals |= {name: names for name, names in vars(words).items() if name.isupper()}
