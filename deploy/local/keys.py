"""The secrets of one embedded run: made once, by chance, readable by their owner alone."""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from contracts.topics import ANALYST, SERVICES
from deploy.local.process import Failed

PENDING = "secrets.next.json"
"""A change of secrets that is not over; rotation.py says what it means."""
SUPERUSER = "postgres"
ROLES = (*(role for service in SERVICES for role in (service, f"{service}_owner")), ANALYST)
LATER = {"payment_secret": 32, "grafana_password": 16}
USERS = (*SERVICES, ANALYST, "admin", "broker")


@dataclass(frozen=True, slots=True)
class Secrets:
    """Passwords by PostgreSQL role and by Kafka user, and the keys that services share."""

    postgres: Mapping[str, str]
    kafka: Mapping[str, str]
    hmac_key: str
    code_key: str
    payment_secret: str
    grafana_password: str


def secrets_of(home: Path) -> Secrets:
    path = home / "secrets.json"
    if not path.exists():
        made = {
            "postgres": {role: secrets.token_hex(16) for role in (*ROLES, SUPERUSER)},
            "kafka": {user: secrets.token_hex(16) for user in USERS},
            "hmac_key": secrets.token_hex(32),
            "code_key": secrets.token_hex(64),
            "payment_secret": secrets.token_hex(32),
            "grafana_password": secrets.token_hex(16),
        }
        write_private(path, json.dumps(made, indent=1))
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if "code_key" in kept and (
            (missing := LATER.keys() - kept.keys()) or ANALYST not in kept["postgres"]
        ):
            # A home of a release that did not know them yet.
            kept |= {name: secrets.token_hex(LATER[name]) for name in sorted(missing)}
            kept["postgres"].setdefault(ANALYST, secrets.token_hex(16))
            write_private(path, json.dumps(kept, indent=1))
        return Secrets(**kept)
    except (ValueError, TypeError, KeyError):
        raise Failed(f"{path} is damaged; without it nobody can enter the databases of {home}") from None


def receipts_key(secrets: Secrets) -> str:
    """What ends the address at which providers of text messages call back. It follows from a password, and changes with it."""
    return hashlib.sha256(f"receipts {secrets.postgres['notify']}".encode()).hexdigest()


def key_id(key: str) -> str:
    """What a key is called where people read it; it follows from the key and does not lead back to it."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]


def write_private(path: Path, text: str, *, only_new: bool = False) -> None:
    """Whole or not at all, also when the power goes, and readable by its owner alone from the first byte on.

    With `only_new`, FileExistsError when it is there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        if only_new:
            os.link(draft, path)
        else:
            os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
