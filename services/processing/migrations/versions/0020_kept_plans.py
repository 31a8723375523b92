"""What each append asks of the database keeps its plan."""

from services.chassis.log.migrations import chassis_sql, run_sql

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    run_sql(chassis_sql("kept_plans"))
