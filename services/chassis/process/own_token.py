"""A token that this process gets for itself by OAuth 2.0 client credentials, and shows to Kafka. Never logs it."""

from __future__ import annotations

import asyncio
import ssl
import time
from functools import cache

import httpx
from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaConnectionError

ASK_SECONDS = 10.0
LIFE_SECONDS = 300.0
"""Of a token whose issuer says nothing of its life (RFC 6749 §5.1 recommends that it does)."""
RENEWED_AT = 0.8


class OwnToken(AbstractTokenProvider):  # type: ignore[misc]
    """Asks the endpoint when a connection is opened and the last token has lived four fifths of its life."""

    def __init__(self, url: str, client: str, secret: str, scope: str, ca: str) -> None:
        """`ca`: a file of certificates that are believed at the endpoint beside the system's; empty for none."""
        self._url, self._client, self._secret, self._scope, self._ca = url, client, secret, scope, ca
        self._token, self._until = "", 0.0

    async def token(self) -> str:
        """KafkaConnectionError when the endpoint gives none: the client tries again, as with a broker that is away.

        Guarantee: a token is used for many connections, and renewed before it ends. Test: test_a_token_is_renewed_before_it_ends.
        """
        if time.monotonic() >= self._until:
            await self._renew()
        return self._token

    async def _renew(self) -> None:
        asked = {"grant_type": "client_credentials", **({"scope": self._scope} if self._scope else {})}
        try:
            believed = await asyncio.to_thread(_believed, self._ca)  # reading the system's takes 20 ms
            async with httpx.AsyncClient(verify=believed, timeout=ASK_SECONDS) as client:
                answer = await client.post(self._url, data=asked, auth=(self._client, self._secret))
            answer.raise_for_status()
            said = answer.json()
            token, seconds = str(said["access_token"]), float(said.get("expires_in", LIFE_SECONDS))
        except (httpx.HTTPError, OSError, ValueError, KeyError, TypeError) as error:
            raise KafkaConnectionError(f"no token: {type(error).__name__}") from None
        self._token, self._until = token, time.monotonic() + seconds * RENEWED_AT


@cache
def _believed(ca: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca:
        context.load_verify_locations(ca)
    return context


own_token = cache(OwnToken)
"""One for each client and endpoint of the process."""
