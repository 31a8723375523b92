"""What officers say to applicants in words: as `contacts` tells it, and which letter says it."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0017_words.sql"))
