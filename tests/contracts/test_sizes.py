"""No message of ours is larger than what a topic takes."""

import json
import re._parser  # type: ignore[import-not-found]
from typing import Any

import pytest

from contracts.contacts import Contact
from contracts.generate import MESSAGES, schema
from contracts.officers import Officer
from contracts.topics import BATCH_BYTES_MAX, EVERY_TOPIC
from services.intake.people.forms import NAME_CHARACTERS_MAX

BYTES_A_CHARACTER = 6  # as JSON escapes it, at worst
HEADERS_AND_FRAME = 4_096
FORMATS = {"uuid": 36, "date": 10, "date-time": 40}
# What the schema does not bound, and what does.
BOUNDED_ELSEWHERE = {
    "name": NAME_CHARACTERS_MAX,
    "email": 254,
    "phone": 16,  # E.164
    "sealed_code": 200,  # the official code has 24 characters, sealed and in Base64 less than 80
    "about": 40,
}
ITEMS_MAX = {
    "papers": 50,  # supplement.RequestSupplement
    "days": 10_000,  # declared days between a request and its last day: more than a human life has weekends off
}
PLAIN = {"integer": 20, "number": 25, "boolean": 5, "null": 4}


def size(name: str, told: dict[str, Any], definitions: dict[str, Any]) -> int:
    """The most characters that a value of this schema has as JSON; an assertion fails where nothing bounds it."""
    if "$ref" in told:
        return size(name, definitions[told["$ref"].rpartition("/")[2]], definitions)
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in told:
            return max(size(name, each, definitions) for each in told[choice])
    if "const" in told:
        return len(json.dumps(told["const"]))
    if "enum" in told:
        return max(len(json.dumps(each)) for each in told["enum"])
    kind = told["type"]
    if kind == "object":
        members = told.get("properties", {}).items()
        return 2 + sum(len(member) + 4 + size(member, each, definitions) for member, each in members)
    if kind == "array":
        items = told.get("maxItems", ITEMS_MAX.get(name))
        assert items is not None, f"nothing bounds the items of {name}"
        return 2 + int(items) * (1 + size(name, told["items"], definitions))
    if kind != "string":
        return PLAIN[kind]
    if told.get("format") in FORMATS:
        return 2 + FORMATS[told["format"]]
    widest = told.get("maxLength", BOUNDED_ELSEWHERE.get(name))
    if widest is None:
        widest = re._parser.parse(told["pattern"]).getwidth()[1]
        assert widest < 10_000, f"nothing bounds {name}"
    return 2 + BYTES_A_CHARACTER * int(widest)


@pytest.mark.parametrize("message", [*MESSAGES, Contact, Officer], ids=lambda each: str(each.__name__))
def test_no_message_of_ours_is_larger_than_a_topic_takes(message: Any):
    told = message.model_json_schema() if message in (Contact, Officer) else schema(message)
    assert EVERY_TOPIC["max.message.bytes"] == str(BATCH_BYTES_MAX)
    assert size("", told, told.get("$defs", {})) + HEADERS_AND_FRAME < BATCH_BYTES_MAX
