"""What officers are called, for who has a dossier to be told by name."""

from services.chassis.log.migrations import chassis_sql, run_sql

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    run_sql(chassis_sql("officer_names"))
