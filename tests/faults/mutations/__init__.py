"""Guarantees taken out one at a time, to see that a fault run finds out. Never imported by a service.

`python -m tests.faults.mutations NAME MODULE [ARGUMENT ...]` patches the chassis in that process alone and runs MODULE.
"""

from collections.abc import Callable

MUTATIONS: dict[str, Callable[[], None]] = {}
