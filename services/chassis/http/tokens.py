"""Who is calling: bearer tokens (JWT, RFC 7519) checked against an issuer's public keys (JWKS, RFC 7517).

Promises that only RS256, ES256 and EdDSA signatures of the configured issuer, for the configured audience and before
their expiry, name a caller, and that a key or a token that the issuer withdrew names nobody half a minute later. Never issues
a token, never logs one, never keeps one longer than it is valid.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from services.chassis.http.claims import Shape, at
from services.chassis.process.tls import system_trust

ALGORITHMS = ["RS256", "ES256", "EdDSA", "Ed25519"]
NONE_REVOKED = b'{"revoked": []}'
ROLES = frozenset({"portal", "officer", "supervisor", "importer", "operator", "calendar"})
CODES_OF_REFUSAL = (
    "token-invalid",
    "token-expired",
    "token-not-yet-valid",
    "token-lives-too-long",
    "token-revoked",
    "token-issuer-unknown",
    "token-audience-other",
    "token-client-other",
    "token-without-subject",
    "token-without-role",
    "token-without-expiry",
    "token-unit-invalid",
    "token-unit-unknown",
    "token-office-unknown",
    "token-too-long",
)
"""Every code that TokenRefused has."""
TOKEN_BYTES_MAX = 8_192
CACHE_MAX = 10_000
KEYS_REFRESH_SECONDS = 30.0
KEYS_LATER_SECONDS = 0.1
KEYS_TIMEOUT_SECONDS = 5.0
KEYS_BYTES_MAX = 262_144
LIFETIME_SECONDS = 24 * 3_600.0


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
    """Verifies tokens; a verified one is remembered until it expires, so that the signature is paid for once.

    `jwks` is where the issuer's public keys are, a path or an address, and `revoked` where its list of withdrawn tokens is, if there
    is one: JSON `{"revoked": ["a token's jti", …]}`. A token may live `lifetime_seconds`; `is_place` knows the codes of units and offices,
    and `met` is told of each caller whose token was verified anew.
    """

    def __init__(
        self,
        jwks: str,
        issuer: str,
        audience: str,
        *,
        revoked: str = "",
        lifetime_seconds: float = LIFETIME_SECONDS,
        shape: Shape = Shape(),
        is_place: Callable[[str], bool] = lambda _: True,
        met: Callable[[Caller], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._source, self._issuer, self._audience, self._clock = jwks, issuer, audience, clock
        self._revoked_source, self._lifetime_seconds, self._shape = revoked, lifetime_seconds, shape
        self._is_place, self._met = is_place, met
        self._keys: KeySet | None = None
        self._told: tuple[bytes, bytes] = (b"", b"")
        self._revoked: frozenset[str] = frozenset()
        self._asked_at = self._missed_at = float("-inf")
        self._asking = asyncio.Lock()
        self._known: dict[bytes, tuple[Caller, float]] = {}

    async def keep_fresh(self) -> None:
        """Asks the issuer for its keys again and again, for ever; an issuer that is away is asked later.

        Guarantee: a key or a token that was withdrawn names nobody after half a minute, remembered or not.
        Test: test_a_withdrawn_key_names_nobody.
        """
        while True:
            # From the last time that anybody asked: another's question just before ours must not put the next one off twice.
            age = max(0.0, self._clock() - self._asked_at)
            await asyncio.sleep(max(0.0, KEYS_REFRESH_SECONDS - age) + KEYS_LATER_SECONDS)
            with suppress(KeysUnavailable):
                await self._refresh()

    async def fetch_keys(self) -> None:
        """Asks the issuer now; KeysUnavailable when it has none for us."""
        await self._refresh()

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
        caller, expires_at = self._read(await self.signed_claims(token))
        self._remember(token, caller, expires_at)
        self._met(caller)
        return caller

    async def signed_claims(self, token: bytes) -> dict[str, object]:
        """What a token says that the issuer has signed, whatever it says; TokenRefused for any other."""
        keys = self._keys or await self._refresh()
        try:
            return dict(jwt.decode(token, keys, algorithms=ALGORITHMS).claims)
        except (JoseError, ValueError, KeyError, TypeError):
            # An unknown key may be the issuer's next one; asking for it is rate-limited, or strangers could make us ask.
            # Guarantee: a key with which the issuer begins to sign is taken at once, and a flood of forged tokens does not become a
            # flood of requests to it. Tests: test_a_new_key_is_learned, test_forged_tokens_do_not_flood_the_issuer.
            refreshed = await self._refresh(for_a_token=True)
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
        issued_at, not_before = (_instant(claims.get(name, now)) for name in ("iat", "nbf"))
        if max(issued_at, not_before) > now + self._shape.skew_seconds:
            raise TokenRefused("token-not-yet-valid")
        if expires_at - issued_at > self._lifetime_seconds + self._shape.skew_seconds:
            raise TokenRefused("token-lives-too-long")
        if not isinstance(jti := claims.get("jti", ""), str):
            raise TokenRefused("token-invalid")
        if jti in self._revoked:
            raise TokenRefused("token-revoked")
        if claims.get("iss") != self._issuer:
            raise TokenRefused("token-issuer-unknown")
        audience = claims.get("aud")
        if audience != self._audience and not (isinstance(audience, list) and self._audience in audience):
            raise TokenRefused("token-audience-other")
        if not self._shape.is_of_a_client(claims):
            raise TokenRefused("token-client-other")
        subject, role = claims.get("sub"), self._shape.role_of(claims, ROLES)
        if not isinstance(subject, str) or not 1 <= len(subject) <= 200 or not subject.isprintable():
            raise TokenRefused("token-without-subject")
        if role is None:
            raise TokenRefused("token-without-role")
        unit, office = at(claims, self._shape.unit) or "", at(claims, self._shape.office) or ""
        if not isinstance(unit, str) or not isinstance(office, str) or len(unit) > 100 or len(office) > 100:
            raise TokenRefused("token-unit-invalid")
        # Guarantee: a token of a unit or an office that nobody knows opens no door. Test: test_a_token_of_an_unknown_place_names_nobody.
        if office and not self._is_place(office):
            raise TokenRefused("token-office-unknown")
        if unit and not self._is_place(unit):
            raise TokenRefused("token-unit-unknown")
        return Caller(subject, role, unit, office), float(expires_at)

    def _remember(self, token: bytes, caller: Caller, expires_at: float) -> None:
        if len(self._known) >= CACHE_MAX:
            now = self._clock()
            self._known = {kept: entry for kept, entry in self._known.items() if entry[1] > now}
            while len(self._known) >= CACHE_MAX:
                self._known.pop(next(iter(self._known)))
        self._known[token] = (caller, expires_at)

    async def _refresh(self, *, for_a_token: bool = False) -> KeySet:
        """Once in KEYS_REFRESH_SECONDS, and once more in that time for a token that no key fits."""
        async with self._asking:
            now = self._clock()
            at_once = for_a_token and now - self._missed_at >= KEYS_REFRESH_SECONDS
            if now - self._asked_at < KEYS_REFRESH_SECONDS and not at_once:
                if self._keys is None:
                    raise KeysUnavailable("the issuer's keys were asked for just now, without success")
                return self._keys
            self._asked_at = now
            if for_a_token:
                self._missed_at = now
            try:
                keys = await self._fetch(self._source)
                revoked = await self._fetch(self._revoked_source) if self._revoked_source else NONE_REVOKED
                if self._keys is None or (keys, revoked) != self._told:
                    known, withdrawn = KeySet.import_key_set(json.loads(keys)), _revoked_in(revoked)
                    self._keys, self._revoked, self._told = known, withdrawn, (keys, revoked)
                    self._known.clear()
            except (OSError, ValueError, KeyError, TypeError, JoseError) as error:
                if self._keys is None:
                    raise KeysUnavailable(type(error).__name__) from error
            return self._keys

    async def _fetch(self, source: str) -> bytes:
        if not source.startswith(("http://", "https://")):
            return await asyncio.to_thread(Path(source).read_bytes)
        # Imported here: only an issuer elsewhere needs it, and it is a tenth of a service's start.
        import httpx

        try:
            trust = await asyncio.to_thread(system_trust)
            async with httpx.AsyncClient(
                timeout=KEYS_TIMEOUT_SECONDS, verify=trust, trust_env=False
            ) as client:
                answer = (await client.get(source)).raise_for_status()
        except httpx.HTTPError as error:
            raise OSError(type(error).__name__) from error
        if len(answer.content) > KEYS_BYTES_MAX:
            raise ValueError("what the issuer says is too large")
        return answer.content


def _instant(told: object) -> float:
    if isinstance(told, bool) or not isinstance(told, int | float):
        raise TokenRefused("token-invalid")
    return told


def _revoked_in(told: bytes) -> frozenset[str]:
    """The ids of withdrawn tokens; ValueError for what is no such list, so that a damaged one lets nobody back in."""
    listed = json.loads(told)["revoked"]
    if not isinstance(listed, list) or not all(isinstance(jti, str) for jti in listed):
        raise ValueError("the list of revoked tokens holds their ids")
    return frozenset(listed)
