"""How OpenAPI learns of what does not run through FastAPI: stubs for direct routes."""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header

from services.chassis.http.access import require
from services.chassis.http.tokens import Caller


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
