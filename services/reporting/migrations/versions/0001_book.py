"""Reporting's first schema: what it has of each topic, the dossiers as far as reports need them, the book and its sums."""

from pathlib import Path

from services.chassis.log.migrations import chassis_sql, run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_sql(chassis_sql("consumer"))
    run_sql(Path(__file__).with_name("0001_book.sql"))
