"""What a portal subscribes to, how a call is written and signed, and when it is made again: pure.

Calls follow Standard Webhooks (https://www.standardwebhooks.com): id, time and body are signed with HMAC-SHA256. A body says what
happened to which dossier, in codes and ids; who wants to know more asks intake.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit
from uuid import UUID

import orjson

SECRET_BYTES = 32
URL_CHARACTERS_MAX = 500
SUBSCRIPTIONS_MAX = 10
"""Of one portal."""
OLD_SECRET_LASTS = timedelta(hours=24)
AGAIN_FIRST = timedelta(seconds=5)
AGAIN_MOST = timedelta(hours=1)
PAUSED_AFTER = timedelta(hours=72)
_PREFIX = "whsec_"
_TRANSLATED = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in another writing


def secret_of(random: bytes) -> str:
    """A secret as the portal keeps it."""
    return _PREFIX + base64.b64encode(random).decode()


def signatures(secrets: Sequence[str], call_id: UUID | str, at: datetime, body: bytes) -> str:
    """The header `webhook-signature`: one signature for each secret that is valid."""
    signed = b"%s.%d.%s" % (str(call_id).encode(), int(at.timestamp()), body)
    keys = (base64.b64decode(secret.removeprefix(_PREFIX)) for secret in secrets)
    return " ".join(
        "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys
    )


def body_of(about: str, happened_at: datetime, data: Mapping[str, object]) -> bytes:
    """What is sent: the event's type without version, its time, and ids by which to look it up."""
    return orjson.dumps({"type": about, "timestamp": happened_at.astimezone(UTC), "data": data})


def again_after(failures: int) -> timedelta:
    """What is waited after so many failures in a row."""
    return min(AGAIN_FIRST * int(2 ** min(failures - 1, 20)), AGAIN_MOST)


def fault_of(url: str, *, private: bool) -> str:
    """What is wrong with the address, empty when nothing is. `private`: addresses of this network, and http, are allowed.

    Names are looked at when a call is made, each time: what they mean may change.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "is no address"
    if len(url) > URL_CHARACTERS_MAX or not url.isascii() or not url.isprintable() or " " in url:
        return f"is at most {URL_CHARACTERS_MAX} ASCII characters without spaces"
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        return "begins with https://"
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "has no user, password or fragment"
    if not parts.hostname or port == 0:
        return "names a host"
    try:
        if not private and not is_public(parts.hostname):
            return "is in a private network"
    except ValueError:
        return ""  # a name
    return ""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public network; ValueError for what is no address.

    Guarantee: no portal makes us call into our own network, however the address is written. Test: test_private_addresses_are_not_called.
    """
    known: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(known, IPv6Address):
        inner = known.ipv4_mapped or known.sixtofour or (known.teredo and known.teredo[1])
        if inner is None and known in _TRANSLATED:
            inner = IPv4Address(known.packed[-4:])
        if inner is not None:
            return is_public(str(inner))
    return known.is_global and not known.is_multicast
