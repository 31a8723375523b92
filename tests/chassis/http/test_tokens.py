import asyncio
import json
import time
from collections.abc import AsyncIterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey, RSAKey

from services.chassis.http.tokens import NONE_REVOKED, Caller, KeysUnavailable, TokenRefused, Tokens
from tests.chassis.issuing import AUDIENCE, ISSUER, Issuer


class Clock:
    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def tokens(issuer: Issuer, tmp_path: Path, clock: Clock) -> Tokens:
    return Tokens(issuer.write(tmp_path), ISSUER, AUDIENCE, clock=clock)


async def refused(tokens: Tokens, token: str) -> str:
    with pytest.raises(TokenRefused) as raised:
        await tokens.verify(token.encode())
    assert token not in str(raised.value)
    return raised.value.code


async def test_a_good_token_names_its_caller(tokens: Tokens, issuer: Issuer) -> None:
    token = issuer.token("officer", "o-7", unit="H29.015.00/QLXD", office="H29.015.00")
    caller = await tokens.verify(token.encode())
    assert caller == Caller("o-7", "officer", "H29.015.00/QLXD", "H29.015.00")
    assert caller.actor == "officer/o-7"


@pytest.mark.parametrize("audience", [AUDIENCE, [AUDIENCE, "other"]])
async def test_our_audience_may_be_one_of_several(tokens: Tokens, issuer: Issuer, audience: Any) -> None:
    assert (await tokens.verify(issuer.token(aud=audience).encode())).role == "portal"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"iss": "https://other.example"}, "token-issuer-unknown"),
        ({"aud": "other"}, "token-audience-other"),
        ({"aud": None}, "token-audience-other"),
        ({"exp": 1}, "token-expired"),
        ({"exp": None}, "token-without-expiry"),
        ({"exp": True}, "token-without-expiry"),
        ({"nbf": time.time() + 6 * 3600}, "token-not-yet-valid"),
        ({"nbf": "2999"}, "token-invalid"),
        ({"nbf": True}, "token-invalid"),
        ({"iat": "now"}, "token-invalid"),
        ({"iat": time.time() + 6 * 3600}, "token-not-yet-valid"),
        ({"exp": time.time() + 25 * 3600}, "token-lives-too-long"),
        ({"iat": time.time() - 23 * 3600, "exp": time.time() + 2 * 3600}, "token-lives-too-long"),
        ({"jti": ["a"]}, "token-invalid"),
        ({"subject": ""}, "token-without-subject"),
        ({"subject": "a\nb"}, "token-without-subject"),
        ({"role": "emperor"}, "token-without-role"),
        ({"unit": 7}, "token-unit-invalid"),
    ],
)
async def test_a_token_with_a_wrong_claim_is_refused(
    tokens: Tokens, issuer: Issuer, claims: dict[str, Any], code: str
) -> None:
    assert await refused(tokens, issuer.token(**claims)) == code


async def test_a_token_of_an_unknown_place_names_nobody(issuer: Issuer, tmp_path: Path) -> None:
    known = {"H29.015.00", "H29.015.00/QLXD"}
    tokens = Tokens(issuer.write(tmp_path), ISSUER, AUDIENCE, is_place=known.__contains__)
    sound = {"office": "H29.015.00", "unit": "H29.015.00/QLXD"}
    assert (await tokens.verify(issuer.token("officer", **sound).encode())).office == "H29.015.00"
    assert (await tokens.verify(issuer.token("portal").encode())).office == ""
    assert await refused(tokens, issuer.token(**sound | {"office": "H29.999.99"})) == "token-office-unknown"
    assert await refused(tokens, issuer.token(**sound | {"unit": "H29.015.00/QLXDD"})) == "token-unit-unknown"


async def test_a_foreign_signature_is_refused(tokens: Tokens, issuer: Issuer) -> None:
    assert await refused(tokens, Issuer().token()) == "token-invalid"


async def test_a_changed_token_is_refused(tokens: Tokens, issuer: Issuer) -> None:
    head, body, signature = issuer.token().split(".")
    assert await refused(tokens, f"{head}.{body[:-2]}.{signature}") == "token-invalid"
    assert await refused(tokens, "nonsense") == "token-invalid"
    assert await refused(tokens, "a" * 9000) == "token-too-long"


async def test_none_and_symmetric_algorithms_are_refused(tokens: Tokens, issuer: Issuer) -> None:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "s", "role": "portal", "exp": int(time.time()) + 60}
    public = json.dumps(issuer.key.as_dict(private=False))
    assert (
        await refused(tokens, jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(public)))
        == "token-invalid"
    )
    unsigned = jwt.encode({"alg": "none"}, claims, OctKey.import_key("x" * 32), algorithms=["none"])
    assert await refused(tokens, unsigned) == "token-invalid"


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("RS256", RSAKey.generate_key(2048, {"kid": "r", "use": "sig"})),
        ("EdDSA", OKPKey.generate_key("Ed25519", {"kid": "e", "use": "sig"})),
    ],
)
async def test_the_other_allowed_algorithms_serve(tmp_path: Path, algorithm: str, key: Any) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [key.as_dict(private=False)]}), encoding="utf-8")
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "s", "role": "portal", "exp": int(time.time()) + 60}
    token = jwt.encode({"alg": algorithm, "kid": key.kid}, claims, key, algorithms=[algorithm])
    assert (await Tokens(str(path), ISSUER, AUDIENCE).verify(token.encode())).subject == "s"


