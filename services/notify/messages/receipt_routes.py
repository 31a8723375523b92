"""Where providers tell what became of text messages. Who calls knows an address that nobody else does; what it says is believed of
messages that it has itself, and of nothing else.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

import asyncpg
from fastapi import FastAPI, Path, Query, Response

from services.chassis.http.web import Problem
from services.chassis.process import logs
from services.notify import metrics
from services.notify.messages.kind import Unreadable
from services.notify.messages.provider import end_of_address
from services.notify.messages.receipts import keep
from services.notify.messages.whole_text import called

ROUTE = "/v1/receipts/{provider}/{key}"
PUBLIC = {ROUTE: "providers of text messages have no token of ours: the last part of the address is a secret"}
Word = Annotated[str, Query(max_length=100, pattern=r"^[A-Za-z0-9._-]*$")]


def add_routes(
    application: FastAPI, pool: asyncpg.Pool[Any], key: str, *, clock: Callable[[], datetime]
) -> None:
    """Adds the route; without a key everybody is refused."""

    @application.get(ROUTE, summary="What became of a text message", status_code=204)
    async def tell_receipt(
        provider: Annotated[Literal["first", "second"], Path(description="Which provider calls.")],
        given: Annotated[
            str, Path(alias="key", max_length=200, description="The secret end of the address.")
        ],
        RequestId: Word,  # noqa: N803  the providers' own names
        SMSID: Word,  # noqa: N803
        SendStatus: Word,  # noqa: N803
        SendSuccess: Word = "0",  # noqa: N803
    ) -> Response:
        """Taken as it comes, also twice, early or of a message that is not known; whatever else it says is not read."""
        if not key or not hmac.compare_digest(given.encode(), end_of_address(key, provider).encode()):
            metrics.RECEIPTS.labels(provider, "forged").inc()
            raise Problem(404, "receipts-key-wrong", "no provider's address ends so", denied=True)
        logs.actor.set(f"provider/{provider}")
        said = {
            "RequestId": RequestId,
            "SMSID": SMSID,
            "SendStatus": SendStatus,
            "SendSuccess": SendSuccess,
        }
        try:
            receipt = called(said)
        except Unreadable:
            metrics.RECEIPTS.labels(provider, "unknown").inc()
            return Response(status_code=204)
        if receipt is not None:
            await keep(pool, provider, [receipt], clock())
        return Response(status_code=204)
