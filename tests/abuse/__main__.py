"""`python -m tests.abuse --size SECONDS --rounds N`: every attack in size, as a table; exit 1 on any finding.

Quiet stretches and such with the attack take turns, so that what else the machine does is in both, until the client was answered
a thousand times in each: the p99 of few answers is the longest of them. Attackers, clients, services and servers share the cores of
one machine: "queued" says for which part of the time the attacked service was ready to run and had none, quiet and attacked.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence

from tests.abuse.floods import FLOODS, Flood
from tests.abuse.house import Attacked, Waited
from tests.abuse.intrusions import baits_written
from tests.abuse.rounds import GROWTH_BYTES_MAX, Stretch, faults_of, stretch
from tests.abuse.trespasses import TRESPASSES

LONGER_AT_MOST = 2.0
ANSWERS = 1_000
ROUNDS_MAX = 15
HELD_SECONDS = 20.0
MB = 1_048_576
HEAD = (
    "| attack | on | answered | client's answers | p99 quiet | attacked | × | queued | memory before | most | after | files "
    "| connections |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|"
)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def p99(took: Sequence[float]) -> float:
    """Milliseconds; of nothing it is endless."""
    return 1e3 * sorted(took)[int(len(took) * 0.99)] if took else float("inf")


def together(stretches: Sequence[Waited]) -> Waited:
    return Waited(
        [took for each in stretches for took in each.took],
        sum(each.queued for each in stretches),
        sum(each.seconds for each in stretches),
    )


def calm(attacked: Attacked, service: str, seconds: float) -> Waited:
    attacked.renew(service)
    return attacked.behave(service, seconds)


def _fewest(quiet: Sequence[Waited], attacked: Sequence[Stretch]) -> int:
    return min(sum(len(each.took) for each in quiet), sum(len(each.waited.took) for each in attacked))


def flooded(attacked: Attacked, flood: Flood, service: str, seconds: float, rounds: int) -> list[str]:
    """Says the line of the table; what was found."""
    found: list[str] = []
    quiet, seen = [calm(attacked, service, seconds)], list[Stretch]()
    while len(seen) < rounds or (len(seen) < ROUNDS_MAX and _fewest(quiet, seen) < ANSWERS):
        seen.append(stretch(attacked, service, flood.run, seconds, HELD_SECONDS))
        quiet.append(calm(attacked, service, seconds))
        found += faults_of(seen[-1], flood.answers)
    alone, beside = together(quiet), together([each.waited for each in seen])
    longer = p99(beside.took) / p99(alone.took)
    statuses = seen[0].outcome
    for each in seen[1:]:
        statuses.statuses += each.outcome.statuses
    first, last = seen[0].before, seen[-1].after
    if last.memory - first.memory > GROWTH_BYTES_MAX:
        found.append(f"memory stayed at {last.memory}")
    if longer > LONGER_AT_MOST:
        found.append(f"the client waited {longer:.1f} times as long")
    memory = " | ".join(
        f"{value / MB:.0f} MB" for value in (first.memory, max(s.most_memory for s in seen), last.memory)
    )
    say(
        f"| {flood.name} | {service} | {statuses.told()} | {len(alone.took)} + {len(beside.took)} | {p99(alone.took):.1f} ms "
        f"| {p99(beside.took):.1f} ms | {longer:.2f} | {alone.queued / alone.seconds:.1%} → {beside.queued / beside.seconds:.1%} "
        f"| {memory} | {first.files} → {last.files} | {first.connections} → {last.connections} |"
    )
    return [f"{flood.name} on {service}: {each}" for each in found]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.abuse", description=__doc__)
    parser.add_argument("--size", type=float, default=2.0, help="seconds that each stretch lasts")
    parser.add_argument("--rounds", type=int, default=5, help="fewest rounds of each flood")
    parser.add_argument("--only", default="", help="attacks whose name has this in it")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: the house is stopped then
    floods = [(f, s) for f in FLOODS for s in f.services if given.only in f.name]
    trespasses = [t for t in TRESPASSES if given.only in t.name]
    say(
        f"{len(floods)} floods, at least {len(floods) * (2 * given.rounds + 1) * (given.size + 0.5) / 60:.0f} min"
    )
    began, found = time.monotonic(), list[str]()
    with Attacked() as attacked:
        say(HEAD)
        for flood, service in floods:
            found += flooded(attacked, flood, service, given.size, given.rounds)
        say("\n| trespass | answered | let in |\n|---|---|---|")
        for trespass in trespasses:
            seen = stretch(attacked, trespass.beside, trespass.run, given.size, HELD_SECONDS)
            say(f"| {trespass.name} | {seen.outcome.told()} | {len(seen.outcome.faults)} |")
            found += [f"{trespass.name}: {each}" for each in faults_of(seen, None)]
        found += attacked.losses()
        found += [f"a letter has {bait!r}" for bait in baits_written(attacked.mailbox.mails)]
        filed, again = len(attacked.clients["intake"].filed), sum(c.again for c in attacked.clients.values())
        say(f"\nthe well-behaved clients filed {filed} dossiers, and sent {again} requests again")
    for each in found:
        say(f"FOUND {each}")
    say(f"{len(found)} findings after {time.monotonic() - began:.0f} s")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
