"""The wall clock of a process. In a sandbox it may be ahead of the true one, by the seconds that a file says.

Never asked how long something took, nor for what others compare with clocks of their own: how long a token lives, when a call was signed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

_file: Path | None = None
_NOT_AHEAD = timedelta()


def follow(file: str) -> None:
    """From now on this process is as far ahead as the file says each time it is asked; not at all, where none is named."""
    global _file
    _file = Path(file) if file else None


def ahead() -> timedelta:
    """How far this process is ahead of the true time."""
    return timedelta(seconds=float(_file.read_text(encoding="ascii"))) if _file else _NOT_AHEAD


def now(zone: tzinfo = UTC) -> datetime:
    """This process's clock.

    Guarantee: only what runs in a sandbox is ever ahead, and goes where its file goes. Test: test_a_sandboxs_clock_goes_with_its_file.
    """
    return datetime.now(zone) + ahead() if _file else datetime.now(zone)


def outside(at: datetime) -> datetime:
    """What clocks outside of a sandbox say at that instant: who gets a signed call compares its time with those."""
    return at - ahead()
