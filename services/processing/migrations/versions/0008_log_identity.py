"""A log that differs from what was published of it is closed: the refusal and its trigger; ids of topics."""

from services.chassis.log.migrations import chassis_sql, run_sql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for name in ("log_identity", "topic_identity"):
        run_sql(chassis_sql(name))
