"""What every web application of the yardstick has: JSON log lines, metrics, a trace id, problem+json, bearer tokens."""

import json
import logging
import re
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from pydantic import BaseModel

from tests.benchmarks.baseline.settings import Settings, get_settings

REQUESTS = Counter("http_requests_total", "Answered requests", ["method", "route", "status"])
DURATION = Histogram("http_request_duration_seconds", "Time to answer", ["method", "route"])
trace_id: ContextVar[str] = ContextVar("trace_id", default="")
logger = logging.getLogger("baseline")
bearer = HTTPBearer()


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {"at": self.formatTime(record), "level": record.levelname, "message": record.getMessage()}
        return json.dumps(line | record.__dict__.get("fields", {}))


def set_up_logging() -> None:
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(JsonFormatter())
    logger.addHandler(lines)
    logger.setLevel(logging.INFO)


class Caller(BaseModel):
    subject: str
    role: str


keys: list[KeySet] = []
remembered: dict[str, Caller] = {}


def key_set(settings: Settings) -> KeySet:
    if not keys:
        keys.append(KeySet.import_key_set(json.loads(Path(settings.jwks).read_text())))
    return keys[0]


async def current_caller(credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> Caller:
    settings = get_settings()
    if settings.remember_tokens and (known := remembered.get(credentials.credentials)):
        return known
    claims_rules = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": settings.jwt_issuer},
        aud={"essential": True, "value": settings.jwt_audience},
        exp={"essential": True},
    )
    try:
        token = jwt.decode(credentials.credentials, key_set(settings), algorithms=["ES256", "RS256", "EdDSA"])
        claims_rules.validate(token.claims)
    except (JoseError, ValueError) as error:
        raise HTTPException(401, "the token is not valid") from error
    caller = Caller(subject=token.claims["sub"], role=token.claims["role"])
    if settings.remember_tokens:
        remembered[credentials.credentials] = caller
    return caller


CallerDep = Annotated[Caller, Depends(current_caller)]


async def observe(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    sent = re.fullmatch(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}", request.headers.get("traceparent", ""))
    current = sent[1] if sent else secrets.token_hex(16)
    trace_id.set(current)
    begin = time.perf_counter()
    response = await call_next(request)
    seconds = time.perf_counter() - begin
    route = getattr(request.scope.get("route"), "path", "unknown")
    REQUESTS.labels(request.method, route, str(response.status_code)).inc()
    DURATION.labels(request.method, route).observe(seconds)
    fields = {
        "method": request.method,
        "route": route,
        "status": response.status_code,
        "seconds": round(seconds, 6),
        "trace_id": current,
    }
    logger.info("request", extra={"fields": fields})
    response.headers["x-trace-id"] = current
    return response


def problem(status: int, code: str, detail: str, **more: Any) -> JSONResponse:
    body = {"type": "about:blank", "title": code, "status": status, "detail": detail, "code": code} | more
    return JSONResponse(body, status, media_type="application/problem+json")


async def on_http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, "refused", str(error.detail))


async def on_invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [{"field": ".".join(map(str, e["loc"])), "detail": e["msg"]} for e in error.errors()]
    return problem(422, "invalid", "the request does not have the expected form", errors=errors)


def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def ready() -> dict[str, bool]:
    return {"ready": True}


def make_app(title: str, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None) -> FastAPI:
    set_up_logging()
    app = FastAPI(title=title, lifespan=lifespan)
    app.middleware("http")(observe)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.get("/metrics")(metrics)
    app.get("/readyz")(ready)
    return app
