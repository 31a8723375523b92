"""The doors of applicants' acts: supplements, withdrawals and payments, by the portal, at the desk, and from the payment provider.

Promises that whose dossier it is not finds none, and that nothing is believed of a payment whose signature is not the provider's.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID, uuid5

from fastapi import Depends, Header, Request
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from contracts.intake import WithdrawalReason
from services.chassis.http.web import Application, Caller, IdempotencyKey, Problem, require
from services.chassis.log.decider import Context
from services.chassis.process import clock, logs
from services.intake.acting import (
    PAYMENTS,
    Applicants,
    Known,
    RecordedAct,
    bring,
    carry_out,
    find,
    find_for,
    key_of,
    take_payment,
)
from services.intake.dossier import PayFee, RequestWithdrawal
from services.intake.papers.attached import PAPERS_MAX
from services.intake.papers.paper import PaperFiled
from services.intake.submitting import content_bytes

PUBLIC = {
    "/v1/payments": "the payment provider has no token of ours: each request is authorised by its signature",
}
PROVIDER = "provider/payments"
SIGNED_FOR_SECONDS = 300
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)

Amount = Annotated[int, Field(ge=1, le=1_000_000_000_000, description="Whole units of the currency.")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Applicant = Annotated[Caller, Depends(require("portal", "officer"))]
Officer = Annotated[Caller, Depends(require("officer"))]


class _Told(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class SupplementBrought(_Told):
    """What was asked for, in the form of the procedure, as `content` of the dossier itself."""

    content: dict[str, JsonValue]
    papers: list[PaperFiled] = Field(
        default=[],
        examples=[[]],
        max_length=PAPERS_MAX,
        description="Files that were uploaded before, `POST /v1/files`.",
    )


class Withdrawal(_Told):
    """The applicant asks to take the dossier back; an officer answers."""

    reason: WithdrawalReason


class PaidAtDesk(_Told):
    """Paid at the desk, in person."""

    amount: Amount
    currency: Currency = "VND"


class Payment(_Told):
    """What the payment provider tells; `id` is its own, one for each payment for ever."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")]
    dossier_id: Annotated[UUID, Field(strict=False)]
    amount: Amount
    currency: Currency = "VND"
    paid_at: Annotated[AwareDatetime, Field(strict=False)]


def sign(secret: bytes, timestamp: str, raw: bytes) -> str:
    """The signature of a request: HMAC-SHA256 over the timestamp's header, a point, and the body as it goes out; hexadecimal."""
    return hmac.digest(secret, timestamp.encode() + b"." + raw, "sha256").hex()


def check_signature(
    secrets: Sequence[bytes], timestamp: str, signature: str, raw: bytes, now: datetime
) -> None:
    """Problem 401 for what the provider did not sign within the last five minutes.

    Guarantee: what is not signed, or was signed long ago, changes nothing. Test: test_what_is_not_signed_changes_nothing.
    """
    given = signature.encode()
    if not any(hmac.compare_digest(sign(secret, timestamp, raw).encode(), given) for secret in secrets):
        raise Problem(401, "signature-invalid", "sign the timestamp and the body with the shared secret")
    if not _SECONDS.fullmatch(timestamp) or abs(now.timestamp() - int(timestamp)) > SIGNED_FOR_SECONDS:
        raise Problem(401, "signature-expired", f"signed more than {SIGNED_FOR_SECONDS} s from now")


def add_routes(application: Application, applicants: Applicants, payment_secrets: Sequence[bytes]) -> None:
    """Adds the doors of applicants' acts."""
    intake = applicants.intake

    async def signed(
        request: Request,
        timestamp: Annotated[
            str, Header(alias="Payment-Timestamp", description="When it was signed, Unix seconds.")
        ] = "",
        signature: Annotated[
            str, Header(alias="Payment-Signature", description="HMAC-SHA256, hexadecimal.")
        ] = "",
    ) -> None:
        raw = await request.body()
        check_signature(payment_secrets, timestamp, signature, raw, clock.outside(intake.clock()))

    @application.post(
        "/v1/dossiers/{dossier_id}/supplements",
        response_model=RecordedAct,
        status_code=201,
        summary="Bring what was asked for",
    )
    async def provide_supplement(
        dossier_id: UUID, body: SupplementBrought, request: Request, caller: Applicant, key: IdempotencyKey
    ) -> Response:
        """Content, its commitment and the event stand or fall together. Accepting it is the officer's."""
        known = await find_for(applicants, dossier_id, caller)
        # Guarantee: nobody is told that papers were taken which nobody asked for. Test: test_what_nobody_asked_for_is_refused.
        if not known.anything_asked:
            raise Problem(
                409,
                "nothing-asked",
                "no papers have been asked for; a request just made may be heard a moment later",
            )
        repeat = key_of(intake, dossier_id, caller, key, "supplement", await request.body())
        content = content_bytes(body.content)
        return _created(await bring(applicants, known, content, body.papers, repeat, logs.trace.get()))

    @application.post(
        "/v1/dossiers/{dossier_id}/withdrawal",
        response_model=RecordedAct,
        status_code=201,
        summary="Ask for the dossier back",
    )
    async def request_withdrawal(
        dossier_id: UUID, body: Withdrawal, request: Request, caller: Applicant, key: IdempotencyKey
    ) -> Response:
        """An officer confirms or refuses; until then the clock goes on."""
        known = await find_for(applicants, dossier_id, caller)
        command = RequestWithdrawal(body.reason, known.ended)
        return await act(known, command, caller, key, "withdrawal", request)

    @application.post(
        "/v1/dossiers/{dossier_id}/payments",
        response_model=RecordedAct,
        status_code=201,
        summary="Take a payment at the desk",
    )
    async def pay_at_desk(
        dossier_id: UUID, body: PaidAtDesk, request: Request, caller: Officer, key: IdempotencyKey
    ) -> Response:
        """Asked for or not, from the submission on; what it settles is processing's to say."""
        known = await find_for(applicants, dossier_id, caller)
        command = PayFee(body.amount, body.currency, "in_person", known.ended)
        return await act(known, command, caller, key, "payment", request)

    @application.post(
        "/v1/payments",
        response_model=RecordedAct,
        status_code=201,
        summary="The payment provider tells of a payment",
        dependencies=[Depends(signed)],
    )
    async def take(body: Payment) -> Response:
        """The same `id` with the same body gets the same answer for ever; with another body it is refused with 422."""
        known = await find(applicants, body.dossier_id)
        now = intake.clock()
        if body.paid_at > now + timedelta(seconds=SIGNED_FOR_SECONDS):
            raise Problem(422, "in-the-future", "a payment tells what has happened", field="paid_at")
        if body.paid_at < EARLIEST:
            raise Problem(422, "too-long-ago", "it was paid in 1900 or later", field="paid_at")
        command = PayFee(body.amount, body.currency, "online", known.ended)
        context = Context(uuid5(PAYMENTS, body.id), PROVIDER, body.paid_at, traceparent=logs.trace.get())
        told = intake.marks(body.model_dump_json().encode())
        return _created(await take_payment(applicants, known, command, body.id, told, context))

    async def act(
        known: Known,
        command: Any,
        caller: Caller,
        key: str,
        what: str,
        request: Request,
    ) -> Response:
        repeat = key_of(intake, known.dossier_id, caller, key, what, await request.body())
        return _created(await carry_out(applicants, known, command, repeat, logs.trace.get()))


def _created(body: bytes) -> Response:
    return Response(body, 201, media_type="application/json")
