"""A real Apache Kafka of our own, of one node or three, with the topics and rights that contracts/topics declares.

Promises passwords and ACLs for every client, data that survives kill -9, and after `wipe` an empty cluster under an id
never used before.
"""

import base64
import secrets
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.local.kafka.files import Report, classpath
from deploy.local.kafka.node import Node, Ports, in_step_copies
from deploy.local.kafka.topics import create_topic, delete_topics, provision, set_passwords
from deploy.local.keys import USERS as USERS
from deploy.local.process import Failed

START_SECONDS = 60.0
STOP_SECONDS = 10.0


def new_cluster_id() -> str:
    """As Kafka makes its own: 22 characters that do not begin like an option."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        if not text.startswith("-"):
            return text


class Kafka:
    def __init__(
        self,
        home: Path,
        ports: Sequence[Ports],
        passwords: Mapping[str, str],
        *,
        settings: Mapping[str, str] | None = None,
        report: Report = lambda line: None,
        earlier: str = "",
    ) -> None:
        """One node for each pair of ports. `passwords`: of each of USERS. `settings`: beside the nodes' own.

        `earlier`: another password that the admin may still have, when a change of passwords was cut short; provision() ends it.
        """
        # Kept nowhere: only these nodes, while they run, speak with one another.
        between = secrets.token_hex(32)
        self.nodes = [Node(index, ports, home, between, settings) for index in range(len(ports))]
        self.passwords = dict(passwords)
        self._admins = [word for word in (self.passwords["admin"], earlier) if word]
        """Passwords that the admin may have, the one that was right last first."""
        self._home = home
        self._report = report

    @property
    def bootstrap(self) -> str:
        return ",".join(f"127.0.0.1:{node.ports.client}" for node in self.nodes)

    @property
    def pid(self) -> int:
        return self.nodes[0].pid

    @property
    def running(self) -> bool:
        return all(node.running for node in self.nodes)

    @property
    def cluster_id(self) -> str:
        return self._cluster_id_file.read_text(encoding="ascii").strip()

    @property
    def _cluster_id_file(self) -> Path:
        return self._home / "kafka-cluster-id"

    def client(self, user: str) -> dict[str, str | int | float | bool]:
        """What a librdkafka client needs to come in as `user`."""
        return {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "SCRAM-SHA-256",
            "sasl.username": user,
            "sasl.password": self.passwords[user],
            "log_level": 0,
        }

    def admin(self) -> AdminClient:
        return AdminClient(self._admin_options)

    @property
    def _admin_options(self) -> dict[str, str | int | float | bool]:
        return {**self.client("admin"), "sasl.password": self._admins[0]}

    def start(self) -> None:
        """Start every node that does not run, wait until all answer, and provision topics and rights."""
        self.launch()
        self.provision()

    def launch(self) -> None:
        """Start every node that does not run, on storage formatted the first time; do not wait."""
        if not self._cluster_id_file.exists():
            self._home.mkdir(parents=True, exist_ok=True)
            self._cluster_id_file.write_text(new_cluster_id(), encoding="ascii")
        stopped = [node for node in self.nodes if not node.running]
        self._format(node for node in stopped if not node.formatted)
        for node in stopped:
            self.start_node(node)

    def provision(self) -> None:
        """Wait until all nodes answer, then add the topics and rights that are missing."""
        self.wait()
        if len(self._admins) > 1:
            self.set_passwords(self.passwords)
        provision(self.admin(), self.replication, in_step_copies(len(self.nodes)))

    def start_node(self, node: Node) -> None:
        """Start one node (again), on its data; wait() waits until it answers."""
        node.start(classpath(self._report), self.passwords)

    def set_passwords(self, passwords: Mapping[str, str]) -> None:
        """Other passwords of some users. The brokers' own is in force once they are started again. Repeatable."""
        self._admins += [word for user, word in passwords.items() if user == "admin"]
        self.wait()
        set_passwords(self.admin(), passwords)
        self.passwords |= passwords
        if "admin" in passwords:
            self._admins = [self.passwords["admin"]]

    def _format(self, nodes: Iterable[Node]) -> None:
        jars = classpath(self._report)
        with ThreadPoolExecutor(len(self.nodes)) as threads:
            for done in [
                threads.submit(node.format, jars, self.passwords, self.cluster_id) for node in nodes
            ]:
                self._report("formatting Kafka's storage")
                done.result()

    @property
    def replication(self) -> int:
        return min(3, len(self.nodes))

    def wait(self, timeout_seconds: float = START_SECONDS) -> None:
        """Until every running node is part of the cluster and takes clients itself."""
        deadline = time.monotonic() + timeout_seconds
        for node in [node for node in self.nodes if node.running]:
            while not self._answers(node):
                if not node.running:
                    raise Failed(f"{node.process.name} does not start:\n{node.process.last_lines()}")
                if time.monotonic() > deadline:
                    raise Failed(
                        f"{node.process.name} does not answer on port {node.ports.client}; see {node.process.log}"
                    )
                time.sleep(0.1)

    def _answers(self, node: Node) -> bool:
        own = {**self._admin_options, "bootstrap.servers": f"127.0.0.1:{node.ports.client}"}
        try:
            return node.id in AdminClient(own).list_topics(timeout=2).brokers
        except KafkaException:
            # The next time with another one, if there is one: the client does not say that it was the password.
            self._admins.append(self._admins.pop(0))
            return False

    def stop(self) -> None:
        # All at once: one by one, the last would wait for a majority of controllers that is gone.
        for node in self.nodes:
            node.process.ask_to_stop()
        for node in self.nodes:
            node.process.stop(STOP_SECONDS)

    def kill(self) -> None:
        for node in self.nodes:
            node.kill()

    def pause(self) -> None:
        for node in self.nodes:
            node.pause()

    def resume(self) -> None:
        for node in self.nodes:
            node.resume()

    def wipe(self) -> None:
        """Lose everything: the cluster that comes back is empty, provisioned, and has another id."""
        for node in self.nodes:
            node.delete()
        self._cluster_id_file.unlink()
        self.start()

    def empty(self) -> None:
        """Delete every topic and provision again: quicker than wipe, and the cluster's id stays."""
        admin = self.admin()
        delete_topics(admin)
        provision(admin, self.replication, in_step_copies(len(self.nodes)))

    def create_topic(self, name: str, partitions: int = 1, config: Mapping[str, str] | None = None) -> None:
        """One more topic, for a test; every service may write and read it."""
        create_topic(self.admin(), name, partitions, self.replication, config or {})
