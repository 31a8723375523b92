"""The embedded run's own issuer of tokens: a key pair made once, its public half as a JWKS file, tokens on request.

Any OpenID Connect provider can stand in its place: services are told an issuer, an audience and a JWKS address.
"""

import json
import secrets
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from deploy.local.keys import write_private
from deploy.local.process import Failed
from services.chassis.http.tokens import NONE_REVOKED, ROLES

ISSUER = "motcua-local"
AUDIENCE = "motcua"
HOURS = 12.0
HOURS_MOST = 24.0 * 30
OFFICE = "H29.015.00"
UNIT = "H29.015.00/QLXD"


RETIRED_AT = "retired_at"
"""In a published key: since when nothing is signed with it, Unix seconds."""


def new_key() -> dict[str, Any]:
    """A key to sign tokens with, private half and all; its id follows from it (RFC 7638)."""
    made = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
    return dict(made.as_dict(private=True))


def _public(key: ECKey) -> dict[str, Any]:
    return dict(key.as_dict(private=False))


class Issuer:
    def __init__(self, home: Path) -> None:
        self.jwks = home / "jwks.json"
        self._private = home / "issuer-key.json"
        if not self._private.exists():
            write_private(self._private, json.dumps(new_key()))
        self._key = ECKey.import_key(json.loads(self._private.read_text(encoding="utf-8")))
        self.revoked = home / "revoked.json"
        if not self.revoked.exists():
            self.revoked.write_bytes(NONE_REVOKED)
        self._publish([_public(self._key), *self._published()])

    @property
    def key_ids(self) -> list[str]:
        """Of the keys whose tokens are taken; the first one signs."""
        return [key["kid"] for key in self._published()]

    def announce(self, key: Mapping[str, Any]) -> None:
        """Makes a next key known to whoever checks tokens; nothing is signed with it yet."""
        own, *others = self._published()
        self._publish([own, _public(ECKey.import_key(dict(key))), *others])

    def change_to(self, key: Mapping[str, Any]) -> None:
        """Signs with this key from now on. Tokens of the one before are taken until the longest of them has expired; repeatable."""
        before, now = self._key, int(time.time())
        write_private(self._private, json.dumps(dict(key)))
        self._key = ECKey.import_key(dict(key))
        others = [key for key in self._published() if key["kid"] != self._key.kid]
        for other in others:
            if other["kid"] == before.kid:
                other.setdefault(RETIRED_AT, now)
        young = [key for key in others if key.get(RETIRED_AT, now) > now - HOURS_MOST * 3600]
        self._publish([_public(self._key), *young])

    def drop(self, kid: str) -> None:
        """Tokens of an earlier key name nobody half a minute later. LookupError for any other id."""
        own, *others = self._published()
        left = [key for key in others if key["kid"] != kid]
        if len(left) == len(others):
            raise LookupError(kid)
        self._publish([own, *left])

    def _published(self) -> list[dict[str, Any]]:
        try:
            found: list[dict[str, Any]] = json.loads(self.jwks.read_text(encoding="utf-8"))["keys"]
            return [key for key in found if key["kid"]]
        except (OSError, ValueError, KeyError, TypeError):
            return []

    def _publish(self, keys: Iterable[dict[str, Any]]) -> None:
        first: dict[str, dict[str, Any]] = {}
        for key in keys:
            first.setdefault(key["kid"], key)
        listed = list(first.values())
        if listed != self._published():
            write_private(self.jwks, json.dumps({"keys": listed}))

    def token(
        self,
        role: str,
        *,
        subject: str = "",
        unit: str | None = None,
        office: str | None = None,
        hours: float = HOURS,
    ) -> str:
        """A signed token; officers and supervisors carry an office and a unit, by default the demonstration's."""
        if role not in ROLES:
            raise Failed(f"no role {role!r}: {', '.join(sorted(ROLES))}")
        in_office = role in ("officer", "supervisor")
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject or f"local-{role}",
            "role": role,
            "iat": now,
            "jti": secrets.token_hex(8),
            "exp": now + int(min(hours, HOURS_MOST) * 3600),
        }
        if place := office if office is not None else OFFICE if in_office else "":
            claims["office"] = place
        if place := unit if unit is not None else UNIT if in_office else "":
            claims["unit"] = place
        return self.sign(claims)

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A token that says just this."""
        return str(jwt.encode({"alg": "ES256", "kid": self._key.kid}, dict(claims), self._key))

    def revoke(self, token: str) -> None:
        """Withdraws one token: the services know it within half a minute. Failed for what is not this run's token."""
        try:
            keys = KeySet.import_key_set({"keys": self._published()})
            jti = jwt.decode(token, keys, algorithms=["ES256"]).claims["jti"]
        except (JoseError, ValueError, KeyError):
            raise Failed("this is no token of this run with an id of its own") from None
        listed = json.loads(self.revoked.read_text(encoding="utf-8"))["revoked"]
        if jti not in listed:
            write_private(self.revoked, json.dumps({"revoked": [*listed, jti]}))
