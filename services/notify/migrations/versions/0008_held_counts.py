"""What is held is counted as it moves; a log ahead of the clock takes nothing."""

from services.chassis.log.migrations import chassis_sql, run_sql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for name in ("log_clock", "held_counts"):
        run_sql(chassis_sql(name))
