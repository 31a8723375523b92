"""What each append asks of the database keeps its plan; who has no address needs no claim."""

from pathlib import Path

from services.chassis.log.migrations import chassis_sql, run_sql

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    run_sql(chassis_sql("kept_plans"))
    run_sql(Path(__file__).with_name("0013_kept_plans.sql"))
