"""A portal lists its own dossiers, and those that have changed."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0014_own_dossiers.sql"))
