"""Loads the demonstration through the front doors, as the importer's role, and shows that the counts come out.

Promises to be repeatable: what is there already is not taken twice, and an interrupted load goes on. Never writes past the
front doors.
"""

from collections.abc import Callable
from typing import Any

from contracts.intake import MADE_UP_SOURCE
from deploy.demo.days import FIRST_DAY, LAST_DAY
from deploy.demo.histories import (
    NOT_ACCEPTED,
    PENDING,
    RECEIVED,
    RESOLVED,
    SEED,
    WAITING,
    histories,
)
from deploy.importing.counts import CountsDiffer, Expected, Reports, compare, total_table
from deploy.importing.doors import DoorFault, Doors, Progress, take_in

FIGURES = {
    "received": RECEIVED,
    "resolved": RESOLVED,
    "pending": PENDING,
    "waiting": WAITING,
    "not_accepted": NOT_ACCEPTED,
}


async def load(
    doors: Doors,
    reports: Reports,
    say: Callable[[str], None],
    shown: Callable[[Progress, int], None] = lambda _progress, _total: None,
    seed: int = SEED,
) -> None:
    """Takes the demonstration in and says the table; DoorFault, CountsSilent or CountsDiffer when it does not come out.

    `shown` is called with the progress and the number of cases after each batch.
    """
    cases = histories(seed)
    before = await reports.settled(FIRST_DAY, LAST_DAY)
    progress = await take_in(doors, f"{MADE_UP_SOURCE}{seed}", cases, lambda now: shown(now, len(cases)))
    if progress.refusals:
        first = progress.refusals[0]
        raise DoorFault(
            f"{len(progress.refusals):,} cases of the demonstration were refused; "
            f"the first is {first.case}: {first.door}: {first.code} {first.detail}"
        )
    counts = await show(reports, say)
    remark = compare(Expected.of(cases), before, counts)
    if remark:
        say(f"Note: {remark}.")
    elif wrong := [name for name, figure in FIGURES.items() if counts[name] != figure]:
        raise CountsDiffer(
            "\n".join(f"{name}: {FIGURES[name]:,} expected, {counts[name]:,} counted" for name in wrong)
        )


async def show(reports: Reports, say: Callable[[str], None]) -> dict[str, Any]:
    """Says the table of the demonstration's months, once reporting is complete, and gives its counts."""
    counts = await reports.settled(FIRST_DAY, LAST_DAY)
    say("Tháng 1–9/2023, Sở Xây dựng (dữ liệu minh họa) · January–September 2023 (made-up data)")
    for line in total_table(counts):
        say(line)
    return counts
