"""Positions speak of one topic: one that was made again begins at 0."""

from services.chassis.log.migrations import chassis_sql, run_sql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run_sql(chassis_sql("topic_identity"))
