"""Dossiers by what they are counted as, and from when to when: the first page behind a number costs the same after ten years."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    run_sql(Path(__file__).with_suffix(".sql"))
