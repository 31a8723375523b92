"""What officers say to applicants in words, beside what was filed and erased with it."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0018_words.sql"))
