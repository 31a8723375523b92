"""Brings Kafka to where the services can start: SCRAM users, topics, rights.

Run again, it sets the passwords anew and adds what is missing.

Usage: python -m deploy.docker.topics BOOTSTRAP FOLDER, where FOLDER holds every secret. BOOTSTRAP is the broker's loopback listener,
the only one without a password: this job shares the broker's network namespace, and nobody else can reach it.
"""

import sys
import time
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.local.kafka.topics import provision, set_passwords
from deploy.local.keys import secrets_of

PATIENCE_SECONDS = 60


def main(bootstrap: str, folder: Path) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    brokers = _brokers(admin)
    users = secrets_of(folder).kafka
    set_passwords(admin, users)
    provision(admin, replication=min(3, brokers), in_step=2 if brokers >= 3 else 1)
    sys.stdout.write(f"{len(users)} users, topics and rights\n")


def _brokers(admin: AdminClient) -> int:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return len(admin.list_topics(timeout=5).brokers)
        except KafkaException:
            if time.monotonic() > deadline:
                raise


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
