"""Further listeners of the tests' Kafka, beside the one of passwords in the clear: TLS with passwords, with certificates, with tokens."""

from __future__ import annotations

import json
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from deploy.local.kafka.node import Ports
from tests.certificates import Authority
from tests.chassis.issuing import Issuer

SECRET = "of the client at the token endpoint"
TOKEN_ISSUER, TOKEN_AUDIENCE = "https://login.example", "kafka"
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
BEARER = "org.apache.kafka.common.security.oauthbearer"


class KafkaDoors:
    """`passwords`, `certificates`, `tokens`: the addresses of the listeners."""

    def __init__(self, home: Path, own: Ports, ports: list[int]) -> None:
        home.mkdir()
        self.authority = Authority(home)
        self.issuer = Issuer()
        self._jwks = Path(self.issuer.write(home)).as_uri()
        self.own, self._keys = own, self.authority.sign("broker").both
        self._listeners = dict(zip(("PASSWORDS", "CERTIFICATES", "TOKENS"), ports, strict=True))
        self.passwords, self.certificates, self.tokens = (f"127.0.0.1:{port}" for port in ports)

    def allow_the_keys(self, patch: pytest.MonkeyPatch) -> None:
        """Kafka reads keys of tokens from nowhere that its command line does not name."""
        allowed = f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={self._jwks}"
        patch.setenv("JDK_JAVA_OPTIONS", allowed)

    def settings(self) -> dict[str, str]:
        clients = {"CLIENT": self.own.client, **self._listeners}
        addresses = [f"{name}://127.0.0.1:{port}" for name, port in clients.items()]
        kinds = "PASSWORDS:SASL_SSL,CERTIFICATES:SSL,TOKENS:SASL_SSL"
        tokens = "listener.name.tokens.oauthbearer.sasl"
        return {
            "listeners": ",".join([*addresses, f"CONTROLLER://127.0.0.1:{self.own.controller}"]),
            "advertised.listeners": ",".join(addresses),
            "listener.security.protocol.map": f"CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT,{kinds}",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self._keys,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self.authority.certificate,
            "ssl.principal.mapping.rules": "RULE:^CN=([a-z]+)$/$1/",
            "listener.name.certificates.ssl.client.auth": "required",
            "listener.name.passwords.sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512",
            "listener.name.passwords.scram-sha-256.sasl.jaas.config": SCRAM,
            "listener.name.passwords.scram-sha-512.sasl.jaas.config": SCRAM,
            "listener.name.tokens.sasl.enabled.mechanisms": "OAUTHBEARER",
            f"{tokens}.jaas.config": f"{BEARER}.OAuthBearerLoginModule required;",
            f"{tokens}.server.callback.handler.class": f"{BEARER}.OAuthBearerValidatorCallbackHandler",
            f"{tokens}.oauthbearer.jwks.endpoint.url": self._jwks,
            f"{tokens}.oauthbearer.expected.issuer": TOKEN_ISSUER,
            f"{tokens}.oauthbearer.expected.audience": TOKEN_AUDIENCE,
        }

    @contextmanager
    def token_endpoint(self, *, seconds: int = 3600) -> Iterator[TokenEndpoint]:
        endpoint = TokenEndpoint(self.issuer, seconds)
        Thread(target=endpoint.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield endpoint
        finally:
            endpoint.shutdown()
            endpoint.server_close()


class TokenEndpoint(ThreadingHTTPServer):
    """Gives a token to a client whose secret is SECRET, by client credentials; `asked`: the forms and clients that it saw."""

    def __init__(self, issuer: Issuer, seconds: int) -> None:
        self.asked: list[str] = []
        self.issuer, self.seconds = issuer, seconds
        super().__init__(("127.0.0.1", 0), _Answer)
        self.url = f"http://127.0.0.1:{self.server_port}/token"


class _Answer(BaseHTTPRequestHandler):
    server: TokenEndpoint

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["content-length"])).decode()
        client, _, secret = (
            b64decode(self.headers["authorization"].removeprefix("Basic ")).decode().partition(":")
        )
        self.server.asked.append(f"{client} {form}")
        if secret != SECRET:
            self.send_error(401)
            return
        claims: dict[str, Any] = {"iss": TOKEN_ISSUER, "aud": TOKEN_AUDIENCE, "iat": int(time.time())}
        token = self.server.issuer.token(subject=client, exp=int(time.time()) + 3600, **claims)
        body = json.dumps(
            {"access_token": token, "token_type": "Bearer", "expires_in": self.server.seconds}
        ).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""
