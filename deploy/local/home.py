"""One embedded run: its folder and its ports. Two homes with other port bases never meet."""

import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.process import Failed

OFFSETS = {
    "intake": 1,
    "processing": 2,
    "notify": 3,
    "reporting": 4,
    "postgres": 5,
    "kafka": 6,
    "mail": 7,
    "provider": 8,
    "kafka-controller": 9,
    "sms": 11,
    "sms-second": 12,
    "returns": 13,
}
SMS = ("sms", "sms-second")
"""The stand-ins for two providers of text messages."""
OTHERS = ("kafka", "postgres", "mail", *SMS, "provider", "officers", "motcua")
"""What has a log beside the services."""
VARIABLES = {
    "MOTCUA_HOME": "The folder of the run: data, secrets, logs; `.local` by default.",
    "MOTCUA_PORT_BASE": "The number below its ports; 8000 by default, and what it was when it ran before.",
    "MOTCUA_POSTGRES_DSN": "A superuser's address of a PostgreSQL to use in the place of an own one.",
    "MOTCUA_POSTGRES_BIN": "The folder of PostgreSQL's programs, in the place of those that are found.",
}
DEFAULT_BASE = 8000
LARGEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Home:
    path: Path
    base: int

    @classmethod
    def from_environment(cls) -> "Home":
        """MOTCUA_HOME and MOTCUA_PORT_BASE; a home that has run before remembers its base."""
        path = Path(os.environ.get("MOTCUA_HOME") or ".local").resolve()
        given = os.environ.get("MOTCUA_PORT_BASE", "")
        if given and not given.isdigit():
            raise Failed(f"MOTCUA_PORT_BASE must be a number, not {given!r}")
        base = int(given) if given else int(_read(path / "run" / "run.json").get("base", DEFAULT_BASE))
        if not 1024 <= base <= LARGEST_PORT - max(OFFSETS.values()):
            raise Failed(f"MOTCUA_PORT_BASE must be between 1024 and {LARGEST_PORT - max(OFFSETS.values())}")
        return cls(path, base)

    def port(self, part: str) -> int:
        return self.base + OFFSETS[part]

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.port(service)}"

    @property
    def mail(self) -> Path:
        return self.path / "mail"

    @property
    def sandbox(self) -> Path:
        """The seconds by which a sandbox's clock is ahead; there in a sandbox alone."""
        return self.path / "sandbox-clock"

    @property
    def messages(self) -> Path:
        return self.path / "messages"

    @property
    def run(self) -> Path:
        return self.path / "run"

    def remember(self) -> None:
        """Write down the base, so that `motcua status` finds the run without being told."""
        self.run.mkdir(parents=True, exist_ok=True)
        (self.run / "run.json").write_text(json.dumps({"base": self.base}), encoding="utf-8")

    def refuse_ports_in_use(self) -> None:
        """Failed, naming each port that another program listens on."""
        taken = []
        for part in OFFSETS:
            with socket.socket() as probe:
                # As the servers do: a port whose last connections are still dying away is free.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", self.port(part)))
                except OSError:
                    taken.append(f"{self.port(part)} ({part})")
        if taken:
            raise Failed(
                f"in use by another program: port {', '.join(taken)}. Another base, for example "
                f"MOTCUA_PORT_BASE={self.base + 1000}, moves all ports."
            )


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        raise Failed(f"{path} is damaged") from None
    return found if isinstance(found, dict) else {}
