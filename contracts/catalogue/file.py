"""Reads the catalogue's file as a whole and tells every fault with its place: procedure, version, field.

Promises that a faulty member hides no other fault: it is told, a sound one stands in for it, and the rules that do not look at
it are still asked. Never corrects anything. Pure: it is given the bytes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.catalogue.procedure import Abolition, LimitUnit, Name, Paper, Procedure, StepHours, Version
from contracts.catalogue.rules import RULES, broken_abolition

SHIPPED = Path(__file__).parent / "procedures.json"
BEGINNING = "the beginning"
Members = dict[str, Any]
Model = TypeVar("Model", bound=BaseModel)

_HOURS = dict.fromkeys(StepHours.model_fields, 1)
_DEFAULTS: Members = {
    "identifiers": ["cccd", "tax_code"],
    "supplement": {
        "policy": "restart",
        "requests_max": None,
        "request_within_working_days": 3,
        "deadline_working_days": 20,
        "short_fix_working_days": None,
    },
    "consultation": None,
    "extension_allowed": False,
    "signing_since": None,
    "forwarding_cut_off": None,
}
_VERSION: Members = {
    **_DEFAULTS,
    "effective_from": None,
    "document": None,
    "level": "full",
    "limit_days": 1,
    "limit_unit": "working_days",
    "papers": [{"name_vi": "Đơn đề nghị", "name_en": "Application"}],
    "steps": _HOURS,
    "unverified": [],
}


class Fault(NamedTuple):
    """`place` is a procedure's code, with its version where it has one; `field` may be empty."""

    place: str
    field: str
    said: str

    def __str__(self) -> str:
        return ": ".join(part for part in self if part)


class Read(NamedTuple):
    """The procedures of a file without faults, or its faults, every one."""

    procedures: tuple[Procedure, ...]
    faults: tuple[Fault, ...]


class _Top(BaseModel):
    """The members of the file; what is in them is checked one by one."""

    model_config = ConfigDict(extra="forbid", strict=True)

    defaults: Members
    papers: Members
    step_hours: Members
    procedures: list[Any]


