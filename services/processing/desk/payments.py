"""Settles fees by the payments that were heard of, and keeps what became of each: the refund list is read from that.

Whoever dies between any two lines leaves a payment to be looked at again; a confirmation stands under an id that follows from its payment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

from services.chassis.log.decider import Context, Executed, Rejected, Stale
from services.processing.clock.working_days import Calendar, local_day
from services.processing.desk import queue_rows
from services.processing.desk.carry_out import ACTOR, FACTS, Desk, event_of, record
from services.processing.dossier.decide import decide
from services.processing.dossier.events import Event
from services.processing.dossier.fee import ConfirmPayment
from services.processing.dossier.history import fold
from services.processing.dossier.payments import used_payments, weigh
from services.processing.dossier.state import AwaitingPayment, Dossier, Ended

BATCH = 500
NEW = """
SELECT h.dossier_id, h.sequence, h.event_id, h.happened_at FROM heard h
WHERE h.what = 'FeePaid' AND h.outcome IS NULL AND (h.dossier_id, h.sequence) > ($1, $2)
ORDER BY h.dossier_id, h.sequence LIMIT $3
"""
# Each half must match its index's predicate literally.
TO_WEIGH = """
SELECT dossier_id FROM (
    (SELECT dossier_id FROM dossiers WHERE NOT payments_weighed AND dossier_id > $1 ORDER BY dossier_id LIMIT $2)
    UNION
    (SELECT dossier_id FROM heard WHERE what = 'FeePaid' AND payment_use IS NULL AND dossier_id > $1 ORDER BY dossier_id LIMIT $2)
) d ORDER BY dossier_id LIMIT $2
"""
KEEP = """
SELECT keep_weighed_payments($1::uuid[], $2::int[], $3::bigint[], $4::uuid[], $5::int[], $6::text[], $7::bigint[])
"""
REFUNDS = """
SELECT h.dossier_id, h.sequence, h.amount, h.to_refund, h.payment_use, h.currency, h.method, h.happened_at, d.status
FROM heard h JOIN dossiers d ON d.dossier_id = h.dossier_id
WHERE h.to_refund IS NOT NULL AND d.payments_weighed
  AND (d.office = $1 OR d.unit = ANY($2::text[])) AND (h.dossier_id, h.sequence) > ($3, $4)
ORDER BY h.dossier_id, h.sequence LIMIT $5
"""


async def settle(desk: Desk) -> int:
    """Looks at each payment that was heard of once: what covers the fee that was asked for is confirmed as of the time of payment.

    Guarantee: a payment of less or in another currency changes nothing and waits for an officer.
    Test: test_a_wrong_amount_waits_for_an_officer.
    """
    done, after = 0, (UUID(int=0), 0)
    while True:
        rows = await desk.pool.fetch(NEW, *after, BATCH)
        for row in rows:
            after = (row["dossier_id"], row["sequence"])
            outcome = await _settle(desk, row)
            if outcome is not None:
                await desk.pool.execute("SELECT keep_outcome($1, $2, $3)", *after, outcome)
                done += 1
        if len(rows) < BATCH:
            return done


async def _settle(desk: Desk, row: Any) -> str | None:
    dossier_id, at = row["dossier_id"], row["happened_at"]
    known = (await queue_rows.find_for_command(desk.pool, [dossier_id], "", local_day(at)))[dossier_id]
    outcome: str | None = None

    def settles(calendar: Calendar, dossier: Dossier) -> Sequence[Event] | Rejected:
        nonlocal outcome
        outcome = outcome_of(dossier, row["sequence"])
        if outcome != "confirmed":
            return []
        # A payment of before the request would have kept it from being asked for; days never go back.
        on = max(local_day(at), dossier.since)
        decision = decide(ConfirmPayment(on, row["sequence"]), dossier, calendar)
        if isinstance(decision, Rejected):
            outcome = "waits"
            return []
        return decision

    done = await record(
        desk, dossier_id, known, settles, Context(uuid5(FACTS, f"payment/{row['event_id']}"), ACTOR, at)
    )
    if isinstance(done, Executed) and done.repeated:
        return "confirmed"
    return None if isinstance(done, Stale) else outcome


def outcome_of(dossier: Dossier, payment: int) -> str | None:
    """What becomes of a payment by where the dossier stands; None while a request to withdraw waits for its answer."""
    if payment in used_payments(dossier):
        return "confirmed"
    if dossier.withdrawal is not None:
        return None
    if isinstance(dossier.now, Ended):
        return "refund"
    return "confirmed" if isinstance(dossier.now, AwaitingPayment) else "unasked"


async def weigh_moved(desk: Desk) -> int:
    """Weighs the payments of each dossier that was paid for or acted on since they were weighed; how many dossiers."""
    done, after = 0, UUID(int=0)
    while True:
        rows = await desk.pool.fetch(TO_WEIGH, after, BATCH)
        if not rows:
            return done
        ids = [UUID(int=row["dossier_id"].int) for row in rows]
        known = await queue_rows.find_for_command(desk.pool, ids, "", local_day(desk.clock()))
        histories = await desk.store.load_many(ids)
        weighed = {
            i: weigh(fold(known[i].filing, map(event_of, histories.get(i, ())), known[i].heard)) for i in ids
        }
        lines = [
            (i, w.payment.sequence, w.use, w.to_refund) for i, all_of_it in weighed.items() for w in all_of_it
        ]
        versions = [len(histories.get(i, ())) for i in ids]
        columns = [list(column) for column in zip(*lines, strict=True)] or [[], [], [], []]
        await desk.pool.execute(KEEP, ids, versions, [len(weighed[i]) for i in ids], *columns)
        done, after = done + len(ids), ids[-1]


async def refunds(pool: Any, office: str, units: list[str], after: tuple[UUID, int], limit: int) -> list[Any]:
    """What is to be given back, of the office and the units that the caller serves; of what was acted on just now, after the next sweep.

    Guarantee: nothing is listed that an act has used since. Test: test_an_act_has_its_payments_weighed_again.
    """
    return list(await pool.fetch(REFUNDS, office, units, *after, limit))
