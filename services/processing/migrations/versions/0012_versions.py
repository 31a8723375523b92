"""Functions and types that the program calls bear a version."""

from pathlib import Path

from services.chassis.log.migrations import chassis_sql, run_sql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    run_sql(chassis_sql("append_v2"))
    run_sql(Path(__file__).with_name("0012_versions.sql"))
