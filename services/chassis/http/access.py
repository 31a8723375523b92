"""Who may use a route: the dependency that names roles, limits per caller, and the check that no route was forgotten.

Promises that a route either names its roles or stands on a public list with a reason. Never decides about single records:
that is the route's own matter.
"""

import logging
from collections.abc import Mapping
from math import ceil
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from services.chassis.http.issuers import Issuers
from services.chassis.http.limits import Buckets
from services.chassis.http.problems import Problem
from services.chassis.http.request_checks import HOLD, Scope, address_of
from services.chassis.http.tokens import Caller, TokenRefused, Tokens
from services.chassis.process import logs, metrics

log = logging.getLogger(__name__)

PUBLIC = {
    "/livez": "the supervisor asks whether the process turns at all; it says nothing else",
    "/readyz": "the load balancer asks whether to send work; it says which part is missing, no more",
    "/metrics": "Prometheus scrapes it inside the network; labels are closed sets without persons",
    "/version": "which release runs is no secret",
    "/openapi.json": "the contract is public",
    "/docs": "the same contract, for people",
}
KEY_CHARACTERS_MAX = 200
ADMITTED = "motcua.caller"
HELD = "motcua.held"
"""Where a request's scope has the caller that was authorised before its body was read, and the seconds its answer was held back."""
HELD_SECONDS_MAX = 1.0
REFUSAL_COST = 10
COST_BYTES = 16_384
"""What an answer costs its address: a refusal so much, another one for itself and for each so many bytes."""
OWN_FAULTS = (400, 403, 422, 429)
"""What a caller with a name would not be answered if it asked rightly. A conflict, or what is not there, is nobody's fault."""


class Require:
    """The dependency that authorises: the caller, when its role is one of `roles`."""

    def __init__(self, roles: frozenset[str]) -> None:
        self.roles = roles

    async def admit(self, application: Any, scope: Scope, headers: Mapping[bytes, bytes]) -> Caller:
        """The caller, or the Problem that it has no right."""
        caller: Caller = await application.authorise(headers, self.roles, address_of(scope))
        return caller

    async def __call__(
        self, request: Request, _: Annotated[Any, Security(HTTPBearer(auto_error=False))]
    ) -> Caller:
        admitted: Caller | None = request.scope.get(ADMITTED)
        if admitted is not None and admitted.role in self.roles:
            return admitted
        return await self.admit(request.app, request.scope, dict(request.scope["headers"]))


def require(*roles: str) -> Require:
    """`Annotated[Caller, Depends(require("officer"))]` as a route's parameter."""
    return Require(frozenset(roles))


def idempotency_key(headers: Mapping[bytes, bytes]) -> str:
    """The request's `Idempotency-Key`, or Problem 400."""
    key = headers.get(b"idempotency-key", b"").decode("latin-1")
    if not key:
        raise Problem(400, "idempotency-key-missing", "send an Idempotency-Key, the same at each repeat")
    if len(key) > KEY_CHARACTERS_MAX or not key.isascii() or not key.isprintable():
        raise Problem(400, "idempotency-key-invalid", f"1 to {KEY_CHARACTERS_MAX} printable ASCII characters")
    return key


def _key_of(request: Request, _: Annotated[str, Header(alias="Idempotency-Key")] = "") -> str:
    return idempotency_key(dict(request.scope["headers"]))


IdempotencyKey = Annotated[str, Depends(_key_of)]


def throttle(buckets: Buckets, key: str, limit: str, cost: int = 1) -> None:
    """Takes `cost` requests from the bucket of `key`, or Problem 429 with Retry-After in whole seconds."""
    refuse_after(buckets.take(key, cost), limit)


def refuse_after(wait: float, limit: str) -> None:
    """Problem 429 when there is anything to wait."""
    if wait > 0.0:
        metrics.REQUESTS_LIMITED.labels(limit).inc()
        raise Problem(429, detail=f"come back in {ceil(wait)} s", headers={"Retry-After": str(ceil(wait))})


async def pace(unnamed: Buckets, scope: Scope, status: int, size: int) -> None:
    """Holds back an answer to nobody in particular once its address had more of them than it may, and the faults of a caller once it had.

    Guarantee: who asks on and on without a name, wrongly or beyond a limit, waits for each answer, and nobody waits with him.
    Test: test_an_address_that_asks_on_and_on_waits_for_its_answers.
    """
    actor = logs.actor.get()
    if actor and status not in OWN_FAULTS:
        return
    cost = REFUSAL_COST if status >= 400 else 1 + size // COST_BYTES
    seconds = unnamed.charge(actor or address_of(scope), cost, HELD_SECONDS_MAX)
    connection = scope.get("extensions", {}).get(HOLD)
    if seconds and connection is not None and (hold := connection()) is not None:
        scope[HELD] = seconds
        await hold(seconds)


