"""An e-mail whose contact has not come is looked at less and less often."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0010_waiting_mails.sql"))
