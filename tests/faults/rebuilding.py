"""An operator makes reporting's book anew while everything is under load, and the command is killed at every step, the service too."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

from deploy.local.postgres.run import in_thread
from tests.faults.database import fetch
from tests.faults.world import House

KILLED_TIMES = 6
LIVES_SECONDS = (0.3, 4.0)
ENDS_SECONDS = 120.0
# In the transaction that exchanges the books, or beside it: where nothing else tells, whoever waits for its locks does.
EXCHANGING = """
SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE 'SELECT exchange_books%'
UNION ALL SELECT FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
WHERE c.relname = 'reader_positions' AND l.mode = 'ExclusiveLock' AND l.granted
"""


def made_anew(house: House, draw: random.Random) -> str:
    """What went wrong, or nothing: killed at chance moments and in the exchange, then made to its end, taken back, and made again."""
    environment = _environment(house)
    for _ in range(KILLED_TIMES):
        _killed(environment, "--accept", draw.uniform(*LIVES_SECONDS))
    _killed_in_the_exchange(house, environment, "--accept")
    house.kill("reporting")
    house.launch(house.members["reporting"])
    for way in ("--accept", "--undo", "--accept"):
        if way == "--undo":
            _killed_in_the_exchange(house, environment, way)
        if found := _ended(environment, way):
            return f"rebuild {way}: {found}"
    return ""


def _environment(house: House) -> dict[str, str]:
    named = {
        "REPORTING_DSN": house.postgres.dsn("reporting"),
        "REPORTING_OWNER_DSN": house.postgres.dsn("reporting_owner", "reporting"),
        "KAFKA_BOOTSTRAP": house.kafka.bootstrap,
        "KAFKA_USERNAME": "reporting",
        "KAFKA_PASSWORD": house.kafka.passwords["reporting"],
    }
    return os.environ | {f"MOTCUA_{name}": value for name, value in named.items()}


def _begun(environment: dict[str, str], way: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "deploy.command.command", "rebuild", "reporting", way]
    return subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def _killed(environment: dict[str, str], way: str, after_seconds: float) -> None:
    process = _begun(environment, way)
    try:
        process.communicate(timeout=after_seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()


def _killed_in_the_exchange(house: House, environment: dict[str, str], way: str) -> None:
    process = _begun(environment, way)
    while process.poll() is None:
        if in_thread(fetch(house.postgres, "reporting", EXCHANGING)):
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.005)
    process.communicate()


def _ended(environment: dict[str, str], way: str) -> str:
    """Once more when the database or the broker is taken away meanwhile, as an operator does."""
    over_at = time.monotonic() + ENDS_SECONDS
    while True:
        process = _begun(environment, way)
        try:
            said, _ = process.communicate(timeout=ENDS_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            said, _ = process.communicate()
        if process.returncode == 0 or (way == "--undo" and "no book is kept" in said):
            return ""  # killed behind its commit, it was done already
        if time.monotonic() > over_at:
            return said
        time.sleep(1)
