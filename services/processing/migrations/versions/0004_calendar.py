"""Processing counts due dates again after the calendar was changed."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0004_calendar.sql"))
