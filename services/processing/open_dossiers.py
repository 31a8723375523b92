"""How many dossiers are open, by office and procedure, and how they stand: what dashboards are cut by. Reads alone."""

from __future__ import annotations

import asyncio
from collections import Counter

from contracts.catalogue.shipped import PROCEDURES
from services.processing import metrics
from services.processing.clock.working_days import local_day
from services.processing.desk.carry_out import Desk

EVERY_SECONDS = 60.0
OTHER = "other"
# As the index dossiers_open says it: it has no dossier that has ended.
COUNT = """
SELECT office, procedure,
       CASE WHEN own_status = 'submitted' THEN 'waiting' WHEN due_on < $1 THEN 'overdue' ELSE 'in_time' END AS standing,
       count(*) AS dossiers
FROM dossiers
WHERE own_status IN ('submitted', 'accepted', 'in_processing', 'supplement_requested', 'payment_requested')
GROUP BY office, procedure, standing
"""


async def measure(desk: Desk) -> None:
    """Sets the gauge anew.

    Guarantee: its labels are offices of the register and procedures of the catalogue, whatever an import brought.
    Test: test_open_dossiers_are_measured_by_office_and_procedure.
    """
    found: Counter[tuple[str, str, str]] = Counter()
    for row in await desk.pool.fetch(COUNT, local_day(desk.clock())):
        office = row["office"] if desk.offices.knows(row["office"]) else OTHER
        procedure = row["procedure"] if row["procedure"] in PROCEDURES else OTHER
        found[office, procedure, row["standing"]] += row["dossiers"]
    metrics.OPEN.clear()
    for labels, dossiers in found.items():
        metrics.OPEN.labels(*labels).set(dossiers)


async def run(desk: Desk) -> None:
    """Again and again, for ever."""
    while True:
        await measure(desk)
        await asyncio.sleep(EVERY_SECONDS)
