"""Measures the platform beside what a user would write instead: `python -m tests.benchmarks [--rows append,http] [--quick]`.

Prints medians of interleaved rounds with their extremes, the ratio pair by pair and whether each goal is met, what the dear rows
consist of, and which row became dearer since the last release; writes the same as JSON; exits 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from pathlib import Path

import uvloop

from tests.benchmarks import last_release
from tests.benchmarks.house import House
from tests.benchmarks.last_release import dearer
from tests.benchmarks.results import Row, parts, table, write

GROUPS = (
    "law",
    "accept",
    "pipeline",
    "append",
    "counting",
    "reports",
    "http",
    "budgets",
    "freshness",
    "recount",
    "desk",
    "pages",
)


def tell(text: str) -> None:
    """Progress, apart from the table that goes to standard output."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


async def measure(groups: list[str], rounds: int, quick: bool) -> list[Row]:
    rows: list[Row] = []
    for group in groups:
        begin = time.monotonic()
        tell(f"{group}: {rounds} rounds …")
        module = importlib.import_module(f"tests.benchmarks.rows.{group}")
        with House() as house:
            found: list[Row] = await module.measure(house, rounds, quick)
        tell("\n".join((table(found), *parts(found), f"{group}: {time.monotonic() - begin:.0f} s")))
        rows += found
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--rows", default="", help=f"some of {','.join(GROUPS)}; all when absent")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds of each row")
    parser.add_argument(
        "--quick", action="store_true", help="a smaller run, to try things; its verdicts mean little"
    )
    parser.add_argument("--json", type=Path, default=Path("build/bench.json"), help="where the figures go")
    parser.add_argument(
        "--keep", action="store_true", help="keep the figures, as those of the release that is being made"
    )
    given = parser.parse_args()
    groups = [name for name in given.rows.split(",") if name] or list(GROUPS)
    if unknown := set(groups) - set(GROUPS):
        parser.error(f"no such rows: {', '.join(sorted(unknown))}")
    rows = uvloop.run(measure(groups, given.rounds, given.quick))
    told = [table(rows), *parts(rows)]
    # A smaller run says little: what is done each second weighs more on fewer dossiers.
    told += [] if given.quick else dearer(rows, last_release.read())
    sys.stdout.write("\n".join(told))
    write(given.json, rows, given.rounds)
    if given.keep:
        last_release.keep(rows)
    missed = [row.what for row in rows if row.missed]
    sys.stdout.write(f"\n\n{len(rows)} rows, {len(missed)} missed; figures in {given.json}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
