"""Takes the body of a request as a part of a file, at the doors of portals and of pages alike."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import UUID

import orjson
from fastapi import Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect

from services.chassis.http.problems import Problem
from services.chassis.http.tokens import Caller
from services.intake.papers.uploads import REFUSALS, Upload, Uploads

UPLOAD_SECONDS_MAX = 900.0
"""What came by then stays, and the rest can be sent."""


async def begun(
    uploads: Uploads, request: Request, caller: Caller, key: str, name: str, size: int, digest: bytes | None
) -> Upload:
    """A new file with as much as comes of it; one that began under this key as far as it has come."""
    upload = await uploads.begin(caller.actor, key, name, size, digest)
    if upload.sha256 is None and not upload.received:
        return await _receive(uploads, request, upload, 0)
    return upload if upload.sha256 is not None else await uploads.find(upload.file_id, caller.actor)


async def gone_on(uploads: Uploads, request: Request, caller: Caller, file_id: UUID, offset: int) -> Upload:
    """A file with as much more as comes."""
    upload = await uploads.find(file_id, caller.actor)
    return upload if upload.sha256 is not None else await _receive(uploads, request, upload, offset)


async def _receive(uploads: Uploads, request: Request, upload: Upload, offset: int) -> Upload:
    """As much as comes, until it is whole, the connection breaks, or it took too long."""
    part = await uploads.part(upload, offset)
    by, pieces = asyncio.get_running_loop().time() + UPLOAD_SECONDS_MAX, aiter(request.stream())
    with suppress(ClientDisconnect, TimeoutError, StopAsyncIteration):
        while True:
            async with asyncio.timeout_at(by):  # the wait for a piece alone: what came is written whole
                piece = await anext(pieces)
            await part.write(piece)
    return await part.end()


def answer(upload: Upload, status: int = 200) -> Response:
    """How far it is; Problem 422 for what is not taken."""
    if upload.fault:
        raise Problem(422, upload.fault, REFUSALS[upload.fault])
    headers = {"Upload-Offset": str(upload.received), "Location": f"/v1/files/{upload.file_id}"}
    return Response(orjson.dumps(upload.shown()), status, headers=headers, media_type="application/json")
