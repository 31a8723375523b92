"""The doors of payments: those of a dossier with what became of each, and what an office is to give back."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query
from fastapi.responses import Response

from services.chassis.http import paging
from services.chassis.http.visibility import units_of
from services.chassis.http.web import Application
from services.processing.clock.working_days import ZONE, local_day
from services.processing.desk import payments
from services.processing.desk.answers import Payments, Refunds, answer
from services.processing.desk.carry_out import Desk, event_of
from services.processing.dossier.history import fold
from services.processing.dossier.payments import weigh
from services.processing.dossier.state import AwaitingPayment
from services.processing.routes import PAGE_ITEMS_MAX, Officer, seen

NO_PAYMENT = (UUID(int=0), 0)


def add_payment_routes(application: Application, desk: Desk) -> None:
    """Adds them."""

    @application.get(
        "/v1/dossiers/{dossier_id}/payments", response_model=Payments, summary="What was paid for it?"
    )
    async def paid(dossier_id: UUID, caller: Officer) -> Response:
        """Each payment with when and by which way it came, what became of it, and what of it is to be given back."""
        await seen(desk, dossier_id, caller)
        known = await desk.known.get((dossier_id, caller.subject, local_day(desk.clock())))
        assert known is not None, "it was seen just now"
        history = await desk.store.load(dossier_id)
        dossier = fold(known.filing, map(event_of, history), known.heard)
        waiting = dossier.now.request.amount_vnd if isinstance(dossier.now, AwaitingPayment) else None
        items = [
            {
                "payment": each.payment.sequence,
                "amount": each.payment.amount,
                "currency": each.payment.currency,
                "paid_at": each.payment.at.astimezone(ZONE),
                "method": each.payment.method,
                "use": each.use,
                "to_refund": each.to_refund,
            }
            for each in weigh(dossier)
        ]
        return answer({"dossier_id": str(dossier_id), "asked_vnd": waiting, "items": items}, len(history))

    @application.get("/v1/refunds", response_model=Refunds, summary="What is to be given back")
    async def refunds(
        caller: Officer,
        cursor: Annotated[str, Query(max_length=200)] = "",
        limit: Annotated[int, Query(ge=1, le=PAGE_ITEMS_MAX)] = 50,
    ) -> Response:
        """Payments that settled no fee, and what was paid beyond one: unasked, less, twice, in another currency, after the end."""
        after = paging.given(cursor, lambda text: paging.parts_of(text, UUID, paging.count)) or NO_PAYMENT
        rows = await payments.refunds(desk.pool, caller.office, units_of(caller), after, limit + 1)
        items = [
            {
                "dossier_id": str(row["dossier_id"]),
                "payment": row["sequence"],
                "amount": row["to_refund"],
                "paid": row["amount"],
                "currency": row["currency"],
                "paid_at": row["happened_at"].astimezone(ZONE),
                "method": row["method"],
                "why": row["payment_use"],
                "status": row["status"],
            }
            for row in rows[:limit]
        ]
        following = (
            paging.cursor(items[-1]["dossier_id"], items[-1]["payment"]) if len(rows) > limit else None
        )
        return answer({"items": items, "next": following})
