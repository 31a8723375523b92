"""`motcua analyst`: how an analyst reaches the topics and the views of a run. Names the place of a password; it prints one only as part
of the database's address, when that is asked for.
"""

import argparse
from collections.abc import Callable

from contracts.topics import ANALYST, GROUP_PREFIX, TOPICS
from deploy.command.reach import dsn
from deploy.local.home import Home


def add_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", say: Callable[[str], None]
) -> None:
    parser = commands.add_parser("analyst", help="how an analyst reads the topics and the database")
    parser.add_argument("--dsn", action="store_true", help="the database's address alone, with its password")
    parser.set_defaults(run=lambda home, options: _dsn(home, say) if options.dsn else tell(home, say))


def _dsn(home: Home, say: Callable[[str], None]) -> int:
    say(dsn(home, "reporting", role=ANALYST))
    return 0


def tell(home: Home, say: Callable[[str], None]) -> int:
    """Says it, a line each; the guide is docs/analysts.md."""
    topics = [topic.name for topic in TOPICS if ANALYST in topic.readers]
    secrets = home.path.resolve() / "secrets.json"
    lines = {
        "address": f"127.0.0.1:{home.port('kafka')}",
        "user": ANALYST,
        "password": f"{secrets}, kafka.{ANALYST}",
        "log-in": "SASL_PLAINTEXT, SCRAM-SHA-256",
        "groups": f"{GROUP_PREFIX}{ANALYST}…",
        "topics": " ".join(topics),
        "schemas": "contracts/schemas, contracts/asyncapi.json",
        "clients": "confluent-kafka and kcat on librdkafka 2.6.1 or later, aiokafka, Java; not kcat of Debian 12",
        "database": f"127.0.0.1:{home.port('postgres')}/reporting, role {ANALYST}, schema analysts; --dsn prints its address",
        "its word": f"{secrets}, postgres.{ANALYST}",
        "files": "motcua export events|entries|dossiers|ocel|xes|quality",
        "guide": "docs/analysts.md",
    }
    for name, told in lines.items():
        say(f"{name:<10}{told}")
    return 0
