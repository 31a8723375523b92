"""The doors of papers: a file is uploaded in one part or in several, named in a filing, and opened by whom its dossier concerns."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from services.chassis.http.limits import Buckets
from services.chassis.http.page_routes import StreamRoute
from services.chassis.http.web import Application, Caller, IdempotencyKey, Problem, require, throttle
from services.intake.acting import Applicants, find_for
from services.intake.papers import attached
from services.intake.papers.giving import given_out
from services.intake.papers.paper import Paper
from services.intake.papers.receiving import answer, begun, gone_on
from services.intake.papers.uploads import FILE_BYTES_MAX
from services.intake.people.store import Purpose

DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):", re.ASCII)
BYTES = {"schema": {"type": "string", "format": "binary"}, "example": "%PDF-1.7 ..."}
BODY = {"requestBody": {"content": {"application/octet-stream": BYTES}}}

Uploader = Annotated[Caller, Depends(require("portal", "officer"))]
Portal = Annotated[Caller, Depends(require("portal"))]
Reader = Annotated[Caller, Depends(require("portal", "officer", "supervisor"))]


class UploadState(BaseModel):
    """An upload as it stands. Go on at `received` until `complete`; it is gone after a day unless a dossier names it."""

    file_id: UUID
    name: str = Field(examples=["Đơn đề nghị.pdf"], description="As it will be given back.")
    size: int | None = Field(examples=[204800], description="As announced, in bytes.")
    received: int = Field(examples=[204800], description="How many bytes have come: where to go on.")
    complete: bool = Field(examples=[True], description="Whether it is whole and was judged.")
    media_type: str | None = Field(
        examples=["application/pdf"],
        description="By its content; null until it is whole, or where it is not taken.",
    )
    sha256: str | None = Field(
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
        description="Of its content; null until it is whole.",
    )
    fault: str | None = Field(
        examples=["file-truncated"], description="Why it is not taken: the code of a refusal."
    )
    scanned: bool | None = Field(
        examples=[True],
        description="Whether a scanner found it clean; null: not asked yet; false: there is none.",
    )


class Papers(BaseModel):
    """The papers of a dossier."""

    items: list[Paper] = Field(examples=[[]], description="In the order in which they came.")


def add_routes(application: Application, applicants: Applicants, paper_reads: Buckets) -> None:
    """Adds them. `paper_reads` bounds what one officer may open."""
    uploads, pool = applicants.intake.uploads, applicants.pool
    assert uploads is not None

    async def begin(
        request: Request,
        caller: Uploader,
        key: IdempotencyKey,
        name: Annotated[str, Query(max_length=1_000, description="What it is called.")] = "",
        length: Annotated[
            int | None,
            Header(
                alias="Upload-Length", ge=0, description="Bytes of the whole file; the body's by default."
            ),
        ] = None,
        digest: Annotated[
            str | None, Header(alias="Repr-Digest", description="SHA-256 of the whole file, RFC 9530.")
        ] = None,
    ) -> Response:
        """All of it or the beginning. Sent again under its key, it answers how far it has come; the rest goes to the file's address."""
        size = length if length is not None else _number(request.headers.get("content-length"))
        if size is None:
            raise Problem(400, "length-missing", "send Upload-Length")
        return answer(await begun(uploads, request, caller, key, name, size, _digest(digest)), 201)

    async def go_on(
        request: Request,
        file_id: UUID,
        caller: Uploader,
        offset: Annotated[int, Header(alias="Upload-Offset", ge=0, le=FILE_BYTES_MAX)],
    ) -> Response:
        """The next part, which begins where the file ends as far as it has come."""
        return answer(await gone_on(uploads, request, caller, file_id, offset))

    for method, path, endpoint, summary, status in (
        ("POST", "/v1/files", begin, "Upload a file", 201),
        ("PATCH", "/v1/files/{file_id}", go_on, "Go on with an upload", 200),
    ):
        application.router.add_api_route(
            path,
            endpoint,
            methods=[method],
            response_model=UploadState,
            status_code=status,
            name="begin_upload" if method == "POST" else "continue_upload",
            summary=summary,
            openapi_extra=BODY,
            route_class_override=StreamRoute,
        )

    @application.get("/v1/files/{file_id}", response_model=UploadState, summary="How far an upload is")
    async def state(file_id: UUID, caller: Uploader) -> Response:
        """Of the caller's own; where to go on after a connection broke."""
        return answer(await uploads.find(file_id, caller.actor))

    @application.get(
        "/v1/dossiers/{dossier_id}/papers", response_model=Papers, summary="The papers of a dossier"
    )
    async def papers(dossier_id: UUID, caller: Portal) -> dict[str, Any]:
        """For who filed it; officers read them with the person behind it."""
        known = await find_for(applicants, dossier_id, caller)
        return {"items": await attached.listed(pool, dossier_id, known.own)}

    @application.get(
        "/v1/dossiers/{dossier_id}/papers/{file_id}",
        response_class=Response,
        summary="A paper of a dossier",
    )
    async def paper(
        dossier_id: UUID,
        file_id: UUID,
        caller: Reader,
        purpose: Annotated[Purpose | None, Query(description="Why an officer opens it; it is kept.")] = None,
    ) -> Response:
        """To be saved, for who filed the dossier and for its office. Whoever opens it as an officer is written down.

        Guarantee: nobody copies the papers of an office one after the other. Test: test_papers_opened_are_bounded_per_officer.
        """
        if caller.role != "portal":
            throttle(paper_reads, caller.actor, "papers")
        known = await find_for(applicants, dossier_id, caller)
        if caller.role != "portal":
            if purpose is None:
                raise Problem(422, "missing", "an officer says why", field="purpose")
            noted = (dossier_id, known.filed.office, caller.actor, purpose)
            await pool.execute("SELECT note_paper_read($1, $2, $3, $4)", *noted)
        return given_out(await attached.open_paper(uploads, dossier_id, file_id, known.own))


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 16 else None


def _digest(header: str | None) -> bytes | None:
    """The SHA-256 of a Repr-Digest header; Problem 422 for one that says none."""
    if not header:
        return None
    found = DIGEST.search(header)
    try:
        return base64.b64decode(found[1], validate=True) if found else _no_digest()
    except binascii.Error:
        return _no_digest()


def _no_digest() -> bytes:
    raise Problem(422, "invalid", "a SHA-256 as RFC 9530 writes it: sha-256=:base64:", field="Repr-Digest")
