"""What a dossier was submitted as is told anew by the import that brought it."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0012_corrected_submissions.sql"))
