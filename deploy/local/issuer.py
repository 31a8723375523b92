"""The embedded run's own issuer of tokens: a key pair made once, its public half as a JWKS file, tokens on request.

Any OpenID Connect provider can stand in its place: services are told an issuer, an audience and a JWKS address.
"""

import json
import secrets
import time
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from deploy.local.keys import write_private
from deploy.local.process import Failed
from services.chassis.tokens import NONE_REVOKED, ROLES

ISSUER = "motcua-local"
AUDIENCE = "motcua"
HOURS = 12.0
HOURS_MOST = 24.0 * 30
OFFICE = "H29.015.00"
UNIT = "H29.015.00/QLXD"


class Issuer:
    def __init__(self, home: Path) -> None:
        self.jwks = home / "jwks.json"
        self._private = home / "issuer-key.json"
        if not self._private.exists():
            made = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
            write_private(self._private, json.dumps(made.as_dict(private=True)))
        self._key = ECKey.import_key(json.loads(self._private.read_text(encoding="utf-8")))
        self.revoked = home / "revoked.json"
        if not self.revoked.exists():
            self.revoked.write_bytes(NONE_REVOKED)
        public = json.dumps({"keys": [self._key.as_dict(private=False)]})
        if not self.jwks.exists() or self.jwks.read_text(encoding="utf-8") != public:
            self.jwks.write_text(public, encoding="utf-8")

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
        return str(jwt.encode({"alg": "ES256", "kid": self._key.kid}, claims, self._key))

    def revoke(self, token: str) -> None:
        """Withdraws one token: the services know it within half a minute. Failed for what is not this run's token."""
        try:
            jti = jwt.decode(token, self._key, algorithms=["ES256"]).claims["jti"]
        except (JoseError, ValueError, KeyError):
            raise Failed("this is no token of this run with an id of its own") from None
        listed = json.loads(self.revoked.read_text(encoding="utf-8"))["revoked"]
        if jti not in listed:
            write_private(self.revoked, json.dumps({"revoked": [*listed, jti]}))
