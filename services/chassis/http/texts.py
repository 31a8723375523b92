"""What pages say, in Vietnamese first: each text stands in the page itself, and its English in the catalogue `en.po` of its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from babel.messages.pofile import read_po

Lang = Literal["vi", "en"]
LANGS: tuple[Lang, ...] = ("vi", "en")


def N_(text: str) -> str:  # noqa: N802 (the name by which catalogues are made)
    """Marks a text that is said later, so that its translation is looked for."""
    return text


@cache
def catalogue(folder: Path) -> Mapping[str, str]:
    """The English of each text of a folder's pages."""
    with (folder / "en.po").open("rb") as file:
        return {str(each.id): str(each.string) for each in read_po(file) if each.id and each.string}


class Texts:
    """The texts of several folders; of two that translate the same text, the later one's counts."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._english: dict[str, str] = {}
        for folder in folders:
            self._english |= catalogue(folder)

    def say(self, lang: Lang, text: str) -> str:
        """The text in a language; in Vietnamese where there is no English."""
        return text if lang == "vi" else self._english.get(text, text)
