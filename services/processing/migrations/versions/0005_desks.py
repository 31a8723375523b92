"""Each dossier stands at one desk, in the order of what hurts first, and each desk knows how many it has."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0005_desks.sql"))
