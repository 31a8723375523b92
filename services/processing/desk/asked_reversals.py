"""Which dossiers somebody asked to reverse an act of, and what of it waits for another supervisor: the log says that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.processing.dossier.events import EVENTS
from services.processing.dossier.history import REVERSIBLE
from services.processing.dossier.reversal_events import DossierReversed, ReversalProposed

KEEP = "INSERT INTO reversals_asked (dossier_id) VALUES ($1) ON CONFLICT DO NOTHING"
# Of what could end a proposal, the last event must be the proposal itself.
_ENDING = [EVENTS.stored_as(kind)[0] for kind in (ReversalProposed, DossierReversed, *REVERSIBLE)]
WAITING = """
SELECT a.dossier_id, d.version, e.occurred_at, e.data, d.office, d.accepted_at, d.number
FROM reversals_asked a JOIN dossiers d ON d.dossier_id = a.dossier_id
CROSS JOIN LATERAL (
    SELECT e.type, e.occurred_at, e.data FROM events e
    WHERE e.stream_id = a.dossier_id AND e.type = ANY($1::text[]) ORDER BY e.version DESC LIMIT 1
) e
WHERE a.dossier_id > $3 AND coalesce(d.unit, d.office) = ANY($2::text[]) AND e.type = 'ReversalProposed'
ORDER BY a.dossier_id LIMIT $4
"""


async def keep(pool: Any, dossier_id: UUID) -> None:
    """Before anything is decided, so that a crash loses no proposal: one that was not made is in no log, and is not shown."""
    await pool.execute(KEEP, dossier_id)


async def waiting(pool: Any, units: Sequence[str], after: UUID, limit: int) -> list[Any]:
    """What waits in these units, by dossier."""
    return list(await pool.fetch(WAITING, _ENDING, units, after, limit))
