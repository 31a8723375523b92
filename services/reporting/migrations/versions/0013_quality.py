"""What is heard is kept act by act, and measured for the service-quality index."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    run_sql(Path(__file__).with_suffix(".sql"))