async def test_a_remembered_token_ends_at_its_expiry(tokens: Tokens, issuer: Issuer, clock: Clock) -> None:
    token = issuer.token(exp=int(clock.now) + 60).encode()
    await tokens.verify(token)
    assert tokens.remembered(token) is not None
    clock.now += 61
    assert tokens.remembered(token) is None
    with pytest.raises(TokenRefused):
        await tokens.verify(token)


async def test_a_new_key_is_learned(tokens: Tokens, issuer: Issuer, tmp_path: Path, clock: Clock) -> None:
    await tokens.verify(issuer.token().encode())
    successor = Issuer("two")
    successor.write(tmp_path)
    clock.now += 1
    assert (await tokens.verify(successor.token().encode())).role == "portal"


async def test_a_withdrawn_key_names_nobody(
    tokens: Tokens, issuer: Issuer, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a token that was seen before nor one that was not."""
    monkeypatch.setattr("services.chassis.http.tokens.KEYS_REFRESH_SECONDS", 0.01)
    seen, unseen = issuer.token().encode(), issuer.token(subject="s2").encode()
    await tokens.verify(seen)
    successor = Issuer("two")
    successor.write(tmp_path)
    clock.now += 31
    fresh = asyncio.create_task(tokens.keep_fresh())
    async with asyncio.timeout(30):
        while tokens.remembered(seen) is not None:  # noqa: ASYNC110 (it tells nobody)
            await asyncio.sleep(0.01)
    fresh.cancel()
    for token in (seen, unseen):
        assert await refused(tokens, token.decode()) == "token-invalid"
    assert (await tokens.verify(successor.token().encode())).role == "portal"


async def test_a_revoked_token_names_nobody(issuer: Issuer, tmp_path: Path, clock: Clock) -> None:
    revoked = tmp_path / "revoked.json"
    revoked.write_bytes(NONE_REVOKED)
    tokens = Tokens(issuer.write(tmp_path), ISSUER, AUDIENCE, revoked=str(revoked), clock=clock)
    one, other = issuer.token(jti="a"), issuer.token(jti="b")
    for token in (one, other):
        await tokens.verify(token.encode())
    for told in (b'{"revoked": ["a"]}', b'{"revoked": "b"}', b"", b"[]"):  # a damaged list changes nothing
        revoked.write_bytes(told)
        clock.now += 31
        await tokens._refresh()
        assert await refused(tokens, one) == "token-revoked"
        assert (await tokens.verify(other.encode())).role == "portal"
    # From the beginning without its list, nobody is let in.
    blind = Tokens(
        str(tmp_path / "jwks.json"), ISSUER, AUDIENCE, revoked=str(tmp_path / "absent"), clock=clock
    )
    with pytest.raises(KeysUnavailable):
        await blind.verify(other.encode())


class _Keys(BaseHTTPRequestHandler):
    asked = 0
    body = b"{}"

    def do_GET(self) -> None:  # the library's name
        type(self).asked += 1
        self.send_response(200)
        self.send_header("content-length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
async def endpoint(issuer: Issuer) -> AsyncIterator[tuple[str, type[_Keys]]]:
    keys = type("Keys", (_Keys,), {"asked": 0, "body": json.dumps(issuer.jwks()).encode()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), keys)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/keys", keys
    server.shutdown()
    server.server_close()


async def test_forged_tokens_do_not_flood_the_issuer(
    endpoint: tuple[str, type[_Keys]], issuer: Issuer, clock: Clock
) -> None:
    url, keys = endpoint
    tokens = Tokens(url, ISSUER, AUDIENCE, clock=clock)
    await tokens.verify(issuer.token().encode())
    for number in range(50):
        assert await refused(tokens, Issuer(f"forged-{number}").token()) == "token-invalid"
    assert keys.asked == 2
    clock.now += 31
    await refused(tokens, Issuer("later").token())
    assert keys.asked == 3


async def test_without_keys_nobody_is_recognised_and_nobody_refused(tmp_path: Path, issuer: Issuer) -> None:
    with pytest.raises(KeysUnavailable):
        await Tokens(str(tmp_path / "absent.json"), ISSUER, AUDIENCE).verify(issuer.token().encode())


async def test_keys_once_had_outlive_the_issuers_absence(
    tokens: Tokens, issuer: Issuer, tmp_path: Path, clock: Clock
) -> None:
    await tokens.verify(issuer.token().encode())
    (tmp_path / "jwks.json").unlink()
    clock.now += 31
    assert (await tokens.verify(issuer.token(subject="other").encode())).subject == "other"
    assert await refused(tokens, Issuer("forged").token()) == "token-invalid"


async def test_the_memory_of_tokens_is_bounded(
    tokens: Tokens, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.chassis.http.tokens.CACHE_MAX", 5)
    for number in range(20):
        await tokens.verify(issuer.token(subject=f"s{number}").encode())
    assert len(tokens._known) <= 5
