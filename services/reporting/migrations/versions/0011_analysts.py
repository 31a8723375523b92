"""What analysts read: views with the meaning of each column, and nothing beside them."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    run_sql(Path(__file__).with_suffix(".sql"))
