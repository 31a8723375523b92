"""Text from outside as everything behind the door may take it: in NFC, and without characters that nobody sees.

Letters that look the same are the same bytes, so that what is searched is found; nothing turns the direction of what stands
beside it. Never repeats what was sent.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any
from unicodedata import is_normalized, normalize

import orjson

from services.chassis.http.problems import Problem, dotted

# Categories Cc but tabs and ends of lines, Cf, Zl and Zp up to Unicode 15.1, and five letters and marks that are drawn as nothing.
# Held against unicodedata by test_every_character_that_nobody_sees_is_known. Beside them ten marks that came with Unicode 15: NFC puts
# them in order where Python knows them, and leaves them where they are on 3.11.
UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u180e"
    "\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
    "\U00010efd-\U00010eff\U00011f41\U00011f42\U0001e08f\U0001e4ec-\U0001e4ef]"
)
# What of them this Python takes for printable: the letters and marks, those of Unicode 15 where it knows them.
_PRINTABLE = tuple(
    filter(
        str.isprintable,
        "\u034f\u115f\u1160\u3164\uffa0"
        "\U00010efd\U00010efe\U00010eff\U00011f41\U00011f42\U0001e08f\U0001e4ec\U0001e4ed\U0001e4ee\U0001e4ef",
    )
)
_ESCAPED = re.compile(rb"\\[ubf]")
# Neither looks at a backslash twice: they begin where none stands before.
_UNICODE = re.compile(r"(?<!\\)((?:\\\\)*)((?:\\u[0-9a-fA-F]{4})++)")
_CONTROL = re.compile(r"(?<!\\)(?:\\\\)*+\\(?:[bf]|u00(?:0[0-8bcef]|1[0-9a-f]))", re.IGNORECASE)


def plain_json(body: bytes) -> bytes:
    """A JSON body, found sound before, with its texts in NFC; Problem 422 with the field whose text is not plain.

    Guarantee: no text from a body goes on that is not in NFC, or that holds what nobody sees. Test: test_text_from_outside_is_plain.
    Guarantee: a text is taken, and written, alike by every Python. Test: test_every_python_puts_marks_in_the_same_order.
    """
    escaped = b"\\" in body and _ESCAPED.search(body)
    if not escaped and body.isascii() and b"\x7f" not in body:
        return body
    text = body.decode()
    if escaped:
        with suppress(ValueError):
            # Written again, only quotation marks, backslashes and control characters are escaped. Numbers may be others: just looked at.
            written = orjson.dumps(orjson.loads(body)).decode()
            if _seen(written) and not _CONTROL.search(written) and is_normalized("NFC", written):
                return body
        text = _UNICODE.sub(_unescaped, text)
    if not _seen(text) or (escaped and _CONTROL.search(text)):
        raise not_plain(unseen_in(json.loads(text, parse_int=len, parse_float=len)) or ())
    if is_normalized("NFC", text):
        return body
    return normalize("NFC", text).encode()


def _seen(text: str) -> bool:
    """Whether UNSEEN finds nothing. What can be printed is none of its categories: only its letters and marks are looked for."""
    if text.isprintable():
        return not any(letter in text for letter in _PRINTABLE)
    return UNSEEN.search(text) is None


def _unescaped(found: re.Match[str]) -> str:
    """The characters themselves, but those that JSON wants escaped, and halves of a pair, which its reader refuses."""
    characters: str = json.loads(f'"{found[2]}"')
    if any(each < " " or each in '"\\' or "\ud800" <= each <= "\udfff" for each in characters):
        return found[0]
    return found[1] + characters


def unseen_in(value: Any, place: tuple[str | int, ...] = ()) -> tuple[str | int, ...] | None:
    """Where in a JSON value the first text with such a character stands; None when there is none."""
    match value:
        case str():
            return place if UNSEEN.search(value) else None
        case dict():
            for name, member in value.items():
                if UNSEEN.search(name):
                    return (*place, "(name)")
                if (found := unseen_in(member, (*place, name))) is not None:
                    return found
        case list():
            for number, member in enumerate(value):
                if (found := unseen_in(member, (*place, number))) is not None:
                    return found
    return None


def not_plain(place: tuple[str | int, ...]) -> Problem:
    detail = "text must be without control, format and bidirectional characters"
    return Problem(422, "text-not-plain", detail, field=dotted(place))
