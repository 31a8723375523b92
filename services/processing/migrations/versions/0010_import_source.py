"""A dossier of processing's knows which import brought it."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0010"
down_revision = "0008"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0010_import_source.sql"))
