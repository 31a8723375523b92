"""At which office a dossier was submitted is told anew by the import that brought it."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0016_corrected_offices.sql"))
