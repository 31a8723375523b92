"""One stretch of time: an attack on a service, its client beside it, and what the process held before, meanwhile and after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.abuse.aim import Aim, Outcome
from tests.abuse.house import Attacked, Holding, Waited

GROWTH_BYTES_MAX = 48 * 1_048_576
FILES_OF_OTHERS = 4
"""Connections to the broker come and go whatever is attacked; an attack that held files would hold dozens."""


class Stretch(NamedTuple):
    """`waited` is what the client did."""

    waited: Waited
    outcome: Outcome
    before: Holding
    most_memory: int
    after: Holding


def stretch(
    attacked: Attacked, service: str, run: Callable[[Aim], Any], seconds: float, held_seconds: float
) -> Stretch:
    """The attack for so many seconds, and the client for as long; then at most `held_seconds` until nothing is held any more."""
    attacked.renew(service)
    before = attacked.holding(service)
    with attacked.peak(service) as most:
        attack = attacked.attack(run, attacked.aim(service, seconds))
        known = len(attacked.clients[service].faults)
        waited = attacked.behave(service, seconds)
        outcome = attack.result()
        most_memory = most()
    outcome.faults += [f"beside it {fault}" for fault in attacked.clients[service].faults[known:]]
    return Stretch(waited, outcome, before, most_memory, attacked.settled(service, before, held_seconds))


def faults_of(seen: Stretch, answers: frozenset[int] | None) -> list[str]:
    """What the attack did and may not have; `answers` are the statuses that it may be answered with."""
    found = list(seen.outcome.faults)
    if answers is not None and set(seen.outcome.statuses) - answers:
        found.append(f"answered {seen.outcome.told()}")
    if not seen.outcome.statuses:
        found.append("nothing was asked")
    if not seen.waited.took:
        found.append("nobody else was served")
    if seen.most_memory - seen.before.memory > GROWTH_BYTES_MAX:
        found.append(f"memory grew from {seen.before.memory} to {seen.most_memory}")
    if (
        seen.after.files > seen.before.files + FILES_OF_OTHERS
        or seen.after.connections > seen.before.connections
    ):
        found.append(f"it held {seen.before} and then {seen.after}")
    return found
