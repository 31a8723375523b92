"""Which made-up sources are among the dossiers, so that pages and exports say so."""

from pathlib import Path

from services.chassis.log.migrations import run_sql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run_sql(Path(__file__).with_suffix(".sql"))
