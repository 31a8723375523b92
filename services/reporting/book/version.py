"""By which rules the book is folded: a number that changes with them, so that a published report says by which it was counted.

Whoever changes how events become lines adds a version here, says what it counts otherwise, and enters the new digest.
"""

from __future__ import annotations

from typing import NamedTuple


class Rules(NamedTuple):
    """What a version counts otherwise than the one before, and the digest of the code that does it."""

    said: str
    digest: str


VERSIONS: dict[int, Rules] = {
    1: Rules("the first rules that reports were published by", "9aa1b62b165f3480"),
}
"""Guarantee: no line is counted otherwise under an old version. Test: test_a_changed_fold_is_a_new_version."""

PROJECTION = max(VERSIONS)


def changes_since(version: int) -> list[str]:
    """What later versions count otherwise, in words."""
    return [f"{number}: {rules.said}" for number, rules in VERSIONS.items() if number > version]
