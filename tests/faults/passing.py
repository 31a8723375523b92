"""What officers do with a dossier among themselves: take it, give it to one another, ask other agencies. None of it moves its state.

It draws and judges nothing, as lives.py, whose acts it uses.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from tests.faults.people import Officer, unit_of

CONSULTED = "1.009974"
"""The one procedure of a run in which other agencies are asked."""
AGENCY = "H29.020.00"
ALL_TAKE, ASKED, ANSWERED = 0.3, 0.7, 0.6

Do = Callable[[str, Officer, int, dict[str, Any]], Awaitable[int | None]]
"""(act, by whom, on which version, body) → the version after it; None when it came to nothing."""


class Held(NamedTuple):
    """By whom a dossier is worked on, and its version."""

    officer: Officer
    version: int


async def pass_on(do: Do, held: Held, draw: random.Random) -> Held | None:
    """One takes it, sometimes two at once; then it may be given on, by its holder or by the supervisor."""
    takers = [held.officer, held.officer.rival()] if draw.random() < ALL_TAKE else [held.officer]
    versions = await asyncio.gather(*(do("take", taker, held.version, {}) for taker in takers))
    taken = [Held(taker, v) for taker, v in zip(takers, versions, strict=True) if v is not None]
    if not taken:
        return None
    officer, version = taken[0]
    by, to = officer, officer.colleague()
    body = {"officer": to.name}
    match way := draw.choice(("take", "hand-over", "assign", "transfer")):
        case "take":
            return taken[0]
        case "assign":
            by = officer.supervisor()
        case "transfer":
            by, to = officer.supervisor(), officer.elsewhere()
            body = {"unit": unit_of(to.office)}
    given = await do(way, by, version, body)
    return None if given is None else Held(to, given)


async def consult(do: Do, held: Held, draw: random.Random) -> int | None:
    """The version after an agency was asked and has answered; None where nothing is granted any more: it is silent so far, or disagrees."""
    if draw.random() > ASKED:
        return held.version
    asked = await do("ask-opinion", held.officer, held.version, {"agency": AGENCY})
    if asked is None or draw.random() > ANSWERED:
        return None
    opinion = draw.choice(("agreed", "disagreed", "no_comment"))
    answered = await do("give-opinion", held.officer, asked, {"agency": AGENCY, "opinion": opinion})
    return None if opinion == "disagreed" else answered
