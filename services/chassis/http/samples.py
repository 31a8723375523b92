"""Examples of JSON, put together from those of the members of a schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OF_FORMAT = {
    "date": "2026-03-09",
    "date-time": "2026-03-02T09:15:00+07:00",
    "time": "15:00:00",
    "uuid": "01980d5e-5b7c-7c21-8a52-0d6c5f6a1b33",
}
REF = "#/components/schemas/"


class NoSample(ValueError):
    """A member that nobody gave an example of."""


def sample(schema: Mapping[str, Any], schemas: Mapping[str, Any], whole: Mapping[str, Any]) -> Any:
    """What such a value may look like; `whole` has the examples of schemas whose members do not make one together."""
    if "examples" in schema:
        return schema["examples"][0]
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(REF)
        return whole[name] if name in whole else sample(schemas[name], schemas, whole)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for variants in ("anyOf", "oneOf"):
        if variants in schema:
            first = next(each for each in schema[variants] if each.get("type") != "null")
            return sample(first, schemas, whole)
    return _of_type(schema, schemas, whole)


def _of_type(schema: Mapping[str, Any], schemas: Mapping[str, Any], whole: Mapping[str, Any]) -> Any:
    kind = schema.get("type")
    if kind == "object":
        members = schema.get("properties", {})
        return {name: sample(member, schemas, whole) for name, member in members.items()}
    if kind == "array":
        return [sample(schema["items"], schemas, whole)]
    if kind == "boolean":
        return True
    if kind == "string" and schema.get("format") in OF_FORMAT:
        return OF_FORMAT[schema["format"]]
    raise NoSample(kind)
