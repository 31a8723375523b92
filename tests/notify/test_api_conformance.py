"""What the API answers to made-up requests is what its OpenAPI document says, for each role and for nobody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from services.notify.app import build
from services.notify.settings import NotifySettings
from tests.chassis.conformance import NOBODY, as_each_role, faults_found
from tests.notify.desk import Desk
from tests.notify.issuer import AUDIENCE, ISSUER, Issuer


@as_each_role(thoroughly=("portal", "officer"))
async def test_answers_are_as_documented(
    role: str, phase: str, desk: Desk, free_ports: Callable[[int], list[int]], tmp_path: Path
) -> None:
    issuer = Issuer(tmp_path)
    settings = NotifySettings(
        database_dsn="postgresql://nobody@127.0.0.1/nowhere",
        kafka_bootstrap="127.0.0.1:1",
        port=1,
        jwks=str(issuer.jwks),
        jwt_issuer=ISSUER,
        jwt_audience=AUDIENCE,
        code_key=bytes(range(64)).hex(),
        caller_requests_per_second=1e6,
        caller_requests_burst=1_000_000,
    )
    application = build(settings, desk.pool, desk.texts, lambda: {"dossiers": True, "contacts": True})
    token = "" if role == NOBODY else issuer.token(role)
    assert await faults_found(application, free_ports(1)[0], token, phase, tmp_path) == ""
