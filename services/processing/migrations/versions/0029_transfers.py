"""The transfers of a month are found without reading the log."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0029_transfers.sql"))
