"""Functions and types that the program calls bear a version; a change of contact has a number of its own."""

from pathlib import Path

from services.chassis.log.migrations import chassis_sql, run_sql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run_sql(chassis_sql("append_v2"))
    run_sql(Path(__file__).with_name("0006_versions.sql"))
