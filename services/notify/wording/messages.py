"""Writes text messages: one template for each event, in ASCII of at most 160 characters. Like mails they say codes and dates alone.

Nothing is ever cut off: what does not fit is a fault of the template, or of a name in the register, and is told before anything is sent.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Formatter
from typing import Any, NamedTuple

from contracts.catalogue.offices import Offices
from services.notify.wording import words
from services.notify.wording.texts import Told, _at, _dong, _on, code_of

CHARACTERS_MAX = 160
OFFICE_CHARACTERS_MAX = 50
TEMPLATES: Mapping[str, str] = tomllib.loads(Path(__file__).with_name("messages.toml").read_text("utf-8"))
ABBREVIATIONS = (
    ("Thành phố Hồ Chí Minh", "TP.HCM"),
    ("Thành phố", "TP"),
    ("Ủy ban nhân dân", "UBND"),
    ("Uỷ ban nhân dân", "UBND"),
    ("Phục vụ hành chính công", "PVHCC"),
    ("Trung tâm", "TT"),
)
"""In names of offices, as everybody writes them."""
OUTCOMES = {"granted": "đồng ý", "refused": "từ chối"}
ASKED = {"supplement": "bổ sung", "fee": "nộp phí"}
_WITHOUT_STROKE = str.maketrans("đĐ", "dD")


class ShortText(NamedTuple):
    """A text message: the whole of it, and what stands in the places of its template, in their order."""

    text: str
    parts: tuple[str, ...]


class Unfitting(ValueError):
    """A text that is longer than a message, or that has a character that none can have. Never repeats it."""


def plain_ascii(text: str) -> str:
    """Vietnamese without its accents: đ becomes d, a letter loses its marks; quotes and dashes of print become those of a keyboard."""
    taken_off = unicodedata.normalize("NFD", text.translate(_WITHOUT_STROKE))
    plain = "".join(each for each in taken_off if not unicodedata.combining(each))
    return plain.replace("–", "-").replace("“", '"').replace("”", '"').replace("’", "'")


def office_name(name: str) -> str:
    """An office's name as messages have it."""
    for long, short in ABBREVIATIONS:
        name = name.replace(long, short)
    return plain_ascii(name)


def faults_of(register: Offices) -> list[str]:
    """Offices whose names fit in no text message.

    Guarantee: an office whose name is too long is told when the service starts, and no text is cut.
    Test: test_a_name_that_fits_in_no_message_is_told_at_the_start.
    """
    return [
        f"{office.code}: its name takes {len(name)} characters of a text message, where {OFFICE_CHARACTERS_MAX} are the most"
        for office in register.offices
        if len(name := office_name(office.name_vi)) > OFFICE_CHARACTERS_MAX or not name.isascii()
    ]


class ShortTexts:
    """Writes the messages of one installation: `code_keys` open sealed codes, `register` has the names of offices."""

    def __init__(self, *, code_keys: Sequence[bytes], register: Offices) -> None:
        self._code_keys = code_keys
        self._offices = {code: office_name(vi) for code, (vi, _) in register.names().items()}

    def of(self, told: Told) -> ShortText:
        """The message of a notice; Unfitting for one that would not fit."""
        office = told.office or ""
        return short_text(told, self._offices.get(office, office), code_of(self._code_keys, told))


def short_text(told: Told, office: str, code: str | None) -> ShortText:
    """The message of a notice. Unfitting for what a message cannot hold.

    Guarantee: no text is longer than one message, whatever the catalogue and the rules allow. Test: test_every_text_fits_in_one_message.
    """
    places = _places(told, office, code)
    parts, text = [], ""
    for said, name, _, _ in Formatter().parse(TEMPLATES[told.about]):
        text += plain_ascii(said)
        if name is not None:
            parts.append(plain_ascii(places[name]))
            text += parts[-1]
    if len(text) > CHARACTERS_MAX or not (text.isascii() and text.isprintable()):
        raise Unfitting
    return ShortText(text, tuple(parts))


def _places(told: Told, office: str, code: str | None) -> Mapping[str, str]:
    facts = told.facts
    tentative = " (tạm tính)" if facts.get("provisional") else ""
    due_on = _on(facts.get("due_on"))
    return {
        "office": office,
        "reference": code or str(told.dossier_id),
        "at": _at(told.happened_at).replace(",", ""),
        "tentative": tentative,
        "appointment": f", hẹn trả {due_on}{tentative}" if due_on else "",
        "appointment_on": _on(facts.get("appointment_on")),
        "deadline_on": _on(facts.get("deadline_on")),
        "amount": _dong(facts.get("amount_vnd", 0)),
        "paid": _paid(facts),
        "outcome": OUTCOMES.get(facts.get("outcome", ""), ""),
        "waived": "phần phí còn lại" if facts.get("payment") else "phí, lệ phí",
        "asked": ASKED.get(facts.get("asked", ""), ""),
        "moved": _moved(facts),
        "act": words.ACTS.get(facts.get("event", ""), ("", ""))[0],
    }


def _paid(facts: Mapping[str, Any]) -> str:
    currency = facts.get("currency", "")
    return f"{_dong(facts.get('amount', 0))} {'đồng' if currency == 'VND' else currency}"


def _moved(facts: Mapping[str, Any]) -> str:
    new = facts.get("deadline_on") or facts.get("due_on")
    old = facts.get("old_deadline_on") or facts.get("old_due_on")
    return f"vẫn là {_on(new)}" if old == new else f"chuyển từ {_on(old)} sang {_on(new)}"
