"""Tokens as Keycloak, Auth0 and Entra make them, of several issuers, and of the clients that are taken."""

from __future__ import annotations

import json
import ssl
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from services.chassis.http.claims import Shape
from services.chassis.http.issuers import Issuers, tokens_of
from services.chassis.http.tokens import Caller, KeysUnavailable, TokenRefused, Tokens
from services.chassis.process.settings import ServiceSettings
from services.chassis.process.tls import system_trust
from tests.certificates import Authority
from tests.chassis.issuing import AUDIENCE, ISSUER, Issuer

KEYCLOAK = {
    "iss": "https://keycloak.example.org/realms/motcua",
    "aud": ["motcua", "account"],
    "typ": "Bearer",
    "azp": "desk-app",
    "preferred_username": "an",
    "realm_access": {"roles": ["offline_access", "officer", "uma_authorization"]},
    "resource_access": {"account": {"roles": ["view-profile"]}},
    "org": {"unit": "QLXD", "office": "H29.015.00"},
    "role": None,
}
AUTH0 = {
    "iss": "https://tenant.auth0.example.org/",
    "aud": ["motcua", "https://tenant.auth0.example.org/userinfo"],
    "azp": "desk-app",
    "scope": "openid profile",
    "https://motcua.example.org/role": "officer",
    "https://motcua.example.org/unit": "QLXD",
    "https://motcua.example.org/office": "H29.015.00",
    "role": None,
}
ENTRA = {
    "iss": "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0",
    "aud": "motcua",
    "azp": "desk-app",
    "ver": "2.0",
    "oid": "66666666-7777-8888-9999-000000000000",
    "roles": ["officer"],
    "extn": {"unit": "QLXD", "office": "H29.015.00"},
    "role": None,
}
OFFICER = Caller("an-officer", "officer", "QLXD", "H29.015.00")


def settings(issuers: dict[str, str], **told: Any) -> ServiceSettings:
    return ServiceSettings(
        database_dsn="d",  # type: ignore[arg-type]
        kafka_bootstrap="k:1",
        port=1,
        jwks=",".join(issuers.values()),
        jwt_issuer=",".join(issuers),
        jwt_audience=AUDIENCE,
        **told,
    )


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        (KEYCLOAK, {"role": "realm_access.roles", "unit": "org.unit", "office": "org.office"}),
        (AUTH0, {name: f"https://motcua.example.org/{name}" for name in ("role", "unit", "office")}),
        (ENTRA, {"role": "roles", "unit": "extn.unit", "office": "extn.office"}),
    ],
    ids=["Keycloak", "Auth0", "Entra"],
)
async def test_a_token_as_providers_make_them_names_its_caller(
    tmp_path: Path, claims: dict[str, Any], told: dict[str, str]
) -> None:
    issuer = Issuer()
    names = {f"jwt_{name}_claim": path for name, path in told.items()}
    tokens = tokens_of(settings({claims["iss"]: issuer.write(tmp_path)}, jwt_clients="desk-app", **names))
    assert isinstance(tokens, Tokens)
    assert await tokens.verify(issuer.token(subject="an-officer", **claims).encode()) == OFFICER
    for other in ({"azp": "another-app"}, {"azp": None}):
        with pytest.raises(TokenRefused) as refused:
            await tokens.verify(issuer.token(subject="an-officer", **(claims | other)).encode())
        assert refused.value.code == "token-client-other"


class _Keys(BaseHTTPRequestHandler):
    body = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


async def test_keys_are_fetched_from_whom_the_system_believes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An authority of an office's own signs for its provider of tokens."""
    issuer, authority = Issuer(), Authority(tmp_path)
    signed = authority.sign("provider")
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(signed.certificate, signed.key)
    answering = type("Answering", (_Keys,), {"body": json.dumps(issuer.jwks()).encode()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), answering)
    server.socket = shown.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    keys = f"https://127.0.0.1:{server.server_port}/certs"
    try:
        system_trust.cache_clear()
        with pytest.raises(KeysUnavailable):
            await Tokens(keys, ISSUER, AUDIENCE).verify(issuer.token().encode())
        monkeypatch.setenv("SSL_CERT_FILE", authority.certificate)
        system_trust.cache_clear()
        assert (await Tokens(keys, ISSUER, AUDIENCE).verify(issuer.token().encode())).role == "portal"
    finally:
        system_trust.cache_clear()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("roles", [["officer", "supervisor"], [], ["admin"], "admin", {"officer": 1}])
async def test_a_token_of_two_roles_names_nobody(tmp_path: Path, roles: object) -> None:
    issuer = Issuer()
    tokens = Tokens(issuer.write(tmp_path), ISSUER, AUDIENCE, shape=Shape(role="roles"))
    with pytest.raises(TokenRefused) as refused:
        await tokens.verify(issuer.token(roles=roles).encode())
    assert refused.value.code == "token-without-role"


async def test_no_issuer_speaks_for_another(tmp_path: Path) -> None:
    """Each is believed of its own; a key of the one under the name of the other is not."""
    both = {"https://one.example.org": Issuer("one"), "https://two.example.org": Issuer("two")}
    places = {}
    for name, issuer in both.items():
        folder = tmp_path / issuer.key.kid
        folder.mkdir()
        places[name] = issuer.write(folder)
    tokens = tokens_of(settings(places))
    assert isinstance(tokens, Issuers)
    one, two = both.values()
    for name, issuer in both.items():
        token = issuer.token(iss=name).encode()
        assert (await tokens.verify(token)).subject == "s1"
        assert tokens.remembered(token) is not None
    for token, code in (
        (one.token(iss="https://two.example.org"), "token-invalid"),
        (two.token(iss="https://three.example.org"), "token-issuer-unknown"),
        ("x.y.z", "token-invalid"),
        ("nothing", "token-invalid"),
    ):
        with pytest.raises(TokenRefused) as refused:
            await tokens.verify(token.encode())
        assert refused.value.code == code


async def test_a_clock_ahead_is_borne_as_far_as_it_is_said(tmp_path: Path) -> None:
    issuer = Issuer()
    place, ahead = issuer.write(tmp_path), issuer.token(nbf=int(time.time()) + 60).encode()
    patient = tokens_of(settings({ISSUER: place}, jwt_skew_seconds=120))
    assert (await patient.verify(ahead)).subject == "s1"
    with pytest.raises(TokenRefused) as refused:
        await tokens_of(settings({ISSUER: place})).verify(ahead)
    assert refused.value.code == "token-not-yet-valid"


def test_each_issuer_has_its_keys() -> None:
    with pytest.raises(ValueError, match="as many JWKS as JWT_ISSUER"):
        settings({"https://one.example.org": "a,b"})
