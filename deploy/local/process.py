"""One child process: started, watched, stopped, and for the fault suite killed, paused and resumed.

Promises that its output goes to a file (never to a pipe that nobody reads), that a pid file says who it is, and that
it does not outlive its parent. Never signals a pid that another program has taken over in the meantime.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CHILD = Path(__file__).with_name("child.py")
STOP_SECONDS = 20.0


class Failed(Exception):
    """A part of the run cannot start or go on; the text is for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A pid and the moment that process was born: together they are never used twice."""

    pid: int
    born: str

    @classmethod
    def of(cls, pid: int) -> "Identity | None":
        if sys.platform == "linux":
            try:
                stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                return None
            fields = stat.rpartition(")")[2].split()
            return None if fields[0] == "Z" else cls(pid, fields[19])
        found = subprocess.run(
            ["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return cls(pid, found.stdout.strip()) if found.returncode == 0 else None

    @classmethod
    def read(cls, path: Path) -> "Identity | None":
        """Who the pid file speaks of, if that process still lives."""
        try:
            pid, born = path.read_text(encoding="utf-8").split(maxsplit=1)
            identity = cls(int(pid), born.strip())
        except (OSError, ValueError):
            return None
        return identity if identity.alive else None

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{self.pid} {self.born}\n", encoding="utf-8")

    @property
    def alive(self) -> bool:
        return Identity.of(self.pid) == self

    def end(self, last_signal: int = signal.SIGTERM, timeout_seconds: float = STOP_SECONDS) -> bool:
        """Ask it to stop, wait, then kill it. True when it stopped by itself."""
        for send, seconds in ((last_signal, timeout_seconds), (signal.SIGKILL, 5.0)):
            if not self.alive:
                return True
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, send)
                os.kill(self.pid, signal.SIGCONT)
            deadline = time.monotonic() + seconds
            while self.alive and time.monotonic() < deadline:
                time.sleep(0.02)
        return False


def tree(pid: int) -> list[int]:
    """The process and all below it, parents first."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")
            found += [int(child) for child in children.split()]
    return found


class Process:
    def __init__(
        self,
        name: str,
        *,
        home: Path,
        last_signal: int = signal.SIGTERM,
        user: str = "same",
    ) -> None:
        self.name = name
        self.log = home / "log" / f"{name}.log"
        self.pid_file = home / "run" / f"{name}.pid"
        self._last_signal = last_signal
        self._user = user
        self._child: subprocess.Popen[bytes] | None = None

    def start(self, program: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Start it from the main thread: the kernel ties a child's life to the thread that made it."""
        if self.running:
            raise Failed(f"{self.name} runs already, as process {self.pid}")
        if left := Identity.read(self.pid_file):
            left.end(self._last_signal)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        launcher = [sys.executable, "-I", "-S", str(CHILD), str(os.getpid())]
        with self.log.open("ab") as output:
            self._child = subprocess.Popen(
                [*launcher, str(int(self._last_signal)), self._user, *program],
                env=None if environment is None else dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Out of the terminal's process group: Ctrl-C reaches the supervisor alone, which stops all in order.
                start_new_session=True,
            )
        if identity := Identity.of(self._child.pid):
            identity.write(self.pid_file)

    @property
    def pid(self) -> int:
        if self._child is None:
            raise Failed(f"{self.name} has not been started")
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def exit_code(self) -> int | None:
        return None if self._child is None else self._child.poll()

    def stop(self, timeout_seconds: float = STOP_SECONDS) -> bool:
        """Stop it, also when it is paused; kill it when the wait is over. True when it stopped by itself."""
        child = self._child
        if child is None:
            return True
        gentle = True
        if child.poll() is None:
            self.ask_to_stop()
            try:
                child.wait(timeout_seconds)
            except subprocess.TimeoutExpired:
                gentle = False
                self.kill()
        self.pid_file.unlink(missing_ok=True)
        return gentle

    def ask_to_stop(self) -> None:
        if self._child is not None and self._child.poll() is None:
            self._child.send_signal(self._last_signal)
            self.resume()

    def kill(self) -> None:
        """Kill -9, it and all below it."""
        self._signal(signal.SIGKILL)
        if self._child is not None:
            self._child.wait()

    def pause(self) -> None:
        """SIGSTOP, it and all below it: it holds its sockets and its locks, and does nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self.running:
            for pid in tree(self.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)

    def last_lines(self, count: int = 15) -> str:
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])
