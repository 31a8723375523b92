"""Reports that were published are kept as they were told."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run_sql(Path(__file__).with_suffix(".sql"))
