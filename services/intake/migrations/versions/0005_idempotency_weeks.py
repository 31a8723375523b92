"""Weeks of idempotency keys come and go without the head of the log."""

from services.chassis.log.migrations import chassis_sql, run_sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_sql(chassis_sql("idempotency_weeks"))
