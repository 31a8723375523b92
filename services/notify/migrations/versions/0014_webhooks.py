"""Portals are called when something happens to what they filed."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0014_webhooks.sql"))
