"""An issuer of bearer tokens for benchmark runs: one key, its JWKS in a file, tokens for any role."""

from __future__ import annotations

import json
import time
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

ISSUER = "http://127.0.0.1/bench"
AUDIENCE = "motcua"
LIFETIME_SECONDS = 6 * 3600


class Issuer:
    def __init__(self, home: Path) -> None:
        self._key = ECKey.generate_key("P-256", {"kid": "bench", "use": "sig", "alg": "ES256"})
        self.jwks = home / "jwks.json"
        self.jwks.write_text(json.dumps(KeySet([self._key]).as_dict(private=False)), encoding="utf-8")

    def token(self, role: str, subject: str = "bench", **claims: str) -> str:
        now = int(time.time())
        lifetime = {"iat": now, "exp": now + LIFETIME_SECONDS}
        return jwt.encode(
            {"alg": "ES256", "kid": "bench"},
            {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "role": role, **lifetime, **claims},
            self._key,
        )
