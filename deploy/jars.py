"""Fetches packages of the central Maven repository by coordinates, each checked against its SHA-256 in a lock file."""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.local.process import Failed

ATTEMPTS = 3
TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Jar:
    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"

    def is_whole(self, path: Path) -> bool:
        return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == self.sha256

    def fetch(self, folder: Path) -> None:
        """Lays it into the folder, or Failed. A jar that fails its check is fetched again; one that fails often stops the run."""
        from jgo.maven import MavenContext

        for attempt in range(1, ATTEMPTS + 1):
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix="fetch-") as own:
                try:
                    context = MavenContext(repo_cache=Path(own), timeout=TIMEOUT_SECONDS)
                    component = context.project(self.group, self.artifact).at_version(self.version)
                    path = Path(component.artifact().resolve())
                    if not self.is_whole(path):
                        raise Failed(f"{self.file_name} is not the locked one: its SHA-256 differs")
                    path.replace(folder / self.file_name)
                    return
                except Exception as error:
                    if attempt == ATTEMPTS:
                        named = f"{self.group}:{self.artifact}:{self.version}"
                        raise Failed(f"cannot fetch {named}: {error}") from error
            time.sleep(attempt)


def locked(lock: Path) -> Iterator[Jar]:
    for line in lock.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            coordinates, sha256 = line.split()
            group, artifact, version = coordinates.split(":")
            yield Jar(group, artifact, version, sha256)


def cache() -> Path:
    """Outside the checkout, so that a second clone starts at once."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "motcua"
