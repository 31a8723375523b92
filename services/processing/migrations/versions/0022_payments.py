"""What became of each payment, by which way it came, and what is to be given back."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0022_payments.sql"))
