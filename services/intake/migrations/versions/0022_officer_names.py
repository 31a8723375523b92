"""What officers are called, for who has a dossier to be told by name."""

from services.chassis.log.migrations import chassis_sql, run_sql

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    run_sql(chassis_sql("officer_names"))
