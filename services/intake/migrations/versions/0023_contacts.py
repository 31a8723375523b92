"""Applicants can be reached elsewhere than when they filed."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0023_contacts.sql"))
