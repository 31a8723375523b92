"""What an officer says to an applicant in words of their own: how they must be, and the hash by which alone events name them."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

WORDS_CHARACTERS_MAX = 2_000
SITE = re.compile(
    r"www\.|\.(?:com|net|org|info|biz|xyz|top|site|online|shop|store|club|vip|app|io|cc|ru|cn|vn|asia|link|click|live|icu)\b(?!\.,)",
    re.IGNORECASE,
)
"""Where a site's address stands in a text: what goes into official mail holds none."""
_ADDRESS = re.compile(rf"{SITE.pattern}|://|[^\s@]@[^\s@]", re.IGNORECASE)
_SPACE_AT_ENDS = re.compile(r"[^\S\n]+$", re.MULTILINE)
_RULE = re.compile(r"([-_=*~])\1{4,}")

Commitment = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""Salted SHA-256 of words; the salt is erased with them."""


def kept(text: str) -> str:
    """Words as they are kept and mailed: their lines without space at the ends, no more than one of them empty, no drawn line, which
    parts a mail's languages. Whoever keeps them again has the same.

    Guarantee: words hold no address that a mail program makes a link of. Test: test_words_hold_no_address_and_no_drawn_line.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").strip()
    lines = _RULE.sub(r"\1\1\1", re.sub(r"\n{3,}", "\n\n", _SPACE_AT_ENDS.sub("", lines)))
    if not lines:
        raise PydanticCustomError("words-empty", "words have something to read")
    if _ADDRESS.search(lines):
        said = "words hold no address of a site or of mail; a space follows a full stop"
        raise PydanticCustomError("words-implausible", said)
    return lines


Words = Annotated[str, StringConstraints(min_length=1, max_length=WORDS_CHARACTERS_MAX), AfterValidator(kept)]
"""Plain text of several lines, in NFC and without what nobody sees: every door sees to that."""
