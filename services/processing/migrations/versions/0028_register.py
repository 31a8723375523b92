"""A page of the register of dossiers is one stretch of an index."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0028_register.sql"))
