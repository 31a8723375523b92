"""Asks intake for the person behind a dossier, and for papers, in the officer's own name and for a purpose, which intake writes down.

Promises to wait no longer than a few seconds, to keep nothing, and to say so when there is no answer.
"""

from __future__ import annotations

import logging
from typing import Any, Literal
from uuid import UUID

from fastapi.responses import Response, StreamingResponse
from starlette.background import BackgroundTask

from services.chassis.http.sessions import Visitor
from services.chassis.http.texts import N_

log = logging.getLogger(__name__)

Purpose = Literal["reception", "processing"]
TIMEOUT_SECONDS = 3.0
BYTES_MOST = 1_000_000
AWAY = N_("Chưa đọc được thông tin người nộp: hệ thống tiếp nhận không trả lời. Hãy thử lại.")
REFUSED = N_("Bạn không được đọc thông tin người nộp của hồ sơ này.")
TOO_OFTEN = N_("Bạn đã đọc thông tin của nhiều người trong một phút. Hãy đợi một lát.")
LOG_IN_AGAIN = N_("Lần đăng nhập này không còn đọc được thông tin người nộp. Hãy đăng nhập lại.")
DESTROYED = N_("Tệp này không còn mở được: khóa của hồ sơ đã bị hủy, hoặc máy quét phát hiện mã độc.")
PAPER_AWAY = N_("Chưa mở được tệp: nơi lưu tệp hoặc máy quét chưa trả lời. Hãy thử lại.")
PAPER_HEADERS = (
    "content-type",
    "content-length",
    "content-disposition",
    "content-security-policy",
    "x-content-type-options",
    "cross-origin-resource-policy",
)
UNREAD = {401: LOG_IN_AGAIN, 403: REFUSED, 404: REFUSED, 409: DESTROYED, 429: TOO_OFTEN}


class People:
    """Intake's door to people; `url` is empty where the service was not told of it."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._client: Any = None

    async def read(self, dossier_id: UUID, visitor: Visitor, purpose: Purpose) -> tuple[Any, str]:
        """Who filed it and what, or why that cannot be shown."""
        answer = await self._ask(f"/v1/people/{dossier_id}", visitor, purpose)
        if answer is None:
            return None, AWAY
        try:
            content = await answer.aread()
        finally:
            await answer.aclose()
        if answer.status_code != 200 or len(content) > BYTES_MOST:
            return None, UNREAD.get(answer.status_code, AWAY)
        return answer.json(), ""

    async def open_paper(
        self, dossier_id: UUID, file_id: UUID, visitor: Visitor, purpose: Purpose
    ) -> tuple[Response | None, str]:
        """A paper as intake gives it out, piece by piece, or why it cannot be had."""
        answer = await self._ask(f"/v1/dossiers/{dossier_id}/papers/{file_id}", visitor, purpose)
        if answer is None:
            return None, AWAY
        if answer.status_code != 200:
            await answer.aclose()
            return None, UNREAD.get(answer.status_code, PAPER_AWAY)
        headers = {name: answer.headers[name] for name in PAPER_HEADERS if name in answer.headers}
        given = StreamingResponse(
            answer.aiter_raw(), headers=headers, background=BackgroundTask(answer.aclose)
        )
        return given, ""

    async def _ask(self, path: str, visitor: Visitor, purpose: Purpose) -> Any:
        """Intake's answer, whose body is still to be read; None where there is none."""
        # Imported here: a service's start does without it.
        import httpx

        if not self._url:
            return None
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False)
        headers = {"authorization": f"Bearer {visitor.identity.access_token}"}
        try:
            asked = self._client.build_request(
                "GET", f"{self._url}{path}", params={"purpose": purpose}, headers=headers
            )
            return await self._client.send(asked, stream=True)
        except httpx.HTTPError as error:
            log.warning("people-away", extra={"fields": {"error": type(error).__name__}})
            return None
