"""Who is logged in at the pages is kept here."""

from services.chassis.log.migrations import chassis_sql, run_sql

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    run_sql(chassis_sql("sessions"))
