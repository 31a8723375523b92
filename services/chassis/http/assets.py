"""What pages load: a script of their own, and the style sheet of all of them, that of the GOV.UK Design System in our colours and a
font of the reader's machine, and our own behind it.

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


class Asset(NamedTuple):
    """What a page loads, and the name under which it may be kept for ever."""

    name: str
    text: bytes
    media_type: str


@cache
def style_sheet() -> Asset:
    """FileNotFoundError where the set-up is not done."""
    theirs = _FONT_FACES.sub("", THEIRS.read_text(encoding="utf-8"))
    theirs = theirs.replace("GDS Transport,arial,sans-serif", FONT)
    for colour, ours in COLOURS.items():
        theirs = theirs.replace(colour, ours)
    text = (theirs + "\n" + (SHELL / "pages.css").read_text(encoding="utf-8")).encode()
    return _asset("pages", text, "css", "text/css; charset=utf-8")


def script_of(path: Path) -> Asset:
    """A script that stands in a file of its own."""
    return _asset(path.stem, path.read_bytes(), "js", "text/javascript; charset=utf-8")


def _asset(stem: str, text: bytes, ending: str, media_type: str) -> Asset:
    return Asset(f"{stem}-{hashlib.sha256(text).hexdigest()[:16]}.{ending}", text, media_type)
