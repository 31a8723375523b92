"""The access log of people is kept for years, not for ever."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0011_kept_reads.sql"))
