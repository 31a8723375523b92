"""The rows of the queue by which a sweep finds what has become true of one office's dossiers. It reads, and records nothing."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from contracts.catalogue import shipped as catalogue
from services.processing.calendar import recount_rows
from services.processing.clock.working_days import Calendar, local_day
from services.processing.dossier import becomes_true
from services.processing.dossier.becomes_true import Kind

Fact = tuple[UUID, date, datetime]
"""Of which dossier, by which day of it, true since when."""

_RUNNING = "('accepted', 'in_processing', 'supplement_requested', 'payment_requested')"
# Of one office ($1), what has become true up to a day ($2), of what was not recorded yet. The least first, from a place ($5, $6) on.
# One snapshot tells rows and `outstanding`: of two, a row of before a recount could go with the word that it has ended.
_DUE = f"""
SELECT d.dossier_id, d.due_on AS day, {recount_rows.IS_OUTSTANDING} AS outstanding FROM dossiers d
WHERE d.office = $1 AND d.due_on <= $2::date AND d.due_on IS NOT NULL AND d.own_status IN {_RUNNING} {{also}}
  AND (d.due_on, d.dossier_id) > ($5::date, $6::uuid)
  AND NOT EXISTS (SELECT FROM fired f WHERE f.dossier_id = d.dossier_id AND f.kind = $3 AND f.day = d.due_on)
ORDER BY d.due_on, d.dossier_id LIMIT $4
"""
_DEADLINE = f"""
SELECT d.dossier_id, d.deadline_on AS day, {recount_rows.IS_OUTSTANDING} AS outstanding FROM dossiers d
WHERE d.office = $1 AND d.deadline_on <= $2::date AND d.own_status = '{{status}}'
  AND (d.deadline_on, d.dossier_id) > ($5::date, $6::uuid)
  AND NOT EXISTS (
    SELECT FROM fired f WHERE f.dossier_id = d.dossier_id AND f.kind IN ($3, $3 || ':void') AND f.day = d.deadline_on
  )
ORDER BY d.deadline_on, d.dossier_id LIMIT $4
"""
CANDIDATES: dict[Kind, str] = {
    # As of the day of the abolition, and of the last act where somebody acted later than that. Told by its kind alone: what a
    # supervisor has reversed is not stopped again. OFFSET keeps it one stretch of an index for each procedure.
    # Guarantee: dossiers of other procedures cost it nothing. Test: test_what_the_law_stopped_is_found_by_its_procedure.
    "stopped_by_law": f"""
SELECT d.dossier_id, greatest(s.day, d.acted_on) AS day, false AS outstanding
FROM unnest($6::text[], $7::date[]) s(procedure, day), LATERAL (
    SELECT o.dossier_id, o.acted_on FROM dossiers o
    WHERE o.office = $1 AND o.procedure = s.procedure AND o.own_status IN {_RUNNING} OFFSET 0
) d
WHERE (greatest(s.day, d.acted_on), d.dossier_id) > ($4::date, $5::uuid)
  AND NOT EXISTS (SELECT FROM fired f WHERE f.dossier_id = d.dossier_id AND f.kind = $2)
ORDER BY 2, d.dossier_id LIMIT $3
""",
    "acceptance_overdue": f"""
SELECT d.dossier_id, d.intake_due_at, {recount_rows.IS_OUTSTANDING} AS outstanding FROM dossiers d
WHERE d.office = $1 AND d.intake_due_at < $2::timestamptz AND d.own_status = 'submitted'
  AND (d.intake_due_at, d.dossier_id) > ($5::timestamptz, $6::uuid)
  AND NOT EXISTS (
    SELECT FROM fired f WHERE f.dossier_id = d.dossier_id AND f.kind = $3
      AND f.day = (d.intake_due_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date
  )
ORDER BY d.intake_due_at, d.dossier_id LIMIT $4
""",
    "due_soon": _DUE.format(also=""),
    "due_today": _DUE.format(also=""),
    "overdue": _DUE.format(also=""),
    "apology_due": _DUE.format(also="AND NOT d.apologised"),
    "supplement_lapsed": _DEADLINE.format(status="supplement_requested"),
    "fee_lapsed": _DEADLINE.format(status="payment_requested"),
    "consent_deemed": f"""
SELECT d.dossier_id, d.answer_by AS day, {recount_rows.IS_OUTSTANDING} AS outstanding FROM dossiers d
WHERE d.office = $1 AND d.answer_by <= $2::date
  AND (d.answer_by, d.dossier_id) > ($5::date, $6::uuid)
  AND NOT EXISTS (SELECT FROM fired f WHERE f.dossier_id = d.dossier_id AND f.kind = $3 AND f.day = d.answer_by)
ORDER BY d.answer_by, d.dossier_id LIMIT $4
""",
}


async def find(
    pool: Any, kind: Kind, office: str, now: datetime, calendar: Calendar, after: Fact, limit: int
) -> tuple[list[Fact], bool]:
    """The next facts by the dates that dossiers have in the queue, and whether a recount may be about to move some of those."""
    dossier_id, day, at = after
    if kind == "acceptance_overdue":
        rows = await pool.fetch(CANDIDATES[kind], office, now, kind, limit, at, dossier_id)
        facts = [(r["dossier_id"], local_day(r["intake_due_at"]), r["intake_due_at"]) for r in rows]
        return facts, bool(rows) and rows[0]["outstanding"]
    if kind == "stopped_by_law":
        stops = catalogue.stopped_by(local_day(now))
        told = (office, kind, limit, day, dossier_id, list(stops), list(stops.values()))
        rows = await pool.fetch(CANDIDATES[kind], *told) if stops else []
    else:
        until = becomes_true.latest(kind, now, calendar)
        rows = await pool.fetch(CANDIDATES[kind], office, until, kind, limit, day, dossier_id)
    facts = [(r["dossier_id"], r["day"], becomes_true.true_at(kind, r["day"], calendar)) for r in rows]
    return facts, bool(rows) and rows[0]["outstanding"]
