"""What became true by itself is kept for years after its dossier has ended, not for ever."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0016_kept_facts.sql"))
