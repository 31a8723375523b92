"""People are told by text message, too."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    run_sql(Path(__file__).with_name("0020_messages.sql"))