def denied(code: str, route: str, times: int = 1) -> None:
    """Counts and logs that the caller had no right: who, at which route, and as what it was refused.

    Guarantee: no denial is without a line that names its actor. Test: test_a_denial_leaves_a_line_and_is_counted.
    """
    metrics.REQUESTS_DENIED.labels(route).inc(times)
    fields = {"actor": logs.actor.get(), "code": code, "route": route, "times": times}
    log.warning("denied", extra={"fields": fields})


def token_in(headers: Mapping[bytes, bytes]) -> str:
    """The token of a caller who was let in, to ask another service in their name."""
    return headers.get(b"authorization", b"")[7:].strip().decode("latin-1")


async def caller_of(
    tokens: Tokens | Issuers, refusals: Buckets, headers: Mapping[bytes, bytes], address: str
) -> Caller:
    """The caller behind a request's token, or Problem 401, or 429 for an address that was refused too often.

    Guarantee: whoever was refused often from an address costs no more signatures; who is known already passes.
    Test: test_forged_tokens_are_limited_by_address.
    """
    given = headers.get(b"authorization")
    if given is None or given[:7].lower() != b"bearer ":
        throttle(refusals, address, "refused")
        raise Problem(401, "token-missing", headers={"WWW-Authenticate": "Bearer"})
    token = given[7:].strip()
    caller = tokens.remembered(token)
    if caller is None:
        refuse_after(refusals.wait(address), "refused")
        try:
            caller = await tokens.verify(token)
        except TokenRefused as refused:
            throttle(refusals, address, "refused")
            challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            raise Problem(401, refused.code, headers=challenge) from None
    return caller


async def counted_as(request: Request) -> str:
    """Whom to count for a public route: the caller, where a token says who it is, else the address that asks.

    Guarantee: who has a name shares no limit with others behind one address. Test: test_a_caller_with_a_name_has_a_limit_of_its_own.
    """
    headers = dict(request.scope["headers"])
    if b"authorization" not in headers:
        return client_address(request)
    caller = await caller_of(request.app.tokens, request.app.refusals, headers, client_address(request))
    logs.actor.set(caller.actor)
    return caller.actor


def client_address(request: Request) -> str:
    """Who asks: the peer, or whom a proxy names that the service is told to trust."""
    return address_of(request.scope)


def unauthorised_routes(application: FastAPI, public: Mapping[str, str]) -> list[str]:
    """Routes that neither require a role nor stand on the public list, and listed ones that are not there or have no reason.

    Guarantee: no route is open by omission. Test: test_a_route_without_roles_is_found.
    """
    faults, seen = [], set()
    for route in application.routes:
        path = str(getattr(route, "path", route))
        seen.add(path)
        if path not in public and not (isinstance(route, APIRoute) and _requires(route.dependant)):
            faults.append(f"{path} is neither authorised nor public")
    faults += [f"{path} is public but not there" for path in public if path not in seen]
    faults += [f"{path} is public without a reason" for path, reason in public.items() if len(reason) < 10]
    return faults


def roles_of(application: FastAPI, method: str, path: str) -> frozenset[str]:
    """The roles that may call a route; none for a public one."""
    for route in application.routes:
        if isinstance(route, APIRoute) and route.path == path and method in (route.methods or ()):
            return roles_needed(route)
    raise LookupError(f"no route {method} {path}")


def roles_needed(route: APIRoute) -> frozenset[str]:
    """The roles that may call a route; none for a public one."""
    return frozenset(role for needed in _requirements(route.dependant) for role in needed.roles)


def requirement_of(route: APIRoute) -> Require | None:
    """What a route asks of its caller; None for a public one."""
    return next(iter(_requirements(route.dependant)), None)


def _requires(dependant: Dependant) -> bool:
    return bool(_requirements(dependant))


def _requirements(dependant: Dependant) -> list[Require]:
    found: list[Require] = []
    for below in dependant.dependencies:
        if isinstance(below.call, Require):
            found.append(below.call)
        found += _requirements(below)
    return found
