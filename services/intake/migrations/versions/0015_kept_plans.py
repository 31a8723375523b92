"""What each append asks of the database keeps its plan."""

from pathlib import Path

from services.chassis.log.migrations import chassis_sql, run_sql

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    run_sql(chassis_sql("kept_plans"))
    run_sql(Path(__file__).with_name("0015_kept_plans.sql"))
