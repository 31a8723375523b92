"""What officers are called is told to the services that show it to applicants."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0027_officer_names.sql"))
