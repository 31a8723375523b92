"""The faults of one run, drawn from a seed: the same seed, length and number of brokers give the same schedule.

Every kind of EVERY_RUN stands in every schedule at least once, and of LONG_RUN in a long one; a longer run draws more. Nothing is
injected from here.
"""

import random
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "kill",
    "freeze",
    "kill_behind",
    "absent_kafka",
    "wipe_kafka",
    "duplicate",
    "reorder",
    "poison",
    "two_relays",
    "zombie",
    "new_reader",
    "midnight",
    "clock_jump",
    "mail_in_doubt",
    "dump",
    "remake_topic",
    "restore",
    "log_ahead",
    "two_of_all",
    "release_before",
    "provider_dead",
    "provider_slow",
    "provider_500",
    "provider_silent",
    "provider_twice",
    "receipts",
    "failover",
    "providers_a_day",
    "kill_sending",
    "kill_counting",
    "kill_rebuild",
    "kill_publication",
]
SERVICES = ("intake", "processing", "notify", "reporting")
EVERY_RUN: tuple[tuple[Kind, str], ...] = (
    *(("kill", name) for name in SERVICES),
    *(("freeze", name) for name in SERVICES),
    *(("kill_behind", name) for name in SERVICES),
    *(("clock_jump", name) for name in SERVICES),
    ("kill", "kafka"),
    ("freeze", "kafka"),
    ("kill", "postgres"),
    ("freeze", "postgres"),
    ("absent_kafka", "kafka"),
    ("wipe_kafka", "kafka"),
    ("duplicate", "dossiers"),
    ("reorder", "dossiers"),
    ("poison", "dossiers"),
    ("two_relays", "intake"),
    ("two_relays", "processing"),
    ("zombie", "reporting"),
    ("new_reader", "reporting"),
    ("midnight", "intake"),
    ("mail_in_doubt", "smtp"),
    ("dump", "intake"),
    ("remake_topic", "dossiers"),
    ("restore", "intake"),
    ("log_ahead", "intake"),
    ("provider_500", "first"),
    ("receipts", "first"),
)
LONG_RUN: tuple[tuple[Kind, str], ...] = (
    *(("dump", name) for name in ("processing", "notify")),
    ("log_ahead", "processing"),
    *(("restore", name) for name in ("processing", "notify", "reporting")),
    ("two_of_all", "services"),
    *(("release_before", name) for name in SERVICES),
    *((kind, "first") for kind in ("provider_dead", "provider_slow", "provider_silent", "provider_twice")),
    ("failover", "providers"),
    ("providers_a_day", "providers"),
    ("kill_sending", "notify"),
    ("kill_counting", "reporting"),
    ("kill_rebuild", "reporting"),
    ("kill_publication", "reporting"),
)
"""What takes longer, or more processes than two busy cores carry beside all else: in runs of LONG_SECONDS and more."""
LONG_SECONDS = 240.0
MARGIN = 0.06
"""Share of the run kept free of faults at its start, so that there is something to lose, and at its end."""


SESSION_SECONDS = (12.0, 16.0)
"""Longer than a silent group member is waited for, so that another one has its partitions when it comes back."""

JUMP_SECONDS = (3.0, 6.0)
"""Several sweeps fall into it."""

PROVIDER_SECONDS = (3.0, 6.0)
"""Enough messages meet it, and what it leaves in doubt is cleared up long before the run ends."""
OF_PROVIDERS = ("provider_dead", "provider_500", "provider_silent", "provider_twice", "receipts")


AT_ONCE = (
    *("duplicate", "reorder", "poison", "midnight", "mail_in_doubt", "wipe_kafka", "new_reader"),
    *("dump", "remake_topic", "restore", "log_ahead"),
    *("failover", "providers_a_day", "kill_sending", "kill_counting", "kill_rebuild", "kill_publication"),
)
"""They are over as soon as they are done; the operator's last as long as what he does."""

# After these every reader reads everything again, which heals whatever an earlier fault may have made it lose. So they stand
# early, and what could lose something stands after them. A zombie needs a load that goes on while it is away,
# a clock that jumps dossiers to which the day makes a difference, and a log that is to go on, or to be restored, somebody who writes.
PART_OF_THE_RUN: dict[Kind, tuple[float, float]] = {
    "wipe_kafka": (0.0, 0.35),
    "reorder": (0.0, 0.35),
    "new_reader": (0.0, 0.35),
    "remake_topic": (0.0, 0.35),
    "restore": (0.0, 0.5),
    "dump": (0.0, 0.7),
    "zombie": (0.25, 0.6),
    "kill_behind": (0.45, 1.0),
    "clock_jump": (0.25, 1.0),
    # What is in doubt waits longer each time that it is tried, and no longer than the run; what is killed in a step needs who goes on.
    **dict.fromkeys(OF_PROVIDERS, (0.05, 0.6)),
    **dict.fromkeys(("provider_slow", "failover", "providers_a_day", "kill_sending"), (0.05, 0.6)),
    "kill_counting": (0.0, 0.5),
    # Before there is poison: of what is held no report is complete.
    "kill_publication": (0.0, 0.02),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: when it begins, what is done to whom, for how long it stands, and a seed of its own for details."""

    at_seconds: float
    kind: Kind
    target: str
    for_seconds: float
    seed: int

    def __str__(self) -> str:
        return f"{self.at_seconds:6.1f}s {self.kind} {self.target} for {self.for_seconds:.1f}s (detail seed {self.seed})"


def plan(seed: int, length_seconds: float, absent_seconds: float, only: Collection[str] = ()) -> list[Fault]:
    """The schedule of a run that lasts `length_seconds`; Kafka's one long absence lasts `absent_seconds`.

    Where kinds are named, these alone stand in it, however long it is.
    """
    draw = random.Random(seed)
    wanted = [*EVERY_RUN, *(LONG_RUN if length_seconds >= LONG_SECONDS else ())]
    extra = int(length_seconds / 6) - len(wanted)
    wanted += [draw.choice(EVERY_RUN) for _ in range(max(0, extra))]
    if only:
        wanted = [each for each in (*EVERY_RUN, *LONG_RUN) if each[0] in only]
    begin, end = length_seconds * MARGIN, length_seconds * (1 - MARGIN)
    faults = [
        Fault(
            round(_moment(draw, kind, begin, end), 1),
            kind,
            target,
            _length(draw, kind, absent_seconds),
            draw.randrange(2**32),
        )
        for kind, target in wanted
    ]
    return sorted(faults, key=lambda fault: fault.at_seconds)


def _moment(draw: random.Random, kind: Kind, begin: float, end: float) -> float:
    first, last = PART_OF_THE_RUN.get(kind, (0.0, 1.0))
    return begin + (end - begin) * draw.uniform(first, last)


def _length(draw: random.Random, kind: Kind, absent_seconds: float) -> float:
    if kind == "absent_kafka":
        return absent_seconds
    if kind == "zombie":
        return round(draw.uniform(*SESSION_SECONDS), 1)
    if kind in AT_ONCE:
        return 0.0
    if kind in ("two_of_all", "release_before"):
        return round(draw.uniform(*SESSION_SECONDS), 1)
    if kind in OF_PROVIDERS:
        return round(draw.uniform(*PROVIDER_SECONDS), 1)
    if kind == "provider_slow":
        return round(draw.uniform(*SESSION_SECONDS), 1)
    if kind == "clock_jump":
        return round(draw.uniform(*JUMP_SECONDS), 1)
    if kind in ("freeze", "kill_behind"):
        return round(draw.uniform(1.0, 4.0), 1)
    return round(draw.uniform(0.2, 2.5), 1)
