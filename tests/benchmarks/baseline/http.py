"""The yardstick's HTTP layer with nothing behind it: FastAPI as documented, the same checks as its intake."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

from fastapi import Header, HTTPException, Response

from tests.benchmarks.baseline.forms import DossierIn, DossierOut
from tests.benchmarks.baseline.procedures import PROCEDURES
from tests.benchmarks.baseline.web import CallerDep, make_app

app = make_app("HTTP alone", None)


@app.post("/v1/dossiers", status_code=201)
async def submit(
    dossier_in: DossierIn,
    response: Response,
    caller: CallerDep,
    idempotency_key: Annotated[str, Header(min_length=1, max_length=200)],
) -> DossierOut:
    if caller.role not in ("portal", "officer"):
        raise HTTPException(403, "this role does not file")
    if dossier_in.procedure not in PROCEDURES:
        raise HTTPException(422, "no such procedure")
    dossier_id = uuid4()
    response.headers["Location"] = f"/v1/dossiers/{dossier_id}"
    return DossierOut(dossier_id=dossier_id, status="submitted", version=1, submitted_at=datetime.now(UTC))
