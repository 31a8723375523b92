"""The exact budgets as rows; tests/benchmarks/test_budgets.py holds the same limits in every test run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from deploy.local.postgres.run import SUPERUSER
from services.chassis.log.migrations import migrate
from services.chassis.process.settings import KafkaSettings
from tests.benchmarks import budgets
from tests.benchmarks.house import House
from tests.benchmarks.load import CLIENTS
from tests.benchmarks.measure import Spread
from tests.benchmarks.results import Row


async def measure(house: House, rounds: int, quick: bool) -> list[Row]:
    postgres = house.postgres("ours")
    with ThreadPoolExecutor(1) as threads:  # Alembic runs a loop of its own
        threads.submit(migrate, "intake", postgres.dsn("intake_owner")).result()
    dsn, admin_dsn = postgres.dsn("intake"), postgres.dsn(SUPERUSER, "postgres")
    count = 1_000 if quick else 4_000
    found = [
        await budgets.accept_budget(house.home, dsn, admin_dsn, count, seed=seed) for seed in range(rounds)
    ]
    kafka = KafkaSettings(house.kafka.bootstrap, "intake", house.kafka.passwords["intake"])
    backlog, requests = await budgets.produce_requests(dsn, kafka)
    per_dossier = f"{count:,} dossiers by {CLIENTS} clients, right after a checkpoint"

    def row(
        what: str, unit: str, figures: list[float], limit: float, stretch: float | None, note: str
    ) -> Row:
        return Row("budgets", what, unit, Spread(figures), None, limit, stretch, note=note)

    return [
        row(
            "WAL of the accept path", "bytes/dossier", [f.wal_bytes for f in found], 3_000, 2_400, per_dossier
        ),
        row(
            "WAL of the index of people, behind it",
            "bytes/dossier",
            [f.index_wal_bytes for f in found],
            2_400,
            None,
            per_dossier,
        ),
        row("commits of the accept path", "per dossier", [f.commits for f in found], 0.15, 0.08, per_dossier),
        row("round trips of a group commit", "per batch", [f.round_trips for f in found], 1.0, None, ""),
        row(
            "produce requests of a backlog",
            "per 1,000",
            [requests],
            16,
            None,
            f"{backlog:,} messages, events and contacts",
        ),
    ]
