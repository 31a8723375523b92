"""What is held is counted as it moves."""

from services.chassis.log.migrations import chassis_sql, run_sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for name in ("held_counts",):
        run_sql(chassis_sql(name))
