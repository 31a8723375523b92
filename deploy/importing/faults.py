"""Tells what is wrong with a log: the first few of each reason on the terminal, all of it in a file.

Promises a file that names every row and case that was left out. Memory does not grow with their number.
"""

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

LISTED_OF_EACH = 10
COLUMNS = ("line", "case", "reason", "told")


class Faults:
    """Of one import; `path` is made when the first fault comes, and one of an earlier import is taken away."""

    def __init__(self, path: Path, say: Callable[[str], None]) -> None:
        self.path = path
        self.of_each: Counter[str] = Counter()
        self._say = say
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, line: int | None, case: str, reason: str, told: str) -> None:
        """`told` is the whole line for the terminal. Guarantee: every fault stands in the file, ten of each are listed.

        Test: test_the_first_ten_of_each_reason_are_listed_and_all_are_in_the_file.
        """
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # The file repeats what a log says of people's cases.
            self.path.touch(mode=0o600)
            self._file = self.path.open("w", encoding="utf-8", newline="")
            self._rows = csv.writer(self._file)
            self._rows.writerow(COLUMNS)
        self._rows.writerow((line or "", case, reason, told))
        self.of_each[reason] += 1
        if self.of_each[reason] <= LISTED_OF_EACH:
            self._say(told)
        elif self.of_each[reason] == LISTED_OF_EACH + 1:
            self._say(f"… and more of “{reason}”: all are in {self.path}")
