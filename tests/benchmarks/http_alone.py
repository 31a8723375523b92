"""Our HTTP layer with nothing behind it: the same form as the yardstick's, validated, authorised, logged and measured."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import orjson
from uuid_utils.compat import uuid7

from services.chassis import lifecycle
from services.chassis.http.limits import Buckets
from services.chassis.http.tokens import Tokens
from services.chassis.http.web import Answer, Call, Problem, Readiness, create_app, idempotency_key
from services.chassis.process import logs, settings
from tests.benchmarks.baseline.forms import DossierIn, DossierOut
from tests.benchmarks.baseline.procedures import PROCEDURES


async def ready() -> Readiness:
    return Readiness(True, {})


async def main() -> None:
    given = settings.load(settings.ServiceSettings)
    logs.set_up(given.log_level)
    app = create_app(
        name="http-alone",
        title="HTTP alone",
        description="",
        release="0",
        tokens=Tokens(given.jwks, given.jwt_issuer, given.jwt_audience),
        limits=Buckets(1e6, 1_000_000, clock=time.monotonic),
        unnamed=Buckets(1e6, 1_000_000, clock=time.monotonic),
        ready=ready,
    )

    @app.direct(
        "POST",
        "/v1/dossiers",
        DossierIn,
        roles=("portal", "officer"),
        answer=DossierOut,
        status=201,
        keyed=True,
    )
    async def submit(call: Call[DossierIn]) -> Answer:
        """Answers as if it had been recorded."""
        idempotency_key(call.headers)
        if call.body.procedure not in PROCEDURES:
            raise Problem(422, "procedure-unknown", "no such procedure")
        dossier_id = str(uuid7())
        body = orjson.dumps(
            {
                "dossier_id": dossier_id,
                "status": "submitted",
                "version": 1,
                "submitted_at": datetime.now(UTC),
            }
        )
        return Answer(201, body, [(b"location", f"/v1/dossiers/{dossier_id}".encode())])

    await lifecycle.serve(app, given)


if __name__ == "__main__":
    lifecycle.run(main)
