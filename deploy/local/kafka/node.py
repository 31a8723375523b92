"""One Apache Kafka process, broker and controller in one: its settings, its storage, its life.

Clients come in with SASL/SCRAM over loopback and may do what ACLs allow; the controllers talk among themselves, with a
secret of their own.

Guarantee: whoever does not hold that secret gets nothing from the controllers' port.
Test: test_a_stranger_gets_nothing_from_the_controllers_port.
"""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.kafka.files import java
from deploy.local.process import Failed, Process

LOGGING = Path(__file__).with_name("log4j2.properties")
HEAP = ("-Xms96m", "-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")
FORMAT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Ports:
    client: int
    controller: int


class Node:
    """`ports`: of every node of the cluster, this one's at `index`. `controllers_secret`: of every node, too."""

    def __init__(
        self,
        index: int,
        ports: Sequence[Ports],
        home: Path,
        controllers_secret: str,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.id = index + 1
        self.ports = ports[index]
        name = "kafka" if len(ports) == 1 else f"kafka-{self.id}"
        self.folder = home / name
        self.process = Process(name, home=home)
        self._ports = ports
        self._controllers_secret = controllers_secret
        self._settings = settings or {}

    @property
    def formatted(self) -> bool:
        return (self.folder / "data" / "meta.properties").exists()

    @property
    def running(self) -> bool:
        return self.process.running

    @property
    def pid(self) -> int:
        return self.process.pid

    def start(self, classpath: str, passwords: Mapping[str, str]) -> None:
        """Start it, on formatted storage; it answers some seconds later."""
        self._write_settings(passwords)
        self.process.start(self._java(classpath, "kafka.Kafka", str(self.folder / "server.properties")))

    def stop(self) -> None:
        self.process.stop()

    def kill(self) -> None:
        self.process.kill()

    def pause(self) -> None:
        self.process.pause()

    def resume(self) -> None:
        self.process.resume()

    def delete(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _java(self, classpath: str, *program: str) -> list[str]:
        return [java(), *HEAP, f"-Dlog4j2.configurationFile={LOGGING}", "-cp", classpath, *program]

    def format(self, classpath: str, passwords: Mapping[str, str], cluster_id: str) -> None:
        """Prepare its storage, once, as a part of that cluster."""
        self._write_settings(passwords)
        words = ["-Xshare:auto", "-XX:TieredStopAtLevel=1", f"-Dlog4j2.configurationFile={LOGGING}"]
        words += ["-cp", classpath, "kafka.tools.StorageTool", "format", "-t", cluster_id]
        words += ["-c", str(self.folder / "server.properties")]
        for user, password in passwords.items():
            words += ["--add-scram", f"SCRAM-SHA-256=[name={user},password={password}]"]
        # From a file that only we can read: a command line is seen by everybody on the machine.
        arguments = self._write("format.arguments", "\n".join(f'"{word}"' for word in words))
        done = subprocess.run(
            [java(), f"@{arguments}"], capture_output=True, text=True, timeout=FORMAT_SECONDS, check=False
        )
        arguments.unlink()
        if done.returncode != 0:
            raise Failed(f"Kafka's storage cannot be formatted:\n{done.stdout}{done.stderr}")

    def _write_settings(self, passwords: Mapping[str, str]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write(
            "server.properties", "".join(f"{k}={v}\n" for k, v in self._properties(passwords).items())
        )

    def _write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        return path

    def _properties(self, passwords: Mapping[str, str]) -> dict[str, str]:
        copies = str(min(3, len(self._ports)))
        in_step = str(in_step_copies(len(self._ports)))
        here = "127.0.0.1"
        listener = f"CLIENT://{here}:{self.ports.client}"
        scram = "org.apache.kafka.common.security.scram.ScramLoginModule"
        plain = "org.apache.kafka.common.security.plain.PlainLoginModule"
        secret = self._controllers_secret
        return {
            "node.id": str(self.id),
            "process.roles": "broker,controller",
            "controller.quorum.voters": ",".join(
                f"{number}@{here}:{ports.controller}" for number, ports in enumerate(self._ports, 1)
            ),
            "listeners": f"{listener},CONTROLLER://{here}:{self.ports.controller}",
            "advertised.listeners": listener,
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "CLIENT",
            "listener.security.protocol.map": "CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
            "sasl.enabled.mechanisms": "SCRAM-SHA-256",
            "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-256",
            "listener.name.client.scram-sha-256.sasl.jaas.config": (
                f'{scram} required username="broker" password="{passwords["broker"]}";'
            ),
            # PLAIN: SCRAM's passwords stand in the log of metadata, which controllers can read only once they have come in.
            "sasl.mechanism.controller.protocol": "PLAIN",
            "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.controller.plain.sasl.jaas.config": (
                f'{plain} required username="controller" password="{secret}" user_controller="{secret}";'
            ),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:admin;User:broker;User:controller",
            "log.dirs": str(self.folder / "data"),
            "auto.create.topics.enable": "false",
            "unclean.leader.election.enable": "false",
            "default.replication.factor": copies,
            "min.insync.replicas": in_step,
            "offsets.topic.replication.factor": copies,
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": in_step,
            "transaction.state.log.num.partitions": "4",
            "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": in_step,
            "share.coordinator.state.topic.num.partitions": "4",
            "group.initial.rebalance.delay.ms": "0",
            # A killed broker is let in again only when its old session is over.
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
            "num.network.threads": "2",
            "num.io.threads": "4",
            **self._settings,
        }


def in_step_copies(brokers: int) -> int:
    """How many replicas must have a record before it is acknowledged."""
    return 2 if brokers >= 3 else 1
