"""Where a page of a list begins, as text for an address: opaque to the caller, who takes `next` of the page before."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from typing import Any, TypeVar

from services.chassis.http.problems import Problem

T = TypeVar("T")
DIGITS_MAX = 9


def cursor(*parts: object) -> str:
    """The parts as text; none of them has a slash."""
    return base64.urlsafe_b64encode("/".join(map(str, parts)).encode()).decode().rstrip("=")


def parts_of(text: str, *kinds: Callable[[str], Any]) -> tuple[Any, ...]:
    """The inverse of cursor(), each part by its kind; ValueError for any other text."""
    try:
        parts = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split("/")
        return tuple(kind(part) for kind, part in zip(kinds, parts, strict=True))
    except (binascii.Error, UnicodeError, ValueError, OverflowError) as error:
        raise ValueError("no cursor") from error


def count(text: str) -> int:
    """A whole number that the database can compare."""
    if not text.isascii() or not text.isdecimal() or len(text) > DIGITS_MAX:
        raise ValueError("no number")
    return int(text)


def instant(text: str) -> datetime:
    """An instant, in UTC. Of the first and the last year some have none in other zones, and none that the database could compare."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None or not MINYEAR < at.year < MAXYEAR:
        raise ValueError("no instant")
    return at.astimezone(UTC)


def given(text: str, read: Callable[[str], T]) -> T | None:
    """What a request's cursor says, None for the beginning; Problem 422."""
    try:
        return read(text) if text else None
    except ValueError:
        raise Problem(422, "cursor-invalid", "take `next` of the page before", field="cursor") from None
