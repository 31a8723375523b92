"""What accepting a dossier and publishing it may cost at most, in units that are the same on every machine.

The accept path alone, 32 submitters, right after a checkpoint; then the relay publishes what they left behind.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
import pytest_asyncio

from deploy.local.postgres.run import SUPERUSER, Postgres
from services.chassis.process.settings import KafkaSettings
from tests.benchmarks import budgets
from tests.conftest import NewDatabase
from tests.databases import Database

DOSSIERS = 1_500


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(module_database: NewDatabase) -> Database:
    return module_database("intake")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def accepted(
    database: Database, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> budgets.AcceptBudget:
    home: Path = tmp_path_factory.mktemp("budgets")
    admin_dsn = postgres.dsn(SUPERUSER, "postgres")
    return await budgets.accept_budget(home, database.dsn, admin_dsn, DOSSIERS)


async def test_a_dossier_costs_at_most_3000_bytes_of_wal(accepted: budgets.AcceptBudget) -> None:
    assert accepted.wal_bytes <= budgets.WAL_BYTES_MAX


async def test_the_index_of_people_costs_at_most_2400_bytes_of_wal(accepted: budgets.AcceptBudget) -> None:
    assert 0 < accepted.index_wal_bytes <= budgets.INDEX_WAL_BYTES_MAX


async def test_32_submitters_share_their_commits(accepted: budgets.AcceptBudget) -> None:
    assert accepted.commits <= budgets.COMMITS_MAX


async def test_a_group_commit_is_one_round_trip(accepted: budgets.AcceptBudget) -> None:
    assert accepted.batches > 0
    assert accepted.round_trips <= budgets.ROUND_TRIPS_MAX


async def test_a_backlog_is_published_in_few_requests(
    accepted: budgets.AcceptBudget, database: Database, kafka_as: Callable[[str], KafkaSettings]
) -> None:
    backlog, requests = await budgets.produce_requests(database.dsn, kafka_as("intake"))
    assert backlog >= 2 * DOSSIERS
    assert requests <= budgets.PRODUCE_REQUESTS_MAX
