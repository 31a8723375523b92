"""Telephone numbers kept before are written as E.164, as new ones are."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    for table, column in (("applicants", "phone"), ("filings", "owner_phone")):
        op.execute(
            f"UPDATE {table} SET {column} = '+84' || substr({column}, 2) WHERE {column} ~ '^0[35789][0-9]{{8}}$'"
        )
