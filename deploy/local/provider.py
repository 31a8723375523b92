"""An OpenID Connect provider for the embedded run and the compose file: whoever comes chooses which demonstration person to be.

Usage: python -m deploy.local.provider HOST PORT FOLDER ISSUER CLIENT=ORIGIN[,INNER]…, where FOLDER holds the issuer's key, ORIGIN is
where browsers find the client and INNER where this process does. Code flow with PKCE, log-out, and its word to all clients; any real
provider stands in its place by settings alone. Never asks for a password, and says on each of its pages what it is.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

import httpx
import uvicorn
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from deploy.local.issuer import HOURS, Issuer
from deploy.local.people import BY_SUBJECT, PEOPLE, Person
from services.chassis.http.assets import style_sheet
from services.chassis.http.oidc import ENDED

CODE_SECONDS = 60.0
ID_TOKEN_SECONDS = 300
TELL_SECONDS = 2.0
CODES_MOST = 1_000
ASKED = (
    "client_id",
    "redirect_uri",
    "response_type",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "scope",
)
COOKIE = "motcua-provider"
POLICY = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'"


class Client(NamedTuple):
    """A service as browsers reach it, and as this process does."""

    origin: str
    inner: str


class Granted(NamedTuple):
    """What a code stands for, until it is used or too old."""

    asked: Mapping[str, str]
    person: Person
    session: str
    until: float


class Provider:
    """Codes and sessions live in memory: a provider that is started again has its people log in again."""

    def __init__(self, folder: Path, issuer: str, clients: Mapping[str, Client]) -> None:
        self._folder, self._issuer, self._clients = folder, issuer, clients
        self._codes: dict[str, Granted] = {}
        self._page = Environment(
            loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
        ).get_template("provider.html")

    def application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", self._first),
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/jwks", self._keys),
                Route("/authorize", self._choose),
                Route("/authorize", self._chosen, methods=["POST"]),
                Route("/token", self._token, methods=["POST"]),
                Route("/log-out", self._log_out),
                Route("/assets/{name}", self._style),
            ]
        )

    async def _first(self, request: Request) -> Response:
        return self._show("Đăng nhập từ trang của từng dịch vụ")

    async def _discovery(self, request: Request) -> Response:
        """Browsers come by the issuer's address; services ask by whichever they reach it by."""
        here = f"http://{request.headers['host']}"
        return JSONResponse(
            {
                "issuer": self._issuer,
                "authorization_endpoint": f"{self._issuer}/authorize",
                "end_session_endpoint": f"{self._issuer}/log-out",
                "token_endpoint": f"{here}/token",
                "jwks_uri": f"{here}/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["none"],
                "backchannel_logout_supported": True,
            }
        )

    async def _keys(self, request: Request) -> Response:
        return Response(Issuer(self._folder).jwks.read_bytes(), media_type="application/json")

    async def _style(self, request: Request) -> Response:
        return Response(style_sheet().text, media_type="text/css")

    async def _choose(self, request: Request) -> Response:
        asked = self._asked(dict(request.query_params))
        if asked is None:
            return self._show("Yêu cầu đăng nhập không hợp lệ", status=400)
        return self._show("", asked)

    async def _chosen(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        asked, person = self._asked(form), BY_SUBJECT.get(form.get("person", ""))
        if asked is None or person is None:
            return self._show("Yêu cầu đăng nhập không hợp lệ", status=400)
        now, code = time.time(), secrets.token_urlsafe(24)
        self._codes = {each: granted for each, granted in self._codes.items() if granted.until > now}
        if len(self._codes) >= CODES_MOST:
            return self._show("Quá nhiều lượt đăng nhập cùng lúc", status=503)
        session = request.cookies.get(COOKIE) or secrets.token_urlsafe(16)
        self._codes[code] = Granted(asked, person, session, now + CODE_SECONDS)
        answered = urlencode({"code": code, "state": asked["state"], "iss": self._issuer})
        answer = RedirectResponse(f"{asked['redirect_uri']}?{answered}", 303)
        answer.set_cookie(COOKIE, session, httponly=True, samesite="lax")
        return answer

    def _asked(self, given: Mapping[str, str]) -> dict[str, str] | None:
        """The question of a client that is known, for its own address, with PKCE; None for any other."""
        client = self._clients.get(given.get("client_id", ""))
        sound = (
            client is not None
            and given.get("redirect_uri") == f"{client.origin}/log-in/back"
            and given.get("response_type") == "code"
            and given.get("code_challenge_method") == "S256"
            and all(given.get(name) for name in ("state", "nonce", "code_challenge"))
        )
        return {name: given[name] for name in ASKED if name in given} if sound else None

    async def _token(self, request: Request) -> Response:
        """A code is good once, for the client that asked, and for whoever knows what its challenge was made of."""
        form = dict(parse_qsl((await request.body()).decode()))
        granted = self._codes.pop(form.get("code", ""), None)
        made = (
            urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        )
        if (
            granted is None
            or granted.until <= time.time()
            or form.get("client_id") != granted.asked["client_id"]
            or form.get("redirect_uri") != granted.asked["redirect_uri"]
            or not secrets.compare_digest(made, granted.asked["code_challenge"])
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        person, issuer, now = granted.person, Issuer(self._folder), int(time.time())
        access = issuer.token(
            person.role, subject=person.subject, unit=person.unit, office=person.office, hours=HOURS
        )
        claims = {
            "iss": self._issuer,
            "sub": person.subject,
            "aud": granted.asked["client_id"],
            "iat": now,
            "exp": now + ID_TOKEN_SECONDS,
            "nonce": granted.asked["nonce"],
            "at_hash": urlsafe_b64encode(sha256(access.encode()).digest()[:16]).rstrip(b"=").decode(),
            "sid": granted.session,
            "role": person.role,
            **person.claims,
        }
        told = {"access_token": access, "id_token": issuer.sign(claims), "token_type": "Bearer"}
        return JSONResponse({**told, "expires_in": int(HOURS * 3600)}, headers={"Cache-Control": "no-store"})

    async def _log_out(self, request: Request) -> Response:
        """Ends this browser's session here, and tells every client; then back to the one that asked, or nowhere else."""
        if session := request.cookies.get(COOKIE, ""):
            await asyncio.gather(
                *(self._tell(name, client, session) for name, client in self._clients.items())
            )
        asked = request.query_params
        client = self._clients.get(asked.get("client_id", ""))
        back_to = asked.get("post_logout_redirect_uri", "")
        if client is not None and back_to == f"{client.origin}/":
            answer: Response = RedirectResponse(back_to, 303)
        else:
            answer = self._show("Đã đăng xuất")
        answer.delete_cookie(COOKIE)
        return answer

    async def _tell(self, name: str, client: Client, session: str) -> None:
        """A client that does not answer ends its session by itself, half an hour later."""
        now = int(time.time())
        said = {"iss": self._issuer, "aud": name, "iat": now, "exp": now + 120, "sid": session}
        token = Issuer(self._folder).sign({**said, "jti": secrets.token_hex(8), "events": {ENDED: {}}})
        async with httpx.AsyncClient(timeout=TELL_SECONDS, trust_env=False) as http:
            try:
                await http.post(f"{client.inner}/log-out/told", data={"logout_token": token})
            except httpx.HTTPError:
                sys.stderr.write(f"{name} was not told of a log-out\n")

    def _show(self, said: str, asked: Mapping[str, str] | None = None, status: int = 200) -> Response:
        origins = {name: client.origin for name, client in self._clients.items()}
        here = [person for person in PEOPLE if asked and person.service == asked["client_id"]]
        text = self._page.render(
            said=said, asked=asked, people=here, clients=origins, sheet=style_sheet().name
        )
        kept = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
        return Response(text, status, kept, media_type="text/html")


def clients_of(words: list[str]) -> dict[str, Client]:
    """`intake=http://127.0.0.1:8001,http://intake:8000` and its like."""
    found = {}
    for word in words:
        name, _, addresses = word.partition("=")
        origin, _, inner = addresses.partition(",")
        found[name] = Client(origin, inner or origin)
    return found


def main(host: str, port: int, folder: Path, issuer: str, *clients: str) -> None:
    provider: Any = Provider(folder, issuer, clients_of(list(clients))).application()
    uvicorn.run(provider, host=host, port=port, access_log=False, log_level="warning")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), *sys.argv[4:])
