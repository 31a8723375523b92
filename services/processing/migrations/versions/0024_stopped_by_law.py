"""What the law stops is found by its procedure."""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX dossiers_by_procedure ON dossiers (office, procedure, dossier_id) WHERE own_status IN "
        "('accepted', 'in_processing', 'supplement_requested', 'payment_requested')"
    )
