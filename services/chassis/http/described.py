"""Completes what FastAPI writes of a service: errors of each route by their codes, headers, tags, names of operations, and of every
member what it means, with an example.

The words stand in TOML files beside the routes: `[members]` says name → meaning and example, `[routes]` what a route refuses by which
code beside the codes that all routes of its shape have. Never knows what a service is about.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.chassis.http.documented_problems import (
    Codes,
    Document,
    codes_of,
    header,
    tell_problems,
    untitle,
)
from services.chassis.http.problems import ProblemBody
from services.chassis.http.samples import NoSample, sample

PROBES: Mapping[str, tuple[str, Any]] = {
    "/livez": ("The process turns.", {"live": True}),
    "/readyz": ("Work may be sent; each part says in a word how it is.", {"ready": True}),
    "/version": ("The service and its release.", {"service": "a-service", "release": "1.0.0"}),
    "/metrics": ("Measurements.", "motcua_connections_open 12\n"),
}
PROBE_TAG = "probes"
OWN_ID = "X-Correlation-Id"
_SAID_OF_OWN_ID = "The caller's own id of its request, a UUID: it stands in logs and events. Anything but a UUID is left out."
OWN_ID_SENT: Document = {
    "name": OWN_ID,
    "in": "header",
    "required": False,
    "description": _SAID_OF_OWN_ID,
    # Not by its format: generated clients would put an object into the header, and a text is what it is.
    "schema": {"type": "string", "pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"},
    "example": "7d3c9f0a-4b52-4e0e-9a51-0d7c1c1f2b33",
}
OWN_ID_ECHOED = header(f"{OWN_ID} of the request, where it bore a UUID.", OWN_ID_SENT["example"])
LIMIT_HEADERS = {
    "RateLimit": header(
        "How many requests the caller may still make at once (r), and in how many seconds all of them again (t).",
        '"caller";r=371;t=1',
    ),
    "RateLimit-Policy": header(
        "How many requests a caller may make at once (q), and the seconds in which so many come again (w).",
        '"caller";q=400;w=2',
    ),
}


@dataclass(frozen=True, slots=True)
class Words:
    """What the TOML files of a service say together."""

    info: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    routes: dict[str, dict[str, Any]] = field(default_factory=dict)
    sets: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    members: dict[str, list[Any]] = field(default_factory=dict)
    examples: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, paths: Sequence[Path]) -> Words:
        found = cls()
        for path in paths:
            for table, lines in tomllib.loads(path.read_text(encoding="utf-8")).items():
                getattr(found, table).update(lines)
        return found


def complete(document: Document, words: Words, directs: Collection[tuple[str, str]]) -> Document:
    """The document as clients are made from it; `directs` are the routes whose query nobody reads.

    Guarantee: a client made from it names every error that a route answers. Test: test_every_problem_answered_is_a_documented_one.
    """
    document["servers"] = [
        {
            "url": "http://{host}:{port}",
            "description": "Where the service listens; behind a proxy, the proxy's address.",
            "variables": {"host": {"default": "127.0.0.1"}, "port": {"default": "8000"}},
        }
    ]
    document["info"] |= words.info
    components = document.setdefault("components", {})
    components["headers"] = (LIMIT_HEADERS if components.get("securitySchemes") else {}) | {
        OWN_ID: OWN_ID_ECHOED
    }
    schemas: Document = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas |= ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}").pop("$defs")
    for name, schema in schemas.items():
        untitle(schema)
        schema["title"] = name
        schema.setdefault("description", f"{name}.")
    _tell_members(schemas, words)
    for scheme in components.get("securitySchemes", {}).values():
        scheme |= {"bearerFormat": "JWT", "description": "A token of the issuer that the service trusts."}
    refused: list[tuple[Document, Codes, dict[int, str]]] = []
    for method, path, operation in operations(document):
        route = words.routes.get(f"{method} {path}", {})
        said = _take_refusals(operation, path)
        _tell_operation(operation, path, route, schemas, words)
        if path not in PROBES:
            if route.get("may_name"):
                operation["security"] = [{}, {"HTTPBearer": []}]
            own = [*(words.sets[name] for name in route.get("like", [])), route.get("gives", {})]
            refused.append((operation, codes_of(operation, (method, path) in directs, own), said))
    tell_problems(refused, schemas)
    for operation, _, _ in refused:
        operation.setdefault("parameters", []).append(OWN_ID_SENT)
        for answer in operation["responses"].values():
            answer.setdefault("headers", {})[OWN_ID] = {"$ref": f"#/components/headers/{OWN_ID}"}
    document["tags"] = [{"name": name, "description": said} for name, said in sorted(words.tags.items())]
    return document


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def _take_refusals(operation: Document, path: str) -> dict[int, str]:
    """Takes out what FastAPI says of refusals; what the route itself says of them, FastAPI's own 422 apart."""
    refusals = [status for status in operation["responses"] if status >= "4" and path not in PROBES]
    said = {int(status): operation["responses"].pop(status)["description"] for status in refusals}
    return {status: told for status, told in said.items() if status != 422}


