"""Notify's first schema: the chassis' tables, then what it knows of dossiers and people, what it decided, and what is still to be done."""

from pathlib import Path

from services.chassis.log.migrations import chassis_sql, run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    for name in ("event_store", "idempotency_weeks", "relay", "consumer"):
        run_sql(chassis_sql(name))
    run_sql(Path(__file__).with_name("0001_notices.sql"))
