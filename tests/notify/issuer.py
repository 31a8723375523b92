"""An issuer of bearer tokens for these tests: one key, its JWKS in a file."""

from __future__ import annotations

import json
import time
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

ISSUER = "http://127.0.0.1/notify-tests"
AUDIENCE = "motcua"


class Issuer:
    def __init__(self, home: Path) -> None:
        self._key = ECKey.generate_key("P-256", {"kid": "test", "use": "sig", "alg": "ES256"})
        self.jwks = home / "jwks.json"
        self.jwks.write_text(json.dumps(KeySet([self._key]).as_dict(private=False)), encoding="utf-8")

    def token(self, role: str, subject: str = "test", office: str = "H29.015.00") -> str:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "role": role, "iat": now, "exp": now + 600}
        if role in ("officer", "supervisor"):
            claims["office"] = office
        return jwt.encode({"alg": "ES256", "kid": "test"}, claims, self._key)
