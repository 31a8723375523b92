"""The queue knows what each running due date follows from, so that a changed calendar moves them clock by clock."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0007_clocks.sql"))
