"""What somebody typed into a page's form: read once, plain, and bounded.

Promises NFC and no character that nobody sees, as every door does; here they are dropped and not refused, for people paste them
without knowing it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import parse_qsl

from services.chassis.http.plain_text import UNSEEN
from services.chassis.http.problems import Problem

FORM = b"application/x-www-form-urlencoded"
FIELDS_MAX = 500
OWN = frozenset({"csrf", "key"})
"""Members of every form that no page asks for: the session's token, and the key under which the form acts once."""


class Form:
    """The members of a form, in their order; one may come several times."""

    def __init__(self, members: Sequence[tuple[str, str]]) -> None:
        self._members = members

    @classmethod
    def read(cls, body: bytes) -> Form:
        """Problem 400 for what no browser sends."""
        try:
            pairs = parse_qsl(
                body.decode("ascii"),
                keep_blank_values=True,
                strict_parsing=bool(body),
                errors="strict",
                max_num_fields=FIELDS_MAX,
            )
        except ValueError:
            raise Problem(400, "form-invalid", "this is no form as a browser sends it") from None
        return cls.of(pairs)

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Form:
        return cls([(_plain(name), _plain(value)) for name, value in pairs])

    def get(self, name: str) -> str:
        """What was typed, without space around it; empty when the field is missing."""
        return next((value.strip() for each, value in self._members if each == name), "")

    def all(self, name: str) -> list[str]:
        return [value.strip() for each, value in self._members if each == name]

    @property
    def key(self) -> str:
        """Under which the form acts once, however often it is sent."""
        return self.get("key")

    def typed(self) -> Iterator[tuple[str, str]]:
        """What the person typed, to be shown again."""
        return (member for member in self._members if member[0] not in OWN)

    def values(self) -> Mapping[str, str]:
        """The first value of each field."""
        found: dict[str, str] = {}
        for name, value in self.typed():
            found.setdefault(name, value)
        return found


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", UNSEEN.sub("", text.replace("\r\n", "\n")))
