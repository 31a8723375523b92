"""The whole life of a dossier in the book: due dates, apologies, manners of ending, corrections. The book is read again from the topic."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0003_life.sql"))
