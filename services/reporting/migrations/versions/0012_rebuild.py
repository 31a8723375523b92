"""The book can be made anew in a schema beside the live one, and the two exchanged."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    run_sql(Path(__file__).with_suffix(".sql"))
