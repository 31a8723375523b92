"""Log-in at an OpenID Connect provider: code flow with PKCE, and log-out there too (RP-Initiated and Back-Channel Logout).

Promises that nobody is named but by a token that the configured issuer signed for this client, in answer to the very question that
this browser asked. Never sees a password, never logs a token.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import orjson
from joserfc.errors import JoseError

from services.chassis.http.sessions import Identity
from services.chassis.http.tokens import ROLES, KeysUnavailable, TokenRefused, Tokens
from services.chassis.process.tls import system_trust

KEPT_SECONDS = 3600.0
TIMEOUT_SECONDS = 5.0
LOG_IN_SECONDS = 600
"""How long somebody may take at the provider."""
CLOCKS_DIFFER_SECONDS = 5
ENDED = "http://schemas.openid.net/event/backchannel-logout"
TOLD_SECONDS = 120.0
SCOPE = "openid profile"
TEXT_CHARACTERS_MAX = 200


class LogInRefused(Exception):
    """Nobody was named; `code` is stable, and nothing of what came is repeated."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ProviderAway(Exception):
    """The provider cannot be asked for now: not the visitor's fault, and not ours to settle."""


class Question(NamedTuple):
    """What a browser keeps of a log-in that has begun: what it asked, and where it was going."""

    state: str
    nonce: str
    verifier: str
    going_to: str

    @property
    def cookie(self) -> str:
        return base64.urlsafe_b64encode(orjson.dumps(list(self))).decode()

    @classmethod
    def of_cookie(cls, cookie: str) -> Question | None:
        try:
            found = orjson.loads(base64.urlsafe_b64decode(cookie))
            return cls(*found) if all(isinstance(each, str) for each in found) else None
        except (ValueError, TypeError):
            return None


class Client(NamedTuple):
    """How the provider knows this service. An empty `secret`: as a public client, which PKCE alone protects.

    `discovery` is where the provider says how it is reached, when that is not below the issuer. `role` is that of people for whom the
    provider names none; `claims`, by name, are kept of what it says beside.
    """

    issuer: str
    client_id: str
    secret: str
    redirect_uri: str
    discovery: str = ""
    role: str = ""
    claims: Sequence[str] = ()


