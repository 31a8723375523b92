"""The refusals in a document: which codes a route gives by its shape and of its own, and a schema for each set of codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.chassis.http.problems import ProblemBody, title_of
from services.chassis.http.tokens import CODES_OF_REFUSAL

Document = dict[str, Any]
Codes = dict[int, list[str]]

SAID = {
    400: "Malformed: no JSON, nested too deep, a header missing or twice",
    401: "No valid token",
    403: "The caller's role or unit may not do this",
    404: "Not there, or not the caller's to see",
    408: "The body came too slowly",
    409: "Not in this state; the code names it",
    412: "If-Match is not the version now",
    413: "Body beyond its limit",
    415: "Not application/json",
    422: "Well-formed, and refused: the code says why",
    428: "If-Match is missing",
    429: "Over the caller's limit; Retry-After says when to come back",
    503: "Not available now; the same request may be sent again",
}
HEADERS: Mapping[int, Mapping[str, tuple[str, Any]]] = {
    401: {"WWW-Authenticate": ("How to say who calls, and what was wrong with the token.", "Bearer")},
    429: {"Retry-After": ("Whole seconds after which to come back.", 1)},
    503: {"Retry-After": ("Whole seconds after which to come back.", 1)},
}
QUERY = {400: ["header-twice"], 422: ["nul-character", "query-member-twice", "text-not-plain"]}
BODY = {
    400: ["header-twice", "json-invalid", "json-too-deep"],
    408: ["request-too-slow"],
    413: ["body-too-large"],
    415: ["media-type-not-supported"],
    422: ["invalid", "nul-character", "text-not-plain"],
}
KEYED = {400: ["idempotency-key-invalid", "idempotency-key-missing"]}
AUTHORISED = {
    401: ["token-missing", *CODES_OF_REFUSAL],
    403: ["role-not-allowed"],
    429: ["too-many-requests"],
    503: ["unavailable"],
}


def codes_of(operation: Document, direct: bool, own: Sequence[Mapping[str, list[str]]]) -> Codes:
    """The codes of a route by status: those of its shape, and its own. Of a direct route nobody reads the query."""
    found: Codes = {}
    parameters = operation.get("parameters", [])
    security = operation.get("security", [])
    # Whoever may also ask without a name is refused for a wrong token, not for a missing one or for its role.
    named = {401: list(CODES_OF_REFUSAL)} | {status: AUTHORISED[status] for status in (429, 503)}
    _add(found, named if {} in security else AUTHORISED if security else {})
    _add(found, {400: ["header-twice"]} if direct else QUERY)
    if any(each["in"] in ("query", "path") for each in parameters):
        _add(found, {422: ["invalid"]})
    if any(each["name"] == "cursor" for each in parameters):
        _add(found, {422: ["cursor-invalid"]})
    if "requestBody" in operation:
        _add(found, BODY)
    if any(each["name"] == "Idempotency-Key" for each in parameters):
        _add(found, KEYED)
    for each in own:
        _add(found, {int(status): codes for status, codes in each.items()})
    return {status: sorted(set(codes)) for status, codes in found.items()}


def _add(found: Codes, more: Mapping[int, list[str]]) -> None:
    for status, codes in more.items():
        found.setdefault(status, []).extend(codes)


def tell_problems(refused: Sequence[tuple[Document, Codes, Mapping[int, str]]], schemas: Document) -> None:
    """A schema for each set of codes that routes have in common: what most routes of a status answer bears the status alone.

    With each operation come its codes, and what its route says of a status.
    """
    users: dict[tuple[int, tuple[str, ...]], list[str]] = {}
    for operation, told, _ in refused:
        for status, codes in told.items():
            users.setdefault((status, tuple(codes)), []).append(operation["operationId"])
    most = {status: max(len(by) for (s, _), by in users.items() if s == status) for status, _ in users}
    names: dict[tuple[int, tuple[str, ...]], str] = {}
    for (status, given), by in users.items():
        plain = f"Problem{status}"
        common = len(by) == most[status] and plain not in names.values()
        name = plain if common else plain + "".join(word.capitalize() for word in by[0].split("_"))
        names[status, given], schemas[name] = name, _problem(name, status, given)
    for operation, told, said in refused:
        for status, codes in told.items():
            name = names[status, tuple(codes)]
            media = {
                "schema": {"$ref": f"#/components/schemas/{name}"},
                "example": schemas[name]["examples"][0],
            }
            answer: Document = {"description": said.get(status, SAID[status])}
            if headers := HEADERS.get(status):
                answer["headers"] = {each: header(*about) for each, about in headers.items()}
            operation["responses"][str(status)] = answer | {"content": {"application/problem+json": media}}
        operation["responses"] = dict(sorted(operation["responses"].items()))


def header(said: str, example: Any) -> Document:
    kind = {"type": "integer", "minimum": 0} if isinstance(example, int) else {"type": "string"}
    return {"description": said, "schema": kind, "example": example}


def _problem(name: str, status: int, codes: Sequence[str]) -> Document:
    told = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    untitle(told)
    members = told["properties"]
    members["status"] |= {"const": status, "examples": [status]}
    members["code"] |= {"enum": list(codes), "examples": [codes[0]]}
    title = title_of(status)
    members["title"]["examples"] = [title]
    example = {"type": "about:blank", "title": title, "status": status, "code": codes[0]}
    return {
        "title": name,
        "description": f"{SAID[status]}.",
        "type": "object",
        "required": ["title", "status", "code"],
        "properties": members,
        "examples": [example],
    }


def untitle(schema: Any) -> None:
    """Titles that are made from names name two things alike; a generator would drop one of them."""
    if isinstance(schema, dict):
        if not isinstance(schema.get("title"), dict):
            schema.pop("title", None)
        for key, below in schema.items():
            if key not in ("example", "examples", "default", "const", "enum"):
                untitle(below)
    elif isinstance(schema, list):
        for below in schema:
            untitle(below)
