"""How an applicant is reached from now on: another address or number, of which notify is told like of the first one."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from services.chassis.http.web import Application, Caller, Problem, require
from services.intake.acting import Applicants, find_for
from services.intake.people.forms import Email, Phone

SET = "SELECT set_contact($1, $2, $3)"
Applicant = Annotated[Caller, Depends(require("portal", "officer"))]


class Reached(BaseModel):
    """The whole of it: what is null is no way to the applicant any more."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    email: Email | None = Field(
        description="The address for e-mails; null for none.", examples=["mai.moi@example.org"]
    )
    phone: Phone | None = Field(
        description="The number for text messages; null for none.", examples=["0912345678"]
    )


def add_routes(application: Application, applicants: Applicants) -> None:
    """Adds the route."""

    @application.put(
        "/v1/dossiers/{dossier_id}/contact", status_code=204, summary="Change how the applicant is reached"
    )
    async def set_contact(dossier_id: UUID, body: Reached, caller: Applicant) -> Response:
        """By the portal that filed it, or at its office's desk. The same twice changes nothing; nobody learns here what it was before.

        Guarantee: another address is told to notify in the transaction that keeps it. Test: test_another_address_is_told_once.
        """
        await find_for(applicants, dossier_id, caller)
        if not await applicants.pool.fetchval(SET, dossier_id, body.email, body.phone):
            raise Problem(409, "content-erased", "the person is erased, or was never known here")
        return Response(status_code=204)
