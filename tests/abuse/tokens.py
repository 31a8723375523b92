"""The tokens of an attacked house: of everybody who has one, and such as nobody was given."""

from __future__ import annotations

import time
from typing import Any

from joserfc import jwt
from joserfc.jwk import OKPKey

from tests.abuse.clients import OFFICE, UNIT
from tests.faults.people import AUDIENCE, ISSUER, Issuer

OTHER_OFFICE = "H29.016.00"


def tokens(issuer: Issuer) -> dict[str, str]:
    """By name."""
    token = issuer.token
    good = {
        "portal": token("portal", "portal-a", ""),
        "other-portal": token("portal", "portal-b", ""),
        "officer": token("officer", "officer-a", OFFICE),
        "other-officer": token("officer", "officer-b", OTHER_OFFICE),
        "supervisor": token("supervisor", "supervisor-a", OFFICE),
        "other-supervisor": token("supervisor", "supervisor-b", OTHER_OFFICE),
        "importer": token("importer", "importer-a", ""),
        "keeper": token("calendar", "keeper-a", OFFICE),
        "portal-of-the-office": token("portal", "portal-c", OFFICE),
        "attacking-portal": token("portal", "portal-x", ""),
        "attacking-officer": token("officer", "officer-x", OFFICE),
    }
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "x",
        "role": "officer",
        "office": OFFICE,
        "unit": UNIT,
        "exp": int(time.time()) + 3_600,
    }
    own = issuer._key
    kid = str(own.kid)
    other = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": "Ed25519", "kid": kid})

    def signed(by: OKPKey = own, **changes: Any) -> str:
        return jwt.encode({"alg": "Ed25519", "kid": kid}, claims | changes, by, algorithms=["Ed25519"])

    return good | {
        "by-another-key": signed(other),
        "of-another-audience": signed(aud="another"),
        "expired": signed(exp=int(time.time()) - 60),
        "for-a-year": signed(exp=int(time.time()) + 365 * 86_400),
        "not-before-as-text": signed(nbf="2026-01-01"),
        "without-expiry": signed(exp=None),
        "of-another-issuer": signed(iss="https://another.example"),
        "of-an-unknown-role": signed(role="root"),
        "withdrawn": signed(jti="withdrawn"),
    }
