"""Who has read the person behind a dossier can be looked up by its office."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0008_people_reads.sql"))
