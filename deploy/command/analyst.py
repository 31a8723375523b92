"""`motcua analyst`: how an analyst reaches the topics of a run. Names the place of the password, never the password."""

from collections.abc import Callable

from contracts.topics import ANALYST, GROUP_PREFIX, TOPICS
from deploy.local.home import Home


def tell(home: Home, say: Callable[[str], None]) -> int:
    """Says it, a line each; the guide is docs/analysts.md."""
    topics = [topic.name for topic in TOPICS if ANALYST in topic.readers]
    lines = {
        "address": f"127.0.0.1:{home.port('kafka')}",
        "user": ANALYST,
        "password": f"{home.path.resolve() / 'secrets.json'}, kafka.{ANALYST}",
        "log-in": "SASL_PLAINTEXT, SCRAM-SHA-256",
        "groups": f"{GROUP_PREFIX}{ANALYST}…",
        "topics": " ".join(topics),
        "schemas": "contracts/schemas, contracts/asyncapi.json",
        "clients": "confluent-kafka and kcat on librdkafka 2.6.1 or later, aiokafka, Java; not kcat of Debian 12",
        "guide": "docs/analysts.md",
    }
    for name, told in lines.items():
        say(f"{name:<10}{told}")
    return 0
