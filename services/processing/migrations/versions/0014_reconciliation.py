"""A reader marks which positions of the producers' logs it has, so that they can be compared with what was published."""

from services.chassis.log.migrations import chassis_sql, run_sql

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    run_sql(chassis_sql("reconciliation"))
