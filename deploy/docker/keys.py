"""Makes the secrets of a compose run, once and by chance, and gives each container's volume its own and no others.

Usage: python -m deploy.docker.keys FOLDER [--new]. With `--new` each ring of keys has one more, written with before those that are
still read. In FOLDER: `all` (every secret, for the jobs that set up), `issuer` (the key that signs tokens), and a folder for each
container, with `secrets.env` or a password file. A volume is what keeps them apart.
"""

import argparse
import json
import shutil
from dataclasses import asdict
from pathlib import Path

from contracts.topics import SERVICES
from deploy.local.issuer import AUDIENCE, ISSUER, Issuer
from deploy.local.keys import SUPERUSER, Secrets, receipts_key, secrets_of, write_private
from deploy.local.rotation import with_new_keys

POSTGRES = "postgres:5432"
READABLE = 0o444


def main(folder: Path, *, new: bool = False) -> None:
    """Run again, it writes the same again; with `new`, each ring of keys has one more.

    Guarantee: what was written under an earlier key is still read. Test: test_a_new_key_stands_before_the_earlier_ones.
    """
    secrets = secrets_of(folder / "all")
    if new:
        secrets = with_new_keys(secrets)
        write_private(folder / "all" / "secrets.json", json.dumps(asdict(secrets), indent=1))
    issuer = Issuer(folder / "issuer")
    for service in SERVICES:
        _write(folder / service / "secrets.env", _environment(service, secrets))
        shutil.copyfile(issuer.jwks, folder / service / "jwks.json")
    _write(folder / "postgres" / "password", secrets.postgres[SUPERUSER])
    _write(folder / "grafana" / "password", secrets.grafana_password)


def superuser_dsn(secrets: Secrets) -> str:
    """As the superuser into PostgreSQL, for the job that makes roles and databases."""
    return f"postgresql://{SUPERUSER}:{secrets.postgres[SUPERUSER]}@{POSTGRES}/postgres"


def _environment(service: str, secrets: Secrets) -> str:
    settings = {
        "DATABASE_DSN": f"postgresql://{service}:{secrets.postgres[service]}@{POSTGRES}/{service}",
        "KAFKA_PASSWORD": secrets.kafka[service],
        "JWT_ISSUER": ISSUER,
        "JWT_AUDIENCE": AUDIENCE,
    }
    if service == "intake":
        settings |= {"HMAC_KEY": secrets.hmac_key, "PAYMENT_SECRET": secrets.payment_secret}
    if service == "notify":
        settings["SMS_CALLBACK_KEY"] = receipts_key(secrets)
    if service != "reporting":
        settings["CODE_KEY"] = secrets.code_key
    return "".join(f"MOTCUA_{name}='{value}'\n" for name, value in settings.items())


def _write(path: Path, text: str) -> None:
    """Readable by all in its container: each runs as a user of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(READABLE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m deploy.docker.keys")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--new", action="store_true", help="one more key in each ring")
    given = parser.parse_args()
    main(given.folder, new=given.new)
