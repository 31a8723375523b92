"""Reports add up sums by span of business time and record time; the book as it stands is added up once."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run_sql(Path(__file__).with_suffix(".sql"))
