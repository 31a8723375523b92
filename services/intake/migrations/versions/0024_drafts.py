"""Drafts: what somebody typed of a filing so far, and the files that came with it."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0024_drafts.sql"))
