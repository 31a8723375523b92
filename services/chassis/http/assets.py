"""The style sheet of all pages: that of the GOV.UK Design System, in our colours and a font of the reader's machine, and our own behind it.

The other's file comes from a pinned package at set-up (assets.lock in deploy) and stands in no repository; neither its fonts nor its
crest are used, for they are for gov.uk alone.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

SHELL = Path(__file__).parent / "shell"
THEIRS = SHELL / "govuk-frontend.min.css"
"""Put there by `make setup`; the image has its own."""
FONT = "system-ui,-apple-system,Segoe UI,Roboto,Noto Sans,Liberation Sans,Arial,sans-serif"
COLOURS = {
    "#1d70b8": "#0b4f8a",  # links and information
    "#003078": "#08365f",  # links under the pointer
    "#00703c": "#9a1b1e",  # what is pressed to act
    "#005a30": "#7d1518",
    "#002d18": "#4d0d0f",
}
_FONT_FACES = re.compile(r"@font-face\{[^}]*\}")


class Sheet(NamedTuple):
    """The style sheet and the name under which it may be kept for ever."""

    name: str
    text: bytes


@cache
def style_sheet() -> Sheet:
    """FileNotFoundError where the set-up is not done."""
    theirs = _FONT_FACES.sub("", THEIRS.read_text(encoding="utf-8"))
    theirs = theirs.replace("GDS Transport,arial,sans-serif", FONT)
    for colour, ours in COLOURS.items():
        theirs = theirs.replace(colour, ours)
    text = (theirs + "\n" + (SHELL / "pages.css").read_text(encoding="utf-8")).encode()
    return Sheet(f"pages-{hashlib.sha256(text).hexdigest()[:16]}.css", text)
