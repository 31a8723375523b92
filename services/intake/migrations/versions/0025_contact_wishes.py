"""By which of their addresses applicants want to be told."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0025_contact_wishes.sql"))
