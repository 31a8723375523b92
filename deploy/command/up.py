"""`motcua up` as the person at the terminal sees it: progress, the addresses, the demonstration, the end."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

from deploy.command.officers import tell_people
from deploy.demo import load as demo
from deploy.importing.counts import CountsDiffer, CountsSilent, Reports
from deploy.importing.doors import DoorFault, Doors, Progress
from deploy.local import loading
from deploy.local.home import Home
from deploy.local.issuer import Issuer
from deploy.local.loading import Loading
from deploy.local.people import PEOPLE
from deploy.local.process import Failed, Identity
from deploy.local.sandbox.moving import begin
from deploy.local.supervisor import Leave, Supervisor

DETACHED_SECONDS = 600.0
LOADED_SECONDS = 3600.0
SHOW_EVERY_CASES = 1000
DEMO_ATTEMPTS = 5

Say = Callable[[str], None]


def in_foreground(home: Home, *, with_demo: bool, sandbox: bool = False) -> int:
    """Runs until Ctrl-C. A home that began as a sandbox stays one, and has no demonstration."""
    if sandbox:
        begin(home)
    with_demo = with_demo and not home.sandbox.exists()
    began_at = time.monotonic()

    def say(line: str) -> None:
        _print(f"{time.monotonic() - began_at:6.1f} s  {line}")

    supervisor = Supervisor(home, say)
    try:
        with supervisor.running() as keep:
            say("ready")
            for line in addresses(home):
                _print(line)
            loading.forget(home)
            tell_people(home)
            if with_demo:
                loading.tell(home, Loading())
            told_ready(home).touch()
            if with_demo:
                Thread(target=_load_demo, args=(home, supervisor.issuer, say), daemon=True).start()
            while True:
                keep()
    except Leave:
        say("stopped")
        return 0


def detached(home: Home, options: list[str], *, wait: bool = False) -> int:
    """Starts the foreground command in the background and returns when all is ready; with `wait`, when the demonstration is in.

    Guarantee: who waited finds the demonstration's counts. Test: test_the_demonstration_comes_out_exactly.
    """
    home.run.mkdir(parents=True, exist_ok=True)
    log = home.path / "log" / "motcua.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    if found := Identity.read(home.run / "supervisor.pid"):
        raise Failed(f"{home.path} runs already, as process {found.pid}; `motcua status` says how it is")
    told_ready(home).unlink(missing_ok=True)
    with log.open("ab") as output:
        shown = output.tell()
        child = subprocess.Popen(
            [sys.executable, "-m", "deploy.command.command", "up", *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline, loading_until = (time.monotonic() + seconds for seconds in (DETACHED_SECONDS, LOADED_SECONDS))
    while True:
        ended = child.poll() is not None
        # Written after the last line that belongs to the start, so that nothing of it is missed here.
        ready = told_ready(home).exists()
        load = loading.told(home) if ready and wait else None
        shown = _show_news(log, shown)
        if ended:
            return child.returncode or 1
        if ready and (load is None or load.over):
            if load:
                _print(f"the demonstration is {load}")
            _print(f"runs in the background as process {child.pid}; `motcua down` stops it, {log} is its log")
            return 0 if load is None or load.state == "loaded" else 1
        if ready and time.monotonic() > loading_until:
            raise Failed(f"the demonstration is not in after {LOADED_SECONDS:.0f} s; it goes on: {log}")
        if not ready and time.monotonic() > deadline:
            child.send_signal(signal.SIGTERM)
            raise Failed(f"not ready after {DETACHED_SECONDS:.0f} s; see {log}")
        time.sleep(0.2)


def told_ready(home: Home) -> Path:
    return home.run / "ready"


def addresses(home: Home) -> list[str]:
    """Where everything is."""
    rows = [
        ("công khai · public dashboard", f"{home.url('reporting')}/"),
        ("người nộp · applicants' pages", f"{home.url('intake')}/"),
        ("cán bộ · officers' pages", f"{home.url('processing')}/"),
        *(
            (f"{name} API", f"{home.url(name)}/openapi.json")
            for name in ("intake", "processing", "notify", "reporting")
        ),
        ("e-mail caught", str(home.mail)),
        ("text messages caught", str(home.messages)),
        ("PostgreSQL", f"127.0.0.1:{home.port('postgres')}"),
        ("Kafka", f"127.0.0.1:{home.port('kafka')}"),
        ("passwords", str(home.path / "secrets.json")),
        ("logs", f"{home.path / 'log'}"),
        ("a token to call with", "motcua token --role portal|officer|supervisor|importer|operator|calendar"),
    ]
    if home.sandbox.exists():
        rows.append(("sandbox", "`motcua sandbox`: tokens of portals, its clock, and moving it"))
    # Nobody needs a password: whoever logs in chooses one of the demonstration's people.
    people = [(f"đăng nhập · log in as {each.subject}", f"{each.name}: {each.does}") for each in PEOPLE]
    width = max(len(name) for name, _ in [*rows, *people])
    return ["", *(f"  {name:<{width}}  {told}" for name, told in [*rows, *people]), ""]


def doors(home: Home, issuer: Issuer) -> Doors:
    """The front doors of this run, with the importer's tokens."""
    return Doors(home.url("intake"), home.url("processing"), lambda: issuer.token("importer"))


def _load_demo(home: Home, issuer: Issuer, say: Say) -> None:
    """Once for a home; a load that was interrupted, or that a dying service cuts short, goes on where it was."""
    loaded = home.path / "demonstration-loaded"
    reports = Reports(home.url("reporting"))
    for attempt in range(1, DEMO_ATTEMPTS + 1):
        try:
            if loaded.exists():
                asyncio.run(demo.show(reports, _print))
            else:
                say("loading the demonstration")
                asyncio.run(demo.load(doors(home, issuer), reports, _print, _progress(home, say)))
                loaded.touch()
            loading.tell(home, Loading("loaded"))
            return
        except (DoorFault, CountsSilent) as fault:
            say(f"the demonstration waits: {fault}")
            time.sleep(attempt)
        except CountsDiffer as fault:
            say(f"the demonstration did not come out: {fault}")
            loading.tell(home, Loading("differs"))
            return
    loading.tell(home, Loading("given_up"))


def _progress(home: Home, say: Say) -> Callable[[Progress, int], None]:
    said = 0

    def shown(now: Progress, total: int) -> None:
        nonlocal said
        loading.tell(home, Loading("loading", now.submitted, now.processed, total))
        if now.processed == total or now.processed >= said + SHOW_EVERY_CASES:
            said = now.processed
            say(f"demonstration: {now.submitted:>6,} submitted, {now.processed:>6,} processed, of {total:,}")

    return shown


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
