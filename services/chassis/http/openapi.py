"""How OpenAPI learns of what does not run through FastAPI: stubs for direct routes, and the errors of every route."""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header

from services.chassis.http.access import require
from services.chassis.http.problems import ProblemBody
from services.chassis.http.tokens import Caller

_SAID = {
    400: "Malformed: no JSON, nested too deep, a header missing",
    401: "No valid token",
    403: "The caller's role or office may not do this",
    404: "Not there, or not the caller's to see",
    413: "Body beyond its limit",
    415: "Not application/json",
    422: "Well-formed, and refused: the code says why",
    429: "Over the caller's limit; Retry-After says when to come back",
    503: "Not available now; the same request may be sent again",
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": said,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, said in _SAID.items()
}
PROBLEM_SCHEMA = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")


def stub(
    endpoint: Callable[..., Any], body: Any, roles: Sequence[str], keyed: bool, more: Mapping[str, Any]
) -> Callable[..., Awaitable[None]]:
    """A function whose signature says what the direct route takes. It is never called: the route is answered before FastAPI is asked."""

    async def never_called(**_: Any) -> None:
        raise AssertionError("a direct route was left to FastAPI")

    parameters = {**more, "body": body, "caller": Annotated[Caller, Depends(require(*roles))]}
    if keyed:
        parameters["idempotency_key"] = Annotated[str, Header(alias="Idempotency-Key", min_length=1)]
    never_called.__name__ = endpoint.__name__
    never_called.__doc__ = endpoint.__doc__
    never_called.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=kind,
                # A header that is missed with a status of its own is not the validator's to miss.
                default="" if name in more and kind is not UUID else inspect.Parameter.empty,
            )
            for name, kind in parameters.items()
        ]
    )
    return never_called


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """Adds the schema of problems and takes FastAPI's own error shape out, which no route of ours ever answers."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = dict(PROBLEM_SCHEMA)
    schemas |= problem.pop("$defs", {})
    schemas["Problem"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return document
