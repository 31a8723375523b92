"""How a service says what it is asked and answers: its OpenAPI document and page, with stubs for what does not run through FastAPI."""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, FastAPI, Header

from services.chassis.http import docs_page
from services.chassis.http.access import require
from services.chassis.http.described import Words, complete
from services.chassis.http.hot_routes import Directs
from services.chassis.http.tokens import Caller


class Described(FastAPI):
    """An application that says what it is; `contract` is the document as `make generate` wrote it."""

    directs: Directs
    described_by: Sequence[Path]
    contract: Path | None = None

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            words = Words.read(self.described_by)
            self.openapi_schema = complete(super().openapi(), words, self.directs.named)
        return self.openapi_schema

    @cached_property
    def document(self) -> bytes:
        """What openapi() says, as JSON; as it was written, where it was, because to make it took 50 to 200 ms on the loop.

        Guarantee: nobody waits while the documents of a service are made. Test: test_a_service_says_its_written_contract.
        """
        return orjson.dumps(orjson.loads(self.contract.read_bytes()) if self.contract else self.openapi())

    @cached_property
    def docs(self) -> bytes:
        """The same as a page for people."""
        return docs_page.page(orjson.loads(self.document)).encode()

    def prepare(self) -> None:
        """Makes both before the first who asks would wait for them, and everybody with him."""
        _ = self.document, self.docs


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
