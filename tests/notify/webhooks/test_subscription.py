"""What is signed, when a call is made again, and which addresses are called: pure."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.notify.webhooks.call import Answered, Caller
from services.notify.webhooks.subscription import again_after, fault_of, is_public, secret_of, signatures


def test_a_call_is_signed_as_the_standard_says() -> None:
    """The example of the specification (https://www.standardwebhooks.com)."""
    told = signatures(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
    )
    assert told == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_a_secret_changes_both_sign() -> None:
    old, new = secret_of(b"a" * 32), secret_of(b"b" * 32)
    at = datetime(2026, 11, 20, tzinfo=UTC)
    both = signatures([new, old], "1", at, b"{}").split(" ")
    assert both == [signatures([new], "1", at, b"{}"), signatures([old], "1", at, b"{}")]


def test_failures_in_a_row_wait_longer_each_time() -> None:
    assert [again_after(n) for n in (1, 2, 3)] == [timedelta(seconds=s) for s in (5, 10, 20)]
    assert again_after(1000) == timedelta(hours=1)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
    ],
)
def test_private_addresses_are_not_called(address: str) -> None:
    assert not is_public(address)
    host = f"[{address}]" if ":" in address else address
    assert fault_of(f"https://{host}/x", private=False) == "is in a private network"


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_called(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "http://portal.example.vn/",
        "ftp://portal.example.vn/",
        "https://",
        "https:///x",
        "https://a:b@portal.example.vn/",
        "https://portal.example.vn/#a",
        "https://portal.example.vn/ x",
        "https://portal.example.vn:99999/",
        "https://portal.example.vn:0/",
        "https://cổng.example.vn/",
        "https://portal.example.vn/\n",
        "https://portal.example.vn/" + "a" * 500,
        "https://[::1/",
    ],
)
def test_an_address_that_cannot_be_called_is_told(url: str) -> None:
    assert fault_of(url, private=False)


def test_an_address_that_can_be_called_has_no_fault() -> None:
    assert fault_of("https://portal.example.vn:8443/motcua?x=1", private=False) == ""
    assert fault_of("http://127.0.0.1:1/", private=True) == ""


async def test_a_name_is_looked_at_when_it_is_called() -> None:
    caller = Caller(private=False)
    assert await caller.call("https://localhost:1/", {}, b"") == Answered(0, "address-private")
    assert await caller.call("https://no-such-name.invalid/", {}, b"") == Answered(0, "name-unknown")
    await asyncio.shield(caller.close())
