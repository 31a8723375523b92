"""Intake's first schema: the log, the relay, what it hears of processing, the people store, and the one function that submits."""

from pathlib import Path

from services.chassis.log.migrations import chassis_sql, run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    for part in ("event_store", "idempotency_weeks", "relay", "consumer"):
        run_sql(chassis_sql(part))
    run_sql(Path(__file__).with_name("0001_intake.sql"))
