"""A step of intake's history may leave the status as it was."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0002_steps.sql"))