def _tell_operation(operation: Document, path: str, route: Document, schemas: Document, words: Words) -> None:
    probe = PROBES.get(path)
    operation["operationId"] = route.get("id", operation["operationId"])
    tag = PROBE_TAG if probe else path.removeprefix("/v1/").partition("/")[0]
    operation["tags"] = [route.get("tag", tag)]
    operation.setdefault("description", probe[0] if probe else operation.get("summary", ""))
    for parameter in operation.get("parameters", []):
        said = words.members.get(parameter["name"], [])
        untitle(parameter["schema"])
        if said:
            parameter.setdefault("description", said[0])
        if parameter["in"] == "header":
            # Missing, it is answered with a status and a code of its own and not by FastAPI, which therefore takes it for optional;
            # one that may be null may be missing.
            parameter["required"] = {"type": "null"} not in parameter["schema"].get("anyOf", ())
            parameter["schema"].pop("default", None)
        parameter["schema"].pop("description", None)
        if len(said) > 1:
            parameter.setdefault("example", said[1])
        else:
            _give_sample(parameter, parameter["schema"], schemas, words)
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            own = {name: header(*about) for name, about in route.get("headers", {}).items()}
            limits = LIMIT_HEADERS if operation.get("security") else ()
            if told := own | {name: {"$ref": f"#/components/headers/{name}"} for name in limits}:
                answer["headers"] = told
        for media in answer.get("content", {}).values():
            untitle(media.get("schema", {}))
            if probe and media is not None:
                media["schema"] = {"type": "string" if isinstance(probe[1], str) else "object"}
                media["example"] = probe[1]
            elif "schema" in media:
                _give_sample(media, media["schema"], schemas, words)
        if probe:
            answer["description"] = probe[0] if status == "200" else "The same, while work is not to be sent."
            content_type = "text/plain" if isinstance(probe[1], str) else "application/json"
            about = probe[1] if status == "200" else {**probe[1], "ready": False}
            answer["content"] = {
                content_type: {
                    "schema": {"type": "string" if isinstance(about, str) else "object"},
                    "example": about,
                }
            }
    for media in operation.get("requestBody", {}).get("content", {}).values():
        _give_sample(media, media["schema"], schemas, words)


def _give_sample(holder: Document, schema: Document, schemas: Document, words: Words) -> None:
    try:
        holder.setdefault("example", sample(schema, schemas, words.examples))
    except NoSample:
        return


def _tell_members(schemas: Document, words: Words) -> None:
    """What each member means, and an example of it: its own words first, then those of its schema, then those of its name."""
    for name, schema in schemas.items():
        for member, told in schema.get("properties", {}).items():
            said = words.members.get(f"{name}.{member}") or words.members.get(member) or []
            if said:
                told.setdefault("description", said[0])
            if len(said) > 1:
                told.setdefault("examples", [said[1]])
    for schema in schemas.values():
        for told in schema.get("properties", {}).values():
            if "examples" not in told:
                try:
                    told["examples"] = [sample(told, schemas, words.examples)]
                except NoSample:
                    continue
