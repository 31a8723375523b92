"""Applicants choose what they are told, and portals tell what was read."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0022_choices.sql"))
