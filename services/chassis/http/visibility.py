"""Who may read a record that a filer brought to an office: one rule, which every service asks. Pure.

An unguessable id is no right: whoever may not read a record is answered as if it were not there.
"""

from __future__ import annotations

from services.chassis.http.tokens import Caller

PORTAL = "portal"
STAFF = frozenset({"officer", "supervisor"})
OPERATOR = "operator"


def units_of(caller: Caller) -> list[str]:
    """The units for which a caller acts; a desk's unit is the office's own code."""
    return [unit for unit in (caller.unit, caller.office) if unit]


def may_read(caller: Caller, *, office: str | None, filer: str | None, unit: str | None = None) -> bool:
    """Whether the caller may read a record of this office that this actor filed.

    A portal reads what it filed itself. Officers and supervisors read what belongs to their office, and what their unit has now,
    where the service knows `unit`. An operator reads everywhere, at the routes that admit the role; nobody else reads.
    None is not known: it gives nobody a right.
    Guarantee: every service gives the same answer about the same record. Test: test_one_rule_says_who_may_read.
    """
    if caller.role == PORTAL:
        return filer == caller.actor
    if caller.role in STAFF:
        return bool(caller.office and caller.office == office) or unit in units_of(caller)
    return caller.role == OPERATOR
