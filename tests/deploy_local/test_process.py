"""A child process lives no longer than its parent, and nobody else's process is ever signalled."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local.process import Failed, Identity, Process

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
PARENT = """
import sys, time
from pathlib import Path
from deploy.local.process import Process
Process("child", home=Path(sys.argv[1])).start([sys.executable, "-c", "import time; time.sleep(60)"])
print("started", flush=True)
time.sleep(60)
"""


def eventually(what: Callable[[], bool], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]


def test_a_child_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "started\n"
        child = Identity.read(tmp_path / "run" / "child.pid")
        assert child is not None
    finally:
        parent.kill()
        parent.communicate()
    assert eventually(lambda: not child.alive)


def test_a_paused_process_stops_when_asked(tmp_path: Path) -> None:
    process = Process("sleeper", home=tmp_path)
    process.start(SLEEP)
    process.pause()
    assert eventually(lambda: state(process.pid) == "T")
    assert process.stop(timeout_seconds=5)
    assert process.exit_code == -signal.SIGTERM
    assert not process.pid_file.exists()


def test_a_process_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    process = Process("deaf", home=tmp_path)
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    process.start([sys.executable, "-c", deaf])
    assert eventually(lambda: "deaf" in process.last_lines())
    assert not process.stop(timeout_seconds=0.3)
    assert process.exit_code == -signal.SIGKILL


def test_kill_takes_its_children_along(tmp_path: Path) -> None:
    process = Process("parent", home=tmp_path)
    process.start(
        [
            sys.executable,
            "-c",
            "import subprocess, sys; c = subprocess.Popen(['sleep', '60']); print(c.pid, flush=True); c.wait()",
        ]
    )
    assert eventually(lambda: process.last_lines().isdigit())
    child = Identity.of(int(process.last_lines()))
    process.kill()
    assert child is not None
    assert eventually(lambda: not child.alive)


def test_a_pid_that_another_program_took_over_is_left_alone(tmp_path: Path) -> None:
    own = Identity.of(os.getpid())
    assert own is not None
    pid_file = tmp_path / "run" / "somebody.pid"
    Identity(own.pid, own.born + "0").write(pid_file)
    assert Identity.read(pid_file) is None


def test_it_is_not_started_twice(tmp_path: Path) -> None:
    process = Process("once", home=tmp_path)
    process.start(SLEEP)
    try:
        with pytest.raises(Failed, match="runs already"):
            process.start(SLEEP)
    finally:
        process.stop()


def test_its_output_goes_to_its_log(tmp_path: Path) -> None:
    process = Process("speaker", home=tmp_path)
    process.start([sys.executable, "-c", "print('said')"])
    assert eventually(lambda: not process.running)
    assert process.log.read_text(encoding="utf-8") == "said\n"
