"""`motcua catalogue check [FILE]` and `motcua offices check [FILE]`: every fault of such a file in a line, or what is in it.

They need nothing running, and read the file, never what this release has loaded: a faulty shipped file would not load.
"""

from collections.abc import Iterator
from pathlib import Path

from contracts.catalogue import offices
from contracts.catalogue.file import SHIPPED, Read, read
from deploy.local.process import Failed


def checked(file: Path | None) -> Read:
    """What is in the file, the shipped one by default; Failed when it cannot be read."""
    return read(_bytes_of(file or SHIPPED))


def checked_offices(file: Path | None) -> offices.Read:
    """The same of a register of offices."""
    return offices.read(_bytes_of(file or offices.SHIPPED))


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise Failed(f"{path}: {fault.strerror}") from None


def offices_as_lines(found: offices.Read) -> Iterator[str]:
    """The faults, else one line of summary."""
    yield from map(str, found.faults)
    if found.offices is not None:
        units = sum(len(office.units) for office in found.offices.offices)
        yield f"{len(found.offices.offices)} offices, {units} units, {len(found.offices.agencies)} agencies"


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
