"""What stands before a service: proxies whose word about the client is believed, and pages of other origins that may ask.

Never believes a word of who is not on the list: an address is what limits hang on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from starlette.middleware.cors import CORSMiddleware

from services.chassis.http.request_checks import Scope

_FOR = re.compile(r"""for="?(\[[0-9a-fA-F:.]+\]|[0-9.]+)(?::[0-9]+)?"?""", re.I)
HOPS_MAX = 20
ALLOWED_HEADERS = (
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "traceparent",
    "x-correlation-id",
)
SHOWN_HEADERS = (
    "etag",
    "location",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "traceparent",
    "x-correlation-id",
)
PREFLIGHT_SECONDS = 600


class Trusted:
    """The proxies of a list of networks, as `10.0.0.0/8, 2001:db8::1`; none by default."""

    def __init__(self, networks: str = "") -> None:
        self._networks = [ip_network(each.strip()) for each in networks.split(",") if each.strip()]

    def __bool__(self) -> bool:
        return bool(self._networks)

    def __contains__(self, address: object) -> bool:
        found = _address(str(address))
        return found is not None and any(found in network for network in self._networks)

    def client(self, peer: str, headers: Mapping[bytes, bytes]) -> str:
        """Who asks: from the right, the first that is no trusted proxy, by `Forwarded` (RFC 7239), else by `X-Forwarded-For`.

        Guarantee: a client cannot choose the address that it is counted under. Test: test_only_trusted_proxies_are_believed.
        """
        if peer not in self:
            return peer
        client = peer
        for hop in reversed(_hops(headers)[-HOPS_MAX:]):
            if _address(hop) is None:
                break
            client = hop
            if hop not in self:
                break
        return client


def _hops(headers: Mapping[bytes, bytes]) -> list[str]:
    if told := headers.get(b"forwarded"):
        parts = told.decode("latin-1").split(",")
        return [found[1].strip("[]") if (found := _FOR.search(part)) else "unknown" for part in parts]
    told = headers.get(b"x-forwarded-for", b"")
    return [part.strip() for part in told.decode("latin-1").split(",") if part.strip()]


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def as_forwarded(scope: Scope, headers: Mapping[bytes, bytes], trusted: Trusted) -> None:
    """The client of the scope is the one that a trusted proxy names."""
    peer = scope.get("client")
    if peer:
        scope["client"] = (trusted.client(str(peer[0]), headers), peer[1])


def for_origins(application: Any, origins: Sequence[str]) -> Any:
    """The application, with browsers told that pages of these origins may ask it (CORS); no cookie goes along.

    Guarantee: a page of another origin is let in by name alone. Test: test_pages_of_other_origins_ask_when_they_are_listed.
    """
    if not origins:
        return application
    return CORSMiddleware(
        application,
        allow_origins=list(origins),
        allow_methods=["GET", "POST"],
        allow_headers=ALLOWED_HEADERS,
        expose_headers=SHOWN_HEADERS,
        max_age=PREFLIGHT_SECONDS,
    )
