"""An issuer for tests: one key, its JWKS as a dictionary, and tokens with any claims."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

ISSUER, AUDIENCE = "https://issuer.example", "motcua"


class Issuer:
    def __init__(self, kid: str = "one") -> None:
        self.key = ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256"})

    def jwks(self) -> dict[str, Any]:
        return dict(KeySet([self.key]).as_dict(private=False))

    def write(self, folder: Path) -> str:
        path = folder / "jwks.json"
        path.write_text(json.dumps(self.jwks()), encoding="utf-8")
        return str(path)

    def token(self, role: str = "portal", subject: str = "s1", **claims: Any) -> str:
        """Claims of None are left out."""
        said = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "role": role,
            "exp": int(time.time()) + 3600,
            **claims,
        }
        header = {"alg": "ES256", "kid": self.key.kid}
        return jwt.encode(
            header, {name: value for name, value in said.items() if value is not None}, self.key
        )
