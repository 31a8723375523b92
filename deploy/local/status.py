"""`motcua status` and `motcua down`: looks at a run, and ends one, from outside."""

import json
import os
import re
import signal
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from contracts.topics import SERVICES
from deploy.local import loading
from deploy.local.home import SMS, Home
from deploy.local.keys import PENDING, SUPERUSER, secrets_of
from deploy.local.process import Identity

ORDER = ("postgres", "kafka", "mail", *SMS, "provider", *SERVICES, "officers")
READY_TIMEOUT_SECONDS = 2.0
# Longer than all bounded waits of a supervisor that stops.
DOWN_SECONDS = 90.0

_PASSWORD = re.compile(r"(//[^:/@]*):[^@]*@")

# Never by way of a proxy that the environment names.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def status(home: Home, *, with_passwords: bool = False) -> dict[str, Any]:
    """Which processes live, which services are ready, whether any lacks messages; `ready` when all are. `going_on`: what is not over yet.

    The database's address names no password unasked.
    """
    pids = {name: _pid(home, name) for name in (*SERVICES, "kafka", "postgres", "supervisor")}
    with ThreadPoolExecutor(len(SERVICES)) as threads:
        answers = threads.map(lambda service: pids[service] and readiness(home, service), SERVICES)
        told = {name: answer or (False, {}) for name, answer in zip(SERVICES, answers, strict=True)}
    load = loading.told(home) if pids["supervisor"] is not None else None
    going_on = [f"the demonstration is {load}"] if load and load.state != "loaded" else []
    if (home.path / PENDING).exists():
        going_on.append("secrets are being changed")
    return {
        "ready": all(ready for ready, _ in told.values())
        and pids["kafka"] is not None
        and pids["supervisor"] is not None,
        "services": {
            service: {
                "url": home.url(service),
                "pid": pids[service],
                "ready": told[service][0],
                "reconciliation": told[service][1].get("reconciliation", "unknown"),
            }
            for service in SERVICES
        },
        "kafka": {"bootstrap": f"127.0.0.1:{home.port('kafka')}", "pid": pids["kafka"]},
        "postgres": {"dsn": _dsn(home, with_passwords), "pid": pids["postgres"]},
        "supervisor": {"pid": pids["supervisor"]},
        "demonstration": asdict(load) if load else None,
        "going_on": going_on,
        "mail": str(home.mail),
        "messages": str(home.messages),
        "home": str(home.path),
    }


def down(home: Home) -> list[str]:
    """Ends the run of this home and what a killed supervisor left; says what it did."""
    said = []
    if supervisor := Identity.read(home.run / "supervisor.pid"):
        gentle = supervisor.end(signal.SIGTERM, DOWN_SECONDS)
        said.append(
            "stopped" if gentle else f"the supervisor did not stop within {DOWN_SECONDS:.0f} s: killed"
        )
    if ended := end_left_overs(home):
        said.append(f"ended what was left running: {', '.join(ended)}")
    return said or ["nothing was running"]


def is_ready(home: Home, service: str) -> bool:
    return readiness(home, service)[0]


def readiness(home: Home, service: str) -> tuple[bool, dict[str, str]]:
    """Whether a service is ready, and what it says of its parts. Of a run that just began, its readers have to move too."""
    try:
        with _DIRECT.open(f"{home.url(service)}/readyz", timeout=READY_TIMEOUT_SECONDS) as answer:
            parts = json.load(answer)
            return answer.status == 200 and "not moving" not in parts.values(), parts
    except (OSError, ValueError):
        return False, {}


def end_left_overs(home: Home) -> list[str]:
    """What a supervisor that was killed has left running, ended in reverse order; their names."""
    ended = []
    for name in reversed(ORDER):
        path = home.run / f"{name}.pid"
        if found := Identity.read(path):
            found.end(signal.SIGINT if name == "postgres" else signal.SIGTERM)
            ended.append(name)
        path.unlink(missing_ok=True)
    return ended


def _pid(home: Home, name: str) -> int | None:
    found = Identity.read(home.run / f"{name}.pid")
    return found.pid if found else None


def _dsn(home: Home, with_password: bool) -> str | None:
    """The superuser's."""
    if given := os.environ.get("MOTCUA_POSTGRES_DSN"):
        return given if with_password else _PASSWORD.sub(r"\1@", given)
    if not (home.path / "secrets.json").exists():
        return None
    secret = f":{secrets_of(home.path).postgres[SUPERUSER]}" if with_password else ""
    return f"postgresql://{SUPERUSER}{secret}@127.0.0.1:{home.port('postgres')}/postgres"
