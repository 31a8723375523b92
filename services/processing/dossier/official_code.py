"""Owns the dossier's official code: issues it strictly, in the form of the day of acceptance, and parses it tolerantly.

The 2018 form is `V1V2V3.Z1Z2.Y1Y2.MX1X2-YYMMDD-XXXX`, the form since 2025-09-15 `MX1X2.Y1Y2Y3.Z1Z2-YYMMDD-XXXX`. The
serial number is drawn by the log, per office and local day; nothing here counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

NEW_FORM_FROM = date(2025, 9, 15)
OFFICE = re.compile(r"[A-Z]\d\d\.\d{3}\.\d\d", re.ASCII)

_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−_/", "-"))
_SPACES = re.compile(r"\s+")
_OLD = re.compile(r"(\d{3})[.-]?(\d\d)[.-]?(\d\d)[.-]?([A-Z]\d\d)", re.ASCII)
_NEW = re.compile(r"([A-Z]\d\d)[.-]?(\d{3})[.-]?(\d\d)", re.ASCII)
_CODE = re.compile(r"(.+?)[.-]((?:20)?\d{6})[.-](\d{1,12})", re.ASCII)


@dataclass(frozen=True, slots=True)
class OfficialCode:
    """What a code says. `office` is the organisation in the new form whichever was read, or in the 2018 form where only that
    can say it (its first three digits name a part that the new form does not know)."""

    office: str
    accepted_on: date
    number: int


def can_issue(office: str, accepted_on: date) -> bool:
    """Whether the office has a code in the form of that day: the 2018 form has two digits where the new one has three."""
    return OFFICE.fullmatch(office) is not None and (accepted_on >= NEW_FORM_FROM or office[4] == "0")


def issue(office: str, accepted_on: date, number: int) -> str:
    """The code in the form of the local day of acceptance; ValueError for what that form cannot say."""
    if number < 1 or not can_issue(office, accepted_on):
        raise ValueError(f"no code for office {office!r} on {accepted_on} with number {number}")
    if accepted_on < NEW_FORM_FROM:
        province, department, unit = office.split(".")
        office = f"000.{unit}.{department[1:]}.{province}"
    return f"{office}-{accepted_on:%y%m%d}-{number:04d}"


def parse(text: str) -> OfficialCode | None:
    """What a code says as people and other systems write it: any case, spaces, dashes of all kinds, dots for dashes or none,
    the year in two digits or four, serials of any length. None when it is no such code."""
    cleaned = _SPACES.sub("", text).upper().translate(_DASHES)
    found = _CODE.fullmatch(cleaned)
    if found is None:
        return None
    organisation, day, number = found.groups()
    office = _office(organisation)
    accepted_on = _day(day[-6:])
    if office is None or accepted_on is None or int(number) < 1:
        return None
    return OfficialCode(office, accepted_on, int(number))


def _office(text: str) -> str | None:
    if old := _OLD.fullmatch(text):
        part, unit, department, province = old.groups()
        return f"{province}.0{department}.{unit}" if part == "000" else ".".join(old.groups())
    if new := _NEW.fullmatch(text):
        return ".".join(new.groups())
    return None


def _day(text: str) -> date | None:
    try:
        return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        return None
