"""`motcua up` as the person at the terminal sees it: progress, the addresses, the demonstration, the end."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from threading import Thread

from deploy.local import demo
from deploy.local.doors import DoorFault, Doors, Progress
from deploy.local.home import Home
from deploy.local.importing_counts import CountsDiffer, CountsSilent, Reports
from deploy.local.issuer import Issuer
from deploy.local.process import Failed, Identity
from deploy.local.status import status
from deploy.local.supervisor import Leave, Supervisor

DETACHED_SECONDS = 600.0
SHOW_EVERY_CASES = 1000
DEMO_ATTEMPTS = 5

Say = Callable[[str], None]


def in_foreground(home: Home, *, with_demo: bool) -> int:
    """Runs until Ctrl-C."""
    began_at = time.monotonic()

    def say(line: str) -> None:
        _print(f"{time.monotonic() - began_at:6.1f} s  {line}")

    supervisor = Supervisor(home, say)
    try:
        with supervisor.running() as keep:
            say("ready")
            for line in addresses(home):
                _print(line)
            if with_demo:
                Thread(target=_load_demo, args=(home, supervisor.issuer, say), daemon=True).start()
            while True:
                keep()
    except Leave:
        say("stopped")
        return 0


def detached(home: Home, options: list[str]) -> int:
    """Starts the foreground command in the background and returns when all is ready."""
    home.run.mkdir(parents=True, exist_ok=True)
    log = home.path / "log" / "motcua.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        shown = output.tell()
        child = subprocess.Popen(
            [sys.executable, "-m", "deploy.local.command", "up", *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + DETACHED_SECONDS
    while True:
        ended = child.poll() is not None
        ready = (
            not ended
            and status(home)["ready"]
            and Identity.read(home.run / "supervisor.pid") == Identity.of(child.pid)
        )
        shown = _show_news(log, shown)
        if ready:
            _print(f"runs in the background as process {child.pid}; `motcua down` stops it, {log} is its log")
            return 0
        if ended:
            return child.returncode or 1
        if time.monotonic() > deadline:
            child.send_signal(signal.SIGTERM)
            raise Failed(f"not ready after {DETACHED_SECONDS:.0f} s; see {log}")
        time.sleep(0.2)


def addresses(home: Home) -> list[str]:
    """Where everything is."""
    rows = [
        ("công khai · public dashboard", f"{home.url('reporting')}/"),
        *(
            (f"{name} API", f"{home.url(name)}/openapi.json")
            for name in ("intake", "processing", "notify", "reporting")
        ),
        ("e-mail caught", str(home.mail)),
        ("PostgreSQL", f"127.0.0.1:{home.port('postgres')}"),
        ("Kafka", f"127.0.0.1:{home.port('kafka')}"),
        ("passwords", str(home.path / "secrets.json")),
        ("logs", f"{home.path / 'log'}"),
        ("a token to call with", "motcua token --role portal|officer|supervisor|importer|operator"),
    ]
    width = max(len(name) for name, _ in rows)
    return ["", *(f"  {name:<{width}}  {where}" for name, where in rows), ""]


def doors(home: Home, issuer: Issuer) -> Doors:
    """The front doors of this run, with the importer's tokens."""
    return Doors(home.url("intake"), home.url("processing"), lambda: issuer.token("importer"))


def _load_demo(home: Home, issuer: Issuer, say: Say) -> None:
    """A load that a dying service interrupts is begun again, and goes on where it was."""
    said = [0]

    def shown(progress: Progress, total: int) -> None:
        if progress.processed == total or progress.processed >= said[0] + SHOW_EVERY_CASES:
            said[0] = progress.processed
            say(
                f"demonstration: {progress.submitted:>6,} submitted, {progress.processed:>6,} processed, of {total:,}"
            )

    say("loading the demonstration")
    for attempt in range(1, DEMO_ATTEMPTS + 1):
        try:
            asyncio.run(demo.load(doors(home, issuer), Reports(home.url("reporting")), _print, shown))
        except (DoorFault, CountsSilent, CountsDiffer) as fault:
            say(f"the demonstration did not come out: {fault}")
            if attempt < DEMO_ATTEMPTS and isinstance(fault, DoorFault | CountsSilent):
                time.sleep(attempt)
                continue
        return


def _show_news(log: os.PathLike[str], shown: int) -> int:
    with open(log, "rb") as file:
        file.seek(shown)
        news = file.read()
    sys.stdout.write(news.decode(errors="replace"))
    sys.stdout.flush()
    return shown + len(news)


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
