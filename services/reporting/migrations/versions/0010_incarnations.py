"""A log has incarnations, which readers keep and compare."""

from services.chassis.log.migrations import chassis_sql, run_sql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run_sql(chassis_sql("reader_logs"))
