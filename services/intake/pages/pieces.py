"""Files in pieces, as the pages' script sends them by the session of who is logged in: the doors of `POST /v1/files` without a token."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Header, Query, Request
from fastapi.responses import Response

from services.chassis.http.log_in_routes import add_page
from services.chassis.http.web import Application, IdempotencyKey
from services.intake.pages.visitors import Applicant
from services.intake.papers.receiving import answer, begun, gone_on
from services.intake.papers.uploads import FILE_BYTES_MAX, Uploads


def add_piece_routes(application: Application, uploads: Uploads) -> None:
    """Adds them."""

    async def begin(
        request: Request,
        visitor: Applicant,
        key: IdempotencyKey,
        length: Annotated[int, Header(alias="Upload-Length", ge=0)],
        name: Annotated[str, Query(max_length=1_000)] = "",
    ) -> Response:
        """Under a key of the script's, which finds it again after the connection broke."""
        return answer(await begun(uploads, request, visitor.caller, key, name, length, None), 201)

    async def go_on(
        request: Request,
        file_id: UUID,
        visitor: Applicant,
        offset: Annotated[int, Header(alias="Upload-Offset", ge=0, le=FILE_BYTES_MAX)],
    ) -> Response:
        return answer(await gone_on(uploads, request, visitor.caller, file_id, offset))

    add_page(application, "POST", "/uploads", begin, by_script=True)
    add_page(application, "PATCH", "/uploads/{file_id}", go_on, by_script=True)
