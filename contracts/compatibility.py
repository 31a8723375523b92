"""Whether today's schema of a message still keeps what an earlier one promised its readers.

Refused: a field taken away, a new field that is required of old messages, a type or a set of values made narrower for what was
written, or wider for those who read. A change of meaning is no change of a schema: it makes a new type.
"""

from __future__ import annotations

from typing import Any

from contracts.processing_codes import DOCUMENT_NUMBER

WIDENED = (
    # Document numbers have years in them, and the small letters of TTg and TTr.
    ("[0-9]{1,6}/[A-ZĐ0-9-]{2,30}", DOCUMENT_NUMBER),
    ("[0-9]{1,6}(/[0-9]{4})?/[A-ZĐ0-9-]{2,30}", DOCUMENT_NUMBER),
)
"""Parts of patterns, as they were released and as they are now."""


def breaks(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What a reader of `old` messages or an old reader of `new` ones would stumble over; empty when nothing."""
    return _object(old, new, old.get("$defs", {}), new.get("$defs", {}), "")


def _object(old: dict[str, Any], new: dict[str, Any], old_defs: Any, new_defs: Any, at: str) -> list[str]:
    found: list[str] = []
    was, now = old.get("properties", {}), new.get("properties", {})
    for name in was:
        if name not in now:
            found.append(f"{at}{name}: removed")
        else:
            found += _value(
                _resolve(was[name], old_defs),
                _resolve(now[name], new_defs),
                old_defs,
                new_defs,
                f"{at}{name}",
            )
    found += [
        f"{at}{name}: newly required"
        for name in new.get("required", [])
        if name not in old.get("required", [])
    ]
    found += [
        f"{at}{name}: no longer always there"
        for name in old.get("required", [])
        if name in now and name not in new.get("required", [])
    ]
    return found


def _value(old: dict[str, Any], new: dict[str, Any], old_defs: Any, new_defs: Any, at: str) -> list[str]:
    if _types(old, old_defs) != _types(new, new_defs):
        return [f"{at}: type changed"]
    found: list[str] = []
    if _values(old) is not None or _values(new) is not None:
        was, now = _values(old), _values(new)
        if now is not None and (was is None or not was <= now):
            found.append(f"{at}: values taken away")
    for limit in ("pattern", "format", "maxLength", "minLength", "minimum", "maximum"):
        if limit == "pattern" and limit in new and _is_wider(new[limit], old.get(limit, "")):
            continue
        if limit in new and old.get(limit) != new[limit]:
            found.append(f"{at}: {limit} narrowed")
    if "properties" in old:
        found += _object(old, new, old_defs, new_defs, f"{at}.")
    return found


def _is_wider(pattern: str, before: str) -> bool:
    """Whether one of WIDENED makes the pattern of the one before.

    Guarantee: what a pattern took before it was widened, it still takes. Test: test_a_widened_pattern_takes_what_it_took.
    """
    return any(before != pattern == before.replace(narrow, wide) for narrow, wide in WIDENED)


def _resolve(value: dict[str, Any], definitions: Any) -> dict[str, Any]:
    reference = value.get("$ref")
    return definitions[reference.rsplit("/", 1)[-1]] if reference else value


def _types(value: dict[str, Any], definitions: Any) -> set[str]:
    if "anyOf" in value:
        return {
            kind for option in value["anyOf"] for kind in _types(_resolve(option, definitions), definitions)
        }
    if "type" in value:
        return {str(value["type"])}
    return {type(option).__name__ for option in _values(value) or ()}


def _values(value: dict[str, Any]) -> set[str] | None:
    if "const" in value:
        return {str(value["const"])}
    for option in (value, *value.get("anyOf", ())):
        if "enum" in option:
            return {str(each) for each in option["enum"]}
    return None
