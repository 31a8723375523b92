"""A dossier of processing's waits for supplements and payments, is withdrawn, held by an officer, and reversed."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0003_whole_life.sql"))
