"""Behind a proxy: whose word about the client is believed, who shares a limit, and which pages may ask from a browser."""

from __future__ import annotations

import httpx
import pytest
from pydantic import ValidationError

from services.chassis.http.proxies import Trusted, for_origins
from services.chassis.process.settings import ServiceSettings
from tests.chassis.doors import Doors, headers
from tests.chassis.issuing import Issuer

TRUSTED = Trusted("10.0.0.0/8, 2001:db8::/32")


@pytest.mark.parametrize(
    ("peer", "told", "client"),
    [
        ("203.0.113.9", {b"x-forwarded-for": b"198.51.100.1"}, "203.0.113.9"),
        ("10.0.0.1", {}, "10.0.0.1"),
        ("10.0.0.1", {b"x-forwarded-for": b"198.51.100.1"}, "198.51.100.1"),
        # What the client itself wrote stands further left, and is not believed.
        ("10.0.0.1", {b"x-forwarded-for": b"1.1.1.1, 198.51.100.1, 10.9.9.9"}, "198.51.100.1"),
        ("10.0.0.1", {b"x-forwarded-for": b"1.1.1.1, nonsense, 10.9.9.9"}, "10.9.9.9"),
        ("10.0.0.1", {b"forwarded": b'for=1.1.1.1, for="[2a02:1::7]:4711";proto=https'}, "2a02:1::7"),
        ("2001:db8::1", {b"forwarded": b"for=198.51.100.1;by=10.0.0.1, for=10.1.1.1"}, "198.51.100.1"),
        ("10.0.0.1", {b"forwarded": b"for=_hidden", b"x-forwarded-for": b"1.1.1.1"}, "10.0.0.1"),
    ],
)
def test_only_trusted_proxies_are_believed(peer: str, told: dict[bytes, bytes], client: str) -> None:
    assert TRUSTED.client(peer, told) == client


async def test_an_application_counts_whom_its_proxy_names(doors: Doors) -> None:
    """Forged tokens of one client behind the proxy stop at its limit, and not those of another."""
    doors.application.trusted = Trusted("127.0.0.1")
    transport = httpx.ASGITransport(doors.application, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://doors") as client:
        for _ in range(5_000):  # what he may ask grows meanwhile, and more of it on a busy machine
            seen = await client.get("/things/1", headers={"x-forwarded-for": "198.51.100.1"})
            if seen.status_code == 429:
                break
        other = await client.get("/things/1", headers={"x-forwarded-for": "198.51.100.2"})
    assert (seen.status_code, other.status_code) == (429, 401)


async def test_pages_of_other_origins_ask_when_they_are_listed(doors: Doors, issuer: Issuer) -> None:
    wrapped = for_origins(doors.application, ["https://portal.example.org"])
    assert for_origins(doors.application, []) is doors.application
    async with httpx.AsyncClient(transport=httpx.ASGITransport(wrapped), base_url="http://doors") as client:
        asked = {
            "origin": "https://portal.example.org",
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type,idempotency-key",
        }
        allowed = await client.options("/direct", headers=asked)
        refused = await client.options("/direct", headers=asked | {"origin": "https://other.example.org"})
        said = headers(issuer.token()) | {"origin": "https://portal.example.org"}
        answer = await client.post("/direct", json={"number": 7}, headers=said)
    assert (allowed.status_code, refused.status_code, answer.status_code) == (200, 400, 201)
    assert allowed.headers["access-control-allow-origin"] == "https://portal.example.org"
    assert "access-control-allow-origin" not in refused.headers
    assert answer.headers["access-control-allow-origin"] == "https://portal.example.org"
    assert "retry-after" in answer.headers["access-control-expose-headers"].lower()
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("trusted_proxies", "everybody"),
        ("trusted_proxies", "10.0.0.1/8"),
        ("cors_origins", "*"),
        ("cors_origins", "https://portal.example.org/page"),
    ],
)
def test_a_list_that_says_no_network_or_origin_is_a_fault(name: str, value: str) -> None:
    base = {
        "database_dsn": "d",
        "kafka_bootstrap": "k:1",
        "port": 1,
        "jwks": "j",
        "jwt_issuer": "i",
        "jwt_audience": "a",
    }
    ServiceSettings(**base)  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        ServiceSettings(**base | {name: value})  # type: ignore[arg-type]
