"""What the members of a version must be together; each rule names the members that it looks at and says what is broken.

A rule is asked only while the members that it looks at are sound, so that one slip is told once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from contracts.catalogue.procedure import Abolition, LimitUnit, Name, StepHours, Supplement, Version

WORKING_HOURS_A_DAY = 8
# A week has seven calendar days and five working ones.
CALENDAR_DAYS, WORKING_DAYS = 7, 5
NAMEABLE = (
    frozenset(Version.model_fields)
    | frozenset(Name.model_fields)
    | {f"supplement.{name}" for name in Supplement.model_fields}
)


class Rule(NamedTuple):
    """`broken` answers what is wrong, or nothing."""

    field: str
    looks_at: frozenset[str]
    broken: Callable[[Version], str]


def _level(version: Version) -> str:
    reasons = [version.partial_reason_vi, version.partial_reason_en]
    if version.level == "partial":
        return "" if all(reasons) else "a partial procedure publishes its reason, in both languages"
    return "a full procedure has no reason to be partial" if any(reasons) else ""


def _fee(version: Version) -> str:
    share = [version.fee_basis, version.fee_vnd_min, version.fee_vnd_max]
    if version.fee_vnd is not None:
        return "a fee is an amount or a share, not both" if any(share) else ""
    if version.fee_vnd_by_channel is not None:
        return "only an amount can be another by channel"
    if version.fee_basis is None or version.fee_vnd_min is None or version.fee_vnd_max is None:
        return "a fee is an amount, or a share: fee_basis with fee_vnd_min and fee_vnd_max"
    return "fee_vnd_min is above fee_vnd_max" if version.fee_vnd_min > version.fee_vnd_max else ""


def _classes(version: Version) -> str:
    by_class = version.limit_days_by_class
    if by_class is not None and version.limit_days not in by_class.values():
        return "limit_days is the limit of none of the classes"
    return ""


def _steps(version: Version) -> str:
    return _over(version.steps, version.limit_days, version.limit_unit)


def _steps_by_class(version: Version) -> str:
    limits, steps = version.limit_days_by_class or {}, version.steps_by_class or {}
    if limits.keys() != steps.keys():
        return "each class with a limit of its own has steps of its own, and no other"
    over = {key: _over(steps[key], days, version.limit_unit) for key, days in limits.items()}
    return "; ".join(f"{key}: {said}" for key, said in over.items() if said)


def _over(steps: StepHours, limit_days: int, unit: LimitUnit) -> str:
    """Compared as whole numbers: a limit in calendar days is seldom a whole number of working hours."""
    hours = limit_days * WORKING_HOURS_A_DAY
    sevenths = hours * (CALENDAR_DAYS if unit == "working_days" else WORKING_DAYS)
    if steps.total * CALENDAR_DAYS <= sevenths:
        return ""
    return f"{steps.total} working hours are more than the limit of {limit_days} {unit} has, {sevenths // CALENDAR_DAYS}"


def _supplement(version: Version) -> str:
    if (version.supplement.policy == "short_fix") != (version.supplement.short_fix_working_days is not None):
        return "short_fix_working_days goes with the policy short_fix, and with no other"
    return ""


def _document(dated: Version | Abolition) -> str:
    if dated.document is None and "document" not in dated.unverified:
        return "without a document, unverified names the document"
    return ""


def _unverified(dated: Version | Abolition) -> str:
    nameable = NAMEABLE if isinstance(dated, Version) else Abolition.model_fields.keys()
    unknown = [name for name in dated.unverified if name not in nameable]
    if unknown:
        return f"names no field: {', '.join(unknown)}"
    return "names a field twice" if len(set(dated.unverified)) < len(dated.unverified) else ""


def _papers(version: Version) -> str:
    names = {paper.name_vi for paper in version.papers}
    return "a paper stands twice" if len(names) < len(version.papers) else ""


RULES = (
    Rule("level", frozenset({"level", "partial_reason_vi", "partial_reason_en"}), _level),
    Rule(
        "fee_vnd",
        frozenset({"fee_vnd", "fee_vnd_by_channel", "fee_vnd_min", "fee_vnd_max", "fee_basis"}),
        _fee,
    ),
    Rule("limit_days", frozenset({"limit_days", "limit_days_by_class"}), _classes),
    Rule("steps", frozenset({"steps", "limit_days", "limit_unit"}), _steps),
    Rule(
        "steps_by_class", frozenset({"steps_by_class", "limit_days_by_class", "limit_unit"}), _steps_by_class
    ),
    Rule("supplement", frozenset({"supplement"}), _supplement),
    Rule("document", frozenset({"document", "unverified"}), _document),
    Rule("unverified", frozenset({"unverified"}), _unverified),
    Rule("papers", frozenset({"papers"}), _papers),
)


def broken_abolition(abolition: Abolition) -> list[tuple[str, str]]:
    """The members of an abolition that are broken, each with what is wrong."""
    told = (("document", _document(abolition)), ("unverified", _unverified(abolition)))
    return [(name, said) for name, said in told if said]
