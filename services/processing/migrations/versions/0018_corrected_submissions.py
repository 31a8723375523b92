"""The submission that a dossier rests on is told anew by the import that brought it."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0018_corrected_submissions.sql"))
