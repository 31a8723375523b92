"""Failed notices can be sent again: a mail knows how often its notice has ended already."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("ALTER TABLE mails ADD COLUMN endings integer NOT NULL DEFAULT 0")
