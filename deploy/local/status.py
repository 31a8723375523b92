"""`motcua status` and `motcua down`: looks at a run, and ends one, from outside."""

import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from contracts.topics import SERVICES
from deploy.local.home import Home
from deploy.local.parts import is_ready
from deploy.local.postgres import SUPERUSER, Postgres
from deploy.local.process import Identity
from deploy.local.supervisor import end_left_overs

# Longer than all bounded waits of a supervisor that stops.
DOWN_SECONDS = 90.0


def status(home: Home) -> dict[str, Any]:
    """Which processes live and which services are ready; `ready` when all are."""
    pids = {name: _pid(home, name) for name in (*SERVICES, "kafka", "postgres", "supervisor")}
    with ThreadPoolExecutor(len(SERVICES)) as threads:
        answers = threads.map(lambda service: pids[service] is not None and is_ready(home, service), SERVICES)
        ready = dict(zip(SERVICES, answers, strict=True))
    return {
        "ready": all(ready.values()) and pids["kafka"] is not None and pids["supervisor"] is not None,
        "services": {
            service: {"url": home.url(service), "pid": pids[service], "ready": ready[service]}
            for service in SERVICES
        },
        "kafka": {"bootstrap": f"127.0.0.1:{home.port('kafka')}", "pid": pids["kafka"]},
        "postgres": {"dsn": _dsn(home), "pid": pids["postgres"]},
        "supervisor": {"pid": pids["supervisor"]},
        "mail": str(home.mail),
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


def _pid(home: Home, name: str) -> int | None:
    found = Identity.read(home.run / f"{name}.pid")
    return found.pid if found else None


def _dsn(home: Home) -> str | None:
    """The superuser's, where the run has a server of its own."""
    if not (home.path / "secrets.json").exists():
        return None
    return Postgres(home.path, home.port("postgres"), home.secrets().postgres).dsn(SUPERUSER, "postgres")
