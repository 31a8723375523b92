"""What became of one sending, by whatever channel: taken, refused for good, or put off, and perhaps arrived all the same. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Taken:
    """The carrier has it, and said so. `reference`: how the carrier calls it. `units`: what it charges. `known`: it had it already."""

    reference: str = ""
    units: int = 0
    known: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The carrier says that this address takes nothing. Whether that is believed is the sender's to decide."""


@dataclass(frozen=True, slots=True)
class PutOff:
    """Not now. `in_doubt`: the content was on its way when the connection broke, so the carrier may have it.

    `of_all`: the trouble is with the carrier and not with this one. `refusal`: what the refusal spoke of.
    """

    in_doubt: bool
    of_all: bool
    refusal: str | None = None


Outcome = Taken | Refused | PutOff
