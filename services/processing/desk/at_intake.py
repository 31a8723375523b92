"""Intake's doors, asked in an officer's own name: for the person behind a dossier, for papers, and to keep an officer's words.

Promises to wait no longer than a few seconds, to keep nothing, and to say so when there is no answer.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Literal
from uuid import UUID

from services.chassis.process import logs
from services.chassis.process.tls import system_trust

log = logging.getLogger(__name__)

Purpose = Literal["reception", "processing"]
TIMEOUT_SECONDS = 3.0
BYTES_MOST = 1_000_000


class AtIntake:
    """`url` is empty where the service was not told of it: then nobody answers."""

    def __init__(self, url: str = "") -> None:
        self._url = url.rstrip("/")
        self._client: Any = None

    async def ask(
        self, method: str, path: str, token: str, answer_seconds: float | None = None, **request: Any
    ) -> Any:
        """Intake's answer, whose body is still to be read; None where there is none. `answer_seconds`: how long it may take to begin."""
        # Imported here: a service's start does without it.
        import httpx

        if not self._url:
            return None
        if self._client is None:
            trust = await asyncio.to_thread(system_trust)
            self._client = self._client or httpx.AsyncClient(
                timeout=TIMEOUT_SECONDS, verify=trust, trust_env=False
            )
        headers = {"authorization": f"Bearer {token}", **request.pop("headers", {})}
        if traceparent := logs.trace.get():
            headers["traceparent"] = traceparent
        try:
            limits = httpx.Timeout(TIMEOUT_SECONDS, read=answer_seconds or TIMEOUT_SECONDS)
            url = f"{self._url}{path}"
            asked = self._client.build_request(method, url, headers=headers, timeout=limits, **request)
            return await self._client.send(asked, stream=True)
        except httpx.HTTPError as error:
            log.warning("intake-away", extra={"fields": {"error": type(error).__name__}})
            return None

    async def ask_whole(self, method: str, path: str, token: str, **request: Any) -> tuple[int, Any]:
        """The answer's status and JSON; 0 where there is none that can be read."""
        answer = await self.ask(method, path, token, **request)
        if answer is None:
            return 0, None
        try:
            content = await answer.aread()
            return answer.status_code, answer.json() if len(content) <= BYTES_MOST else None
        except Exception as error:  # cut off, or no JSON
            log.warning("intake-unclear", extra={"fields": {"error": type(error).__name__}})
            return 0, None
        finally:
            await answer.aclose()

    async def read_person(self, dossier_id: UUID, token: str, purpose: Purpose) -> tuple[int, Any]:
        """Who filed it and what, and what officers said to them; intake writes down who looked and why."""
        return await self.ask_whole("GET", f"/v1/people/{dossier_id}", token, params={"purpose": purpose})
