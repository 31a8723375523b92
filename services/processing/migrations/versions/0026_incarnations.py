"""A log has incarnations, which readers keep and compare; weeks of keys are dropped without anybody waiting."""

from services.chassis.log.migrations import chassis_sql, run_sql

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    for name in ("log_incarnations", "reader_logs", "functions/keep_idempotency_weeks"):
        run_sql(chassis_sql(name))
