"""A log's events are digested by the thousand: one that says something else since is found."""

from services.chassis.log.migrations import chassis_sql, run_sql

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    run_sql(chassis_sql("log_digests"))
