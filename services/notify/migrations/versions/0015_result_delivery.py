"""Notices say how the result is wanted."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0015_result_delivery.sql"))
