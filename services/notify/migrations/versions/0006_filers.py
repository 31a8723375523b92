"""Notify knows the portal that filed a dossier: no other one reads its notices."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0006_filers.sql"))
