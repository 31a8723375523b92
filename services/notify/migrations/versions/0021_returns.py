"""What comes back of e-mails is heard, and addresses rest."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0021_returns.sql"))
