"""Who is logged in at the pages is kept here."""

from services.chassis.log.migrations import chassis_sql, run_sql

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    run_sql(chassis_sql("sessions"))
