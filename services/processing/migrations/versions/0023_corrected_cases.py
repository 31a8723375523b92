"""The import that brought a case may tell its office otherwise, and what the applicant did."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0023_corrected_cases.sql"))
