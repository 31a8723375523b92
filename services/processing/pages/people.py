"""Asks intake for the person behind a dossier, in the officer's own name and for a purpose, which intake writes down.

Promises to wait no longer than a few seconds, to keep nothing, and to say so when there is no answer.
"""

from __future__ import annotations

import logging
from typing import Any, Literal
from uuid import UUID

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
UNREAD = {401: LOG_IN_AGAIN, 403: REFUSED, 404: REFUSED, 429: TOO_OFTEN}


class People:
    """Intake's door to people; `url` is empty where the service was not told of it."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._client: Any = None

    async def read(self, dossier_id: UUID, visitor: Visitor, purpose: Purpose) -> tuple[Any, str]:
        """Who filed it and what, or why that cannot be shown."""
        # Imported here: a service's start does without it.
        import httpx

        if not self._url:
            return None, AWAY
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False)
        headers = {"authorization": f"Bearer {visitor.identity.access_token}"}
        try:
            answer = await self._client.get(
                f"{self._url}/v1/people/{dossier_id}", params={"purpose": purpose}, headers=headers
            )
        except httpx.HTTPError as error:
            log.warning("people-away", extra={"fields": {"error": type(error).__name__}})
            return None, AWAY
        if answer.status_code != 200 or len(answer.content) > BYTES_MOST:
            return None, UNREAD.get(answer.status_code, AWAY)
        return answer.json(), ""