class Provider:
    """The provider as its discovery document tells; asked when somebody logs in, and kept for an hour."""

    def __init__(self, client: Client, *, clock: Callable[[], float] = time.time) -> None:
        self.client, self._clock = client, clock
        self._told: Mapping[str, Any] = {}
        self._told_at = float("-inf")
        self._tokens: Tokens | None = None

    async def begin(self, going_to: str) -> tuple[str, Question]:
        """Where to send the browser, and what it has to keep."""
        told = await self._discovered()
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        state, nonce, verifier = (secrets.token_urlsafe(size) for size in (24, 24, 48))
        asked = Question(state, nonce, verifier, going_to)
        url: str = prepare_grant_uri(
            told["authorization_endpoint"],
            self.client.client_id,
            "code",
            redirect_uri=self.client.redirect_uri,
            scope=SCOPE,
            state=asked.state,
            nonce=asked.nonce,
            code_challenge=create_s256_code_challenge(asked.verifier),
            code_challenge_method="S256",
        )
        return url, asked

    async def finish(self, question: Question | None, answered: Mapping[str, str]) -> Identity:
        """Whom the provider names in answer to the question that this browser asked; `answered` is the query that came back.

        Guarantee: an answer to another browser's question, of another issuer, for another client, or used before names nobody.
        Test: test_an_answer_that_is_not_to_this_question_names_nobody.
        """
        if question is None or not secrets.compare_digest(question.state, answered.get("state", "")):
            raise LogInRefused("log-in-not-begun-here")
        if answered.get("iss", self.client.issuer) != self.client.issuer:
            raise LogInRefused("log-in-issuer-other")
        if not (code := answered.get("code", "")):
            raise LogInRefused("log-in-declined")
        given = await self._exchange(code, question.verifier)
        access_token, id_token = given.get("access_token", ""), given.get("id_token", "")
        claims = await self._claims(id_token)
        from authlib.oidc.core import CodeIDToken

        options: Any = {"iss": {"essential": True, "value": self.client.issuer}}
        params = {"nonce": question.nonce, "client_id": self.client.client_id, "access_token": access_token}
        try:
            header = orjson.loads(base64.urlsafe_b64decode(id_token.split(".")[0] + "=="))
            CodeIDToken(claims, header, options, params).validate(int(self._clock()), CLOCKS_DIFFER_SECONDS)
        except (JoseError, ValueError, TypeError, KeyError):
            raise LogInRefused("log-in-token-invalid") from None
        self._check_audience(claims)
        return self._identity(claims, access_token, id_token)

    async def over(self, id_token: str, back_to: str) -> str:
        """Where a browser that logs out goes on, so that the provider's own session ends; empty when it has no such place."""
        try:
            at = str((await self._discovered()).get("end_session_endpoint", ""))
        except ProviderAway:
            return ""
        asked = {
            "id_token_hint": id_token,
            "post_logout_redirect_uri": back_to,
            "client_id": self.client.client_id,
        }
        return f"{at}?{urlencode(asked)}" if at else ""

    async def ended(self, logout_token: str) -> tuple[str, str]:
        """Whose sessions the provider says are over: a subject, one of its sessions, or both.

        Guarantee: only the provider ends sessions from outside. Test: test_only_the_provider_ends_sessions_from_outside.
        """
        claims = await self._claims(logout_token)
        self._check_audience(claims)
        issued_at, events = claims.get("iat"), claims.get("events")
        now = self._clock()
        if claims.get("iss") != self.client.issuer or "nonce" in claims:
            raise LogInRefused("log-out-token-invalid")
        if not isinstance(events, dict) or ENDED not in events:
            raise LogInRefused("log-out-token-invalid")
        if not isinstance(issued_at, int | float) or abs(now - issued_at) > TOLD_SECONDS:
            raise LogInRefused("log-out-token-old")
        subject, session = _text(claims.get("sub")), _text(claims.get("sid"))
        if not subject and not session:
            raise LogInRefused("log-out-token-invalid")
        return subject, session

    def _identity(self, claims: Mapping[str, Any], access_token: str, id_token: str) -> Identity:
        subject, role = _text(claims.get("sub")), _text(claims.get("role")) or self.client.role
        if not subject:
            raise LogInRefused("log-in-without-subject")
        if role not in ROLES:
            raise LogInRefused("log-in-without-role")
        return Identity(
            subject,
            role,
            _text(claims.get("unit")),
            _text(claims.get("office")),
            _text(claims.get("name")),
            {name: told for name in self.client.claims if (told := _text(claims.get(name)))},
            access_token,
            id_token,
            _text(claims.get("sid")),
        )

    def _check_audience(self, claims: Mapping[str, Any]) -> None:
        audience = claims.get("aud")
        named = audience if isinstance(audience, list) else [audience]
        if self.client.client_id not in named:
            raise LogInRefused("log-in-audience-other")

    async def _claims(self, token: Any) -> Mapping[str, Any]:
        await self._discovered()
        assert self._tokens is not None
        try:
            return await self._tokens.signed_claims(str(token).encode())
        except TokenRefused:
            raise LogInRefused("log-in-token-invalid") from None
        except KeysUnavailable as error:
            raise ProviderAway(str(error)) from error

    async def _exchange(self, code: str, verifier: str) -> Mapping[str, Any]:
        import httpx

        told, client = await self._discovered(), self.client
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": verifier,
            "redirect_uri": client.redirect_uri,
            "client_id": client.client_id,
        }
        known: Any = httpx.BasicAuth(quote(client.client_id), quote(client.secret)) if client.secret else None
        trust = await asyncio.to_thread(system_trust)
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, verify=trust, trust_env=False) as http:
                answer = await http.post(told["token_endpoint"], data=asked, auth=known)
                given = answer.json() if answer.status_code < 500 else None
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderAway(type(error).__name__) from error
        if not isinstance(given, dict):
            raise ProviderAway("no answer")
        if answer.status_code != 200:
            raise LogInRefused("log-in-code-refused")
        return given

    async def _discovered(self) -> Mapping[str, Any]:
        """The provider's own document; one whose issuer is another is not taken."""
        if self._clock() - self._told_at < KEPT_SECONDS:
            return self._told
        import httpx

        at = self.client.discovery or f"{self.client.issuer.rstrip('/')}/.well-known/openid-configuration"
        trust = await asyncio.to_thread(system_trust)
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, verify=trust, trust_env=False) as http:
                told = (await http.get(at)).raise_for_status().json()
            needed = [told[name] for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
            if told["issuer"] != self.client.issuer or not all(isinstance(each, str) for each in needed):
                raise ValueError("another issuer")
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            if self._told:  # what it said an hour ago serves until it answers again
                return self._told
            raise ProviderAway(type(error).__name__) from error
        if self._tokens is None or told["jwks_uri"] != self._told.get("jwks_uri"):
            self._tokens = Tokens(told["jwks_uri"], self.client.issuer, self.client.client_id)
        self._told, self._told_at = told, self._clock()
        return self._told


def _text(value: object) -> str:
    """A claim as a text; what is none, or is longer than any that is meant, is empty."""
    return (
        value if isinstance(value, str) and len(value) <= TEXT_CHARACTERS_MAX and value.isprintable() else ""
    )
