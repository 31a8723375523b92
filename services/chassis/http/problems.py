"""Every refusal over HTTP, as problem+json (RFC 9457) with a stable kebab-case `code`.

Promises that nothing of the request's values is repeated in it: field names and sentences only.
"""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field

PROBLEM_TYPE = b"application/problem+json"
FAULTS_MAX = 50
NAME_CHARACTERS_MAX = 100

CODES = {
    400: "bad-request",
    401: "token-missing",
    403: "role-not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    408: "request-too-slow",
    409: "conflict",
    412: "stale-version",
    413: "body-too-large",
    414: "target-too-long",
    415: "media-type-not-supported",
    422: "invalid",
    428: "precondition-missing",
    429: "too-many-requests",
    431: "headers-too-large",
    500: "internal-error",
    503: "unavailable",
}
# Python 3.13 took other words for these: a title is the one that was released, whichever Python runs.
_TITLES = {413: "Request Entity Too Large", 414: "Request-URI Too Long", 422: "Unprocessable Entity"}


class Fault(BaseModel):
    """One thing wrong with a request: which field, in dotted form, which rule, and the rule in a sentence."""

    model_config = ConfigDict(frozen=True)

    field: str = Field(description="Where it is, in dotted form.", examples=["items.0.name"])
    code: str = Field(description="Which rule it breaks; stable.", examples=["string-pattern-mismatch"])
    detail: str = Field(
        description="The rule in a sentence; may change.", examples=["12 digits are expected"]
    )


class ProblemBody(BaseModel):
    """The shape of every error."""

    model_config = ConfigDict(json_schema_extra={"title": "Problem"})

    type: str = Field(
        default="about:blank", description="Always this: `code` says more.", examples=["about:blank"]
    )
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status once more.")
    code: str = Field(description="Stable; programs decide by it.")
    detail: str | None = Field(
        default=None, description="For people; may change.", examples=["what was wrong, in a sentence"]
    )
    field: str | None = Field(
        default=None, description="The field at fault, when it is one.", examples=["a.field"]
    )
    errors: list[Fault] | None = Field(
        default=None,
        description="All faults found, when there may be several.",
        examples=[[{"field": "items.0.name", "code": "missing", "detail": "Field required"}]],
    )


class Problem(Exception):
    """Raised anywhere below a route; becomes the answer."""

    def __init__(
        self,
        status: int,
        code: str = "",
        detail: str = "",
        *,
        field: str = "",
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        denied: bool = False,
    ) -> None:
        """`denied`: the caller has no right to what it asked for, whatever the status says."""
        super().__init__(code or CODES.get(status, "error"))
        self.status = status
        self.code = code or CODES.get(status, "error")
        self.detail = detail
        self.field = field
        self.errors = errors
        self.headers = headers or {}
        self.denied = denied or status == 403

    @property
    def phrase(self) -> str:
        return title_of(self.status)

    def body(self) -> bytes:
        members: dict[str, Any] = {
            "type": "about:blank",
            "title": self.phrase,
            "status": self.status,
            "code": self.code,
        }
        if self.detail:
            members["detail"] = self.detail
        if self.field:
            members["field"] = self.field
        if self.errors:
            members["errors"] = [fault.model_dump() for fault in self.errors]
        return orjson.dumps(members)

    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        return [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]


def title_of(status: int) -> str:
    """Guarantee: a problem bears the same title by every Python. Test: test_titles_are_those_that_were_released."""
    return _TITLES.get(status) or HTTPStatus(status).phrase


def invalid(errors: Iterable[Mapping[str, Any]]) -> Problem:
    """The 422 (400 for what is no JSON at all) of pydantic's `errors()`."""
    faults = []
    for error in errors:
        if error["type"] == "json_invalid":
            return Problem(400, "json-invalid", "the body is not valid JSON")
        faults.append(Fault(field=dotted(error["loc"]), code=rule(error), detail=sentence(error)))
        if len(faults) == FAULTS_MAX:
            break
    first = faults[0]
    return Problem(
        422, "invalid", f"{first.field}: {first.detail}".lstrip(": "), field=first.field, errors=faults
    )


def dotted(loc: Sequence[str | int]) -> str:
    """`("items", 3, "office")` as `items.3.office`; long or unprintable names, which only a caller can have made, are cut."""
    name = ".".join(str(part) for part in loc)[:NAME_CHARACTERS_MAX]
    return name if name.isprintable() else ascii(name)


def rule(error: Mapping[str, Any]) -> str:
    """pydantic's rule names in kebab-case; a validator's own code (PydanticCustomError) is kept as it is."""
    if error["type"] == "extra_forbidden":
        return "unknown-field"
    return str(error["type"]).replace("_", "-")


def sentence(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "this field is not known here"
    return str(error["msg"])
