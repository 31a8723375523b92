"""The logs of a run: turned over by size while their writers go on, and only so many kept.

A child holds its log open and appends to it, and is not asked for anything: what stands in the log is copied beside it, and the log is
emptied in place. A line that is written in the instant between the two is lost; a log is no record.
"""

import os
import shutil
from pathlib import Path

from deploy.local.process import Failed

VARIABLES = {
    "MOTCUA_LOG_BYTES": "Bytes of one log, after which it is turned over; 16777216 by default.",
    "MOTCUA_LOG_FILES": "How many turned logs of each part are kept, NAME.log.1 the newest; 4 by default.",
}
BYTES, FILES = 16 * 1024 * 1024, 4


class Logs:
    """Those of one folder, `bytes_most` each, with `files_most` older ones."""

    def __init__(self, folder: Path, bytes_most: int = BYTES, files_most: int = FILES) -> None:
        self._folder, self._bytes_most, self._files_most = folder, bytes_most, files_most

    @classmethod
    def of_environment(cls, folder: Path) -> "Logs":
        return cls(folder, _number("MOTCUA_LOG_BYTES", BYTES), _number("MOTCUA_LOG_FILES", FILES))

    def turn(self) -> None:
        """Turns every log that has grown too large; to be called again and again.

        Guarantee: the logs of a run stay within a bound. Test: test_the_logs_of_a_run_stay_within_their_bound.
        """
        for log in self._folder.glob("*.log"):
            if log.stat().st_size > self._bytes_most:
                self._turn(log)

    def _turn(self, log: Path) -> None:
        for number in range(self._files_most, 1, -1):
            if (younger := _older(log, number - 1)).exists():
                younger.replace(_older(log, number))
        with log.open("r+b") as growing, _older(log, 1).open("wb") as kept:
            os.fchmod(kept.fileno(), os.fstat(growing.fileno()).st_mode & 0o777)
            shutil.copyfileobj(growing, kept)
            growing.truncate(0)


def last_lines(log: Path, count: int) -> list[str]:
    """Of the log, and of the one turned before it when it is young."""
    lines: list[str] = []
    for path in (log, _older(log, 1)):
        if path.exists() and len(lines) < count:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines() + lines
    return lines[-count:]


def _older(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")


def _number(variable: str, default: int) -> int:
    given = os.environ.get(variable) or str(default)
    if not given.isdigit() or int(given) < 1:
        raise Failed(f"{variable} must be a number from 1 on, not {given!r}")
    return int(given)
