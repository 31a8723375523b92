"""`motcua catalogue check [FILE]`: every fault of a catalogue in a line, or what is in it. Needs nothing running.

It reads the file and never the catalogue that this release has loaded: a faulty shipped file would not load.
"""

from collections.abc import Iterator
from pathlib import Path

from contracts.catalogue.file import SHIPPED, Read, read
from deploy.local.process import Failed


def checked(file: Path | None) -> Read:
    """What is in the file, the shipped one by default; Failed when it cannot be read."""
    path = file or SHIPPED
    try:
        return read(path.read_bytes())
    except OSError as fault:
        raise Failed(f"{path}: {fault.strerror}") from None


def as_lines(found: Read) -> Iterator[str]:
    """The faults, else one line of summary."""
    yield from map(str, found.faults)
    if not found.faults:
        versions = sum(len(procedure.versions) for procedure in found.procedures)
        levels = [procedure.level for procedure in found.procedures]
        abolished = sum(procedure.abolition is not None for procedure in found.procedures)
        yield (
            f"{len(levels)} procedures ({levels.count('full')} full, {levels.count('partial')} partial), "
            f"{versions} versions, {abolished} abolitions"
        )
