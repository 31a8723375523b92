"""Processing's first schema: the chassis' tables, then the queue of dossiers and the function that moves it with the log."""

from pathlib import Path

from services.chassis.log.migrations import chassis_sql, run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    for name in ("event_store", "idempotency_weeks", "relay", "consumer"):
        run_sql(chassis_sql(name))
    run_sql(Path(__file__).with_name("0001_processing.sql"))
