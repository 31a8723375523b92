"""Several issuers of tokens at once: each with keys of its own, so that none speaks for another."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Callable, Mapping

from services.chassis.http.claims import Shape
from services.chassis.http.tokens import TOKEN_BYTES_MAX, Caller, TokenRefused, Tokens
from services.chassis.process.settings import ServiceSettings, listed


class Issuers:
    """What a token says of its issuer chooses whose keys it is checked with, and nothing else."""

    def __init__(self, by_issuer: Mapping[str, Tokens]) -> None:
        self._by_issuer = by_issuer

    async def keep_fresh(self) -> None:
        await asyncio.gather(*(each.keep_fresh() for each in self._by_issuer.values()))

    async def fetch_keys(self) -> None:
        """Asks every issuer now; KeysUnavailable when one has none for us."""
        await asyncio.gather(*(each.fetch_keys() for each in self._by_issuer.values()))

    def remembered(self, token: bytes) -> Caller | None:
        found = (each.remembered(token) for each in self._by_issuer.values())
        return next((caller for caller in found if caller is not None), None)

    async def verify(self, token: bytes) -> Caller:
        """The caller, or TokenRefused.

        Guarantee: a key of one issuer signs for no other one. Test: test_no_issuer_speaks_for_another.
        """
        if len(token) > TOKEN_BYTES_MAX:
            raise TokenRefused("token-too-long")
        tokens = self._by_issuer.get(_said_by(token))
        if tokens is None:
            raise TokenRefused("token-issuer-unknown")
        return await tokens.verify(token)


def _said_by(token: bytes) -> str:
    """The issuer as the token says it, unproven; TokenRefused for what is no token."""
    try:
        _, payload, _ = token.split(b".")
        told = json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
        return str(told.get("iss", ""))
    except (ValueError, binascii.Error, AttributeError):
        raise TokenRefused("token-invalid") from None


def tokens_of(
    settings: ServiceSettings,
    is_place: Callable[[str], bool] = lambda _: True,
    met: Callable[[Caller], None] = lambda _: None,
) -> Tokens | Issuers:
    """Who verifies tokens: of one issuer, or of each of several. `met` is told of each caller whose token was verified anew."""
    shape = Shape(
        settings.jwt_role_claim,
        settings.jwt_unit_claim,
        settings.jwt_office_claim,
        frozenset(listed(settings.jwt_clients)),
        settings.jwt_skew_seconds,
    )
    pairs = zip(listed(settings.jwt_issuer), listed(settings.jwks), strict=True)
    found = {
        issuer: Tokens(
            jwks,
            issuer,
            settings.jwt_audience,
            revoked=settings.jwt_revoked,
            lifetime_seconds=settings.jwt_lifetime_hours * 3_600,
            shape=shape,
            is_place=is_place,
            met=met,
        )
        for issuer, jwks in pairs
    }
    return next(iter(found.values())) if len(found) == 1 else Issuers(found)
