"""Brings PostgreSQL to where the services can start: roles, databases, newest schemas. Run again, it adds what is missing.

Usage: python -m deploy.docker.databases FOLDER, where FOLDER holds every secret.
"""

import sys
from pathlib import Path

from contracts.topics import SERVICES
from deploy.docker.keys import superuser_dsn
from deploy.local.keys import secrets_of
from deploy.local.postgres.run import Postgres
from services.chassis.log.migrations import migrate


def main(folder: Path) -> None:
    secrets = secrets_of(folder)
    postgres = Postgres(folder, 0, secrets.postgres, dsn=superuser_dsn(secrets))
    postgres.start()
    for service in SERVICES:
        migrate(service, postgres.dsn(f"{service}_owner"))
        sys.stdout.write(f"{service}: newest schema\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
