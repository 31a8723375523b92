"""Who is calling: bearer tokens (JWT, RFC 7519) checked against an issuer's public keys (JWKS, RFC 7517).

Promises that only RS256, ES256 and EdDSA signatures of the configured issuer, for the configured audience and before
their expiry, name a caller. Never issues a token, never logs one, never keeps one longer than it is valid.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

ALGORITHMS = ["RS256", "ES256", "EdDSA", "Ed25519"]
ROLES = frozenset({"portal", "officer", "supervisor", "importer", "operator"})
TOKEN_BYTES_MAX = 8_192
CACHE_MAX = 10_000
KEYS_REFRESH_SECONDS = 30.0
KEYS_TIMEOUT_SECONDS = 5.0
KEYS_BYTES_MAX = 262_144
EXPIRY_SECONDS_MAX = 31 * 86_400


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a verified token speaks for. `unit` and `office` are empty where the token names none."""

    subject: str
    role: str
    unit: str = ""
    office: str = ""

    @property
    def actor(self) -> str:
        """How the caller stands in the log of events."""
        return f"{self.role}/{self.subject}"


class TokenRefused(Exception):
    """The token names nobody; `code` is stable, and nothing of the token is repeated."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class KeysUnavailable(Exception):
    """The issuer's keys cannot be had: nobody can be recognised for now, which is our fault and not the caller's."""


class Tokens:
    """Verifies tokens; a verified one is remembered until it expires, so that the signature is paid for once."""

    def __init__(
        self, jwks: str, issuer: str, audience: str, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._source, self._issuer, self._audience, self._clock = jwks, issuer, audience, clock
        self._keys: KeySet | None = None
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()
        self._known: dict[bytes, tuple[Caller, float]] = {}

    def remembered(self, token: bytes) -> Caller | None:
        """The caller of a token that was verified before and is still valid.

        Guarantee: a remembered token stops to count at its expiry. Test: test_a_remembered_token_ends_at_its_expiry.
        """
        found = self._known.get(token)
        if found is None or found[1] <= self._clock():
            return None
        return found[0]

    async def verify(self, token: bytes) -> Caller:
        """The caller, or TokenRefused; KeysUnavailable when the issuer's keys cannot be had."""
        caller = self.remembered(token)
        if caller is not None:
            return caller
        if len(token) > TOKEN_BYTES_MAX:
            raise TokenRefused("token-too-long")
        caller, expires_at = self._read(await self._decode(token))
        self._remember(token, caller, expires_at)
        return caller

    async def _decode(self, token: bytes) -> dict[str, object]:
        keys = self._keys or await self._refresh()
        try:
            return dict(jwt.decode(token, keys, algorithms=ALGORITHMS).claims)
        except (JoseError, ValueError, KeyError, TypeError):
            # An unknown key may be the issuer's next one; asking for it is rate-limited, or strangers could make us ask.
            # Guarantee: a flood of forged tokens does not become a flood of requests to the issuer.
            # Test: test_forged_tokens_do_not_flood_the_issuer.
            refreshed = await self._refresh()
            if refreshed is keys:
                raise TokenRefused("token-invalid") from None
        try:
            return dict(jwt.decode(token, refreshed, algorithms=ALGORITHMS).claims)
        except (JoseError, ValueError, KeyError, TypeError):
            raise TokenRefused("token-invalid") from None

    def _read(self, claims: dict[str, object]) -> tuple[Caller, float]:
        now = self._clock()
        expires_at = claims.get("exp")
        if isinstance(expires_at, bool) or not isinstance(expires_at, int | float):
            raise TokenRefused("token-without-expiry")
        if expires_at <= now:
            raise TokenRefused("token-expired")
        not_before = claims.get("nbf")
        if isinstance(not_before, int | float) and not_before > now + 5:
            raise TokenRefused("token-not-yet-valid")
        if claims.get("iss") != self._issuer:
            raise TokenRefused("token-issuer-unknown")
        audience = claims.get("aud")
        if audience != self._audience and not (isinstance(audience, list) and self._audience in audience):
            raise TokenRefused("token-audience-other")
        subject, role = claims.get("sub"), claims.get("role")
        if not isinstance(subject, str) or not 1 <= len(subject) <= 200 or not subject.isprintable():
            raise TokenRefused("token-without-subject")
        if not isinstance(role, str) or role not in ROLES:
            raise TokenRefused("token-without-role")
        unit, office = claims.get("unit") or "", claims.get("office") or ""
        if not isinstance(unit, str) or not isinstance(office, str) or len(unit) > 100 or len(office) > 100:
            raise TokenRefused("token-unit-invalid")
        return Caller(subject, role, unit, office), min(float(expires_at), now + EXPIRY_SECONDS_MAX)

    def _remember(self, token: bytes, caller: Caller, expires_at: float) -> None:
        if len(self._known) >= CACHE_MAX:
            now = self._clock()
            self._known = {kept: entry for kept, entry in self._known.items() if entry[1] > now}
            while len(self._known) >= CACHE_MAX:
                self._known.pop(next(iter(self._known)))
        self._known[token] = (caller, expires_at)

    async def _refresh(self) -> KeySet:
        async with self._asking:
            now = self._clock()
            if now - self._asked_at < KEYS_REFRESH_SECONDS:
                if self._keys is None:
                    raise KeysUnavailable("the issuer's keys were asked for just now, without success")
                return self._keys
            self._asked_at = now
            try:
                self._keys = KeySet.import_key_set(json.loads(await self._fetch()))
            except (OSError, ValueError, KeyError, TypeError, JoseError) as error:
                if self._keys is None:
                    raise KeysUnavailable(type(error).__name__) from error
            return self._keys

    async def _fetch(self) -> bytes:
        if not self._source.startswith(("http://", "https://")):
            return await asyncio.to_thread(Path(self._source).read_bytes)
        # Imported here: only an issuer elsewhere needs it, and it is a tenth of a service's start.
        import httpx

        try:
            async with httpx.AsyncClient(timeout=KEYS_TIMEOUT_SECONDS, trust_env=False) as client:
                answer = (await client.get(self._source)).raise_for_status()
        except httpx.HTTPError as error:
            raise OSError(type(error).__name__) from error
        if len(answer.content) > KEYS_BYTES_MAX:
            raise ValueError("the issuer's key set is too large")
        return answer.content