def read(raw: bytes) -> Read:
    """The catalogue that these bytes are."""
    faults: list[Fault] = []

    def once(pairs: list[tuple[str, Any]]) -> Members:
        # JSON lets a member stand twice and readers take the last: nobody would see which limit holds.
        twice = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]
        faults.extend(Fault("catalogue", name, "stands twice in one object") for name in twice)
        return dict(pairs)

    try:
        content = json.loads(raw, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        return Read((), (Fault("catalogue", "", f"no JSON: {error}"),))
    empty: Members = {"defaults": _DEFAULTS, "papers": {}, "step_hours": {}, "procedures": []}
    top, _ = _checked(_Top, content, "catalogue", empty, faults)
    if top is None:
        return Read((), tuple(faults))
    reader = _Reader(top, faults)
    procedures = [reader.procedure(number, each) for number, each in enumerate(top.procedures, 1)]
    codes = Counter(str(each.get("code")) for each in top.procedures if isinstance(each, dict))
    faults += [Fault(code, "code", "stands twice in the catalogue") for code, n in codes.items() if n > 1]
    if faults:
        return Read((), tuple(faults))
    return Read(tuple(one for one in procedures if one is not None), ())


class _Reader:
    """One reading of a file: what its top says, and the faults found so far."""

    def __init__(self, top: _Top, faults: list[Fault]) -> None:
        self._faults = faults
        # The defaults are checked once, as members of a version that is otherwise sound.
        for name in sorted(top.defaults.keys() - _DEFAULTS.keys()):
            self._tell("defaults", name, "has no default")
        for name in sorted(_DEFAULTS.keys() - top.defaults.keys()):
            self._tell("defaults", name, "is missing")
        given = {name: top.defaults.get(name, value) for name, value in _DEFAULTS.items()}
        _, bad = _checked(Version, _VERSION | given, "defaults", _VERSION, faults)
        self._defaults = given | {name: _DEFAULTS[name] for name in bad}
        # A faulty paper or table is told here, once, and not again by every version that names it.
        self._papers = {
            name: paper if self._is_sound(Paper, paper, f"papers {name}") else _paper(name)
            for name, paper in top.papers.items()
        }
        self._step_hours = {
            limit: hours if self._is_sound(StepHours, hours, f"step_hours {limit}") else _HOURS
            for limit, hours in top.step_hours.items()
        }

    def _is_sound(self, kind: type[BaseModel], members: Any, place: str) -> bool:
        before = len(self._faults)
        _checked(kind, members, place, {}, self._faults)
        return len(self._faults) == before

    def procedure(self, number: int, members: Any) -> Procedure | None:
        """The procedure; None when it cannot be told what it is. Its faults are told in any case."""
        if not isinstance(members, dict):
            self._tell(f"procedure {number}", "", "is no object")
            return None
        place = members["code"] if isinstance(members.get("code"), str) else f"procedure {number}"
        names = {name: value for name, value in members.items() if name not in ("versions", "abolition")}
        _checked(Name, names, place, {}, self._faults)
        listed = members.get("versions")
        if not isinstance(listed, list) or not listed:
            self._tell(place, "versions", "at least one is needed")
            return None
        versions = [self._version(_version_place(place, n, each), each) for n, each in enumerate(listed, 1)]
        abolition = None
        if members.get("abolition") is not None:
            here = f"{place} abolition"
            abolition, _ = _checked(Abolition, members["abolition"], here, {}, self._faults)
            for name, said in broken_abolition(abolition) if abolition is not None else ():
                self._tell(here, name, said)
        dated = [version for version in versions if version is not None]
        self._order(place, dated, abolition)
        if self._faults:
            return None
        return Procedure(
            **Name.model_validate(names).model_dump(), versions=tuple(dated), abolition=abolition
        )

    def _version(self, place: str, written: Any) -> Version | None:
        """The version, its defaults, papers and steps filled in; None without a day, for then it has no place in the order."""
        if not isinstance(written, dict):
            self._tell(place, "", "is no object")
            return None
        members, bad = self._defaults | written, set[str]()
        if isinstance(written.get("supplement"), dict):
            members["supplement"] = self._defaults["supplement"] | written["supplement"]
        if isinstance(keys := members.get("papers"), list):
            unknown = [key for key in keys if not isinstance(key, str) or key not in self._papers]
            for key in unknown:
                self._tell(place, "papers", f"{key!r} is not among the file's papers")
            members["papers"] = [] if unknown else [self._papers[key] for key in keys]
            bad |= {"papers"} if unknown else set()
        bad |= self._fill_in_steps(place, members)
        version, faulty = _checked(
            Version,
            members | {name: _VERSION[name] for name in bad if name in _VERSION},
            place,
            _VERSION,
            self._faults,
        )
        bad |= faulty
        if version is None:
            return None
        for rule in RULES:
            if not bad & rule.looks_at and (said := rule.broken(version)):
                self._tell(place, rule.field, said)
        return None if "effective_from" in bad else version

    def _fill_in_steps(self, place: str, members: Members) -> set[str]:
        """Steps by the limit, where the version has none of its own. Returns the members for which there is no table."""
        unit, bad = members.get("limit_unit"), set[str]()
        by_class = members.get("limit_days_by_class")

        def table(days: Any, name: str) -> Any:
            found = self._step_hours.get(f"{days} {unit}")
            if found is None and type(days) is int and days > 0 and unit in get_args(LimitUnit):
                self._tell(place, name, f"step_hours has no table for {days} {unit}")
            if found is None:
                bad.add(name)
            return found

        if "steps" not in members:
            members["steps"] = table(members.get("limit_days"), "steps")
        if isinstance(by_class, dict) and "steps_by_class" not in members:
            members["steps_by_class"] = {key: table(days, "steps_by_class") for key, days in by_class.items()}
            if "steps_by_class" in bad:
                members["steps_by_class"] = None
        return bad

    def _order(self, place: str, versions: Iterable[Version], abolition: Abolition | None) -> None:
        for one, next_one in pairwise(versions):
            here, first, then = _dated(place, next_one), one.effective_from, next_one.effective_from
            if then is None:
                self._tell(here, "effective_from", "only the first version holds from the beginning")
            elif first is not None and then == first:
                self._tell(here, "effective_from", "overlaps: two versions begin on this day")
            elif first is not None and then < first:
                self._tell(here, "effective_from", f"unsorted: it stands after the version from {first}")
        if abolition is None:
            return
        since = abolition.effective_from
        for version in versions:
            if version.effective_from is not None and version.effective_from >= since:
                self._tell(_dated(place, version), "effective_from", f"after the abolition of {since}")

    def _tell(self, place: str, field: str, said: str) -> None:
        self._faults.append(Fault(place, field, said))


def _paper(name: str) -> Members:
    """Stands in for a faulty one, under a name that no other has."""
    return {"name_vi": f"Giấy tờ ({name!a})", "name_en": "Paper"}


def _version_place(place: str, number: int, written: Any) -> str:
    """By its day, which officials know it by; by its number where it has none."""
    if isinstance(written, dict) and "effective_from" in written:
        since = written["effective_from"]
        if since is None or isinstance(since, str):
            return f"{place} from {since or BEGINNING}"
    return f"{place} version {number}"


def _dated(place: str, version: Version) -> str:
    return f"{place} from {version.effective_from or BEGINNING}"


def _checked(
    kind: type[Model], members: Any, place: str, stand_in: Mapping[str, Any], faults: list[Fault]
) -> tuple[Model | None, set[str]]:
    """The model, with the names of faulty members, which are told and replaced by those of `stand_in`; None where none fit."""
    try:
        return kind.model_validate_json(json.dumps(members)), set()
    except ValidationError as error:
        found = error.errors()
    for fault in found:
        said = "is not known here" if fault["type"] == "extra_forbidden" else fault["msg"]
        faults.append(Fault(place, ".".join(str(part) for part in fault["loc"]), said))
    bad = {str(fault["loc"][0]) for fault in found if fault["loc"]}
    if not bad:
        return None, bad
    sound = {name: value for name, value in members.items() if name not in bad}
    try:
        replaced = sound | {name: value for name, value in stand_in.items() if name in bad}
        return kind.model_validate_json(json.dumps(replaced)), bad
    except ValidationError:
        return None, bad
