"""Notify knows the day of a submission: the papers of a dossier are those of the version in force then."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0002_submission_day.sql"))
