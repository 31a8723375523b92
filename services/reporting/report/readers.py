"""Who sees a report to the last dossier: supervisors, who sign it. Everybody else sees what the public sees."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from services.chassis.http.access import caller_of, client_address
from services.chassis.process import logs


async def _signs(request: Request) -> bool:
    headers = dict(request.scope["headers"])
    if b"authorization" not in headers:
        return False
    caller = await caller_of(request.app.tokens, request.app.refusals, headers, client_address(request))
    logs.actor.set(caller.actor)
    return caller.role == "supervisor"


Signs = Annotated[bool, Depends(_signs)]
"""Whether who asks signs reports. A token that is not valid is refused, and not taken for none."""
