"""Reads a log in XES (IEEE 1849), one event after the other, as rows of cells.

An event's attributes are cells under their keys, those of its trace under `case:` and the key. Promises memory that does not grow
with the file, and that no document type is read: entities of a stranger's making are what blows such files up.
"""

from collections.abc import Iterator
from typing import Final
from xml.parsers import expat

from deploy.importing.files import DAMAGED, BadLog, LogFile
from deploy.importing.rows import Row

CHUNK_BYTES = 65_536
# One tag with all that stands in it; more than that is no log.
TAG_BYTES_MOST = 16 * 1_048_576
DEPTH_MOST = 64
OF_THE_TRACE: Final = "case:"
VALUES: Final = frozenset({"string", "date", "int", "float", "boolean", "id"})


class _Refused(Exception):
    """What a log has no use for."""


def xes_rows(file: LogFile, needed: set[str]) -> Iterator[Row]:
    """A row for each event, and one for a trace without any; BadLog where the file cannot be read, with its line.

    Guarantee: a file with a document type is refused before an entity of it is read. Test: test_a_bomb_of_entities_is_refused.
    """
    log = _Log(needed)
    fed = 0
    try:
        while chunk := file.stream.read(CHUNK_BYTES):
            log.parser.Parse(chunk, False)
            fed += len(chunk)
            if fed - max(log.parser.CurrentByteIndex, 0) > TAG_BYTES_MOST:
                raise _Refused(f"a tag of more than {TAG_BYTES_MOST:,} bytes")
            yield from log.told()
        log.parser.Parse(b"", True)
    except DAMAGED as fault:
        raise BadLog(f"{file.path}: the packed file is damaged: {fault}") from None
    except OSError as fault:
        raise BadLog(f"{file.path}: {fault.strerror}") from None
    except _Refused as fault:
        raise BadLog(f"{file.path}: line {log.parser.CurrentLineNumber}: {fault}") from None
    except expat.ExpatError as fault:
        raise BadLog(f"{file.path}: line {fault.lineno}: no XML: {expat.ErrorString(fault.code)}") from None
    yield from log.told()
    if missing := sorted(needed - log.seen):
        raise BadLog(f"{file.path}: no trace and no event has the attributes {', '.join(missing)}")


class _Log:
    """What the parser tells, gathered into rows; only attributes that the mapping needs are kept."""

    def __init__(self, needed: set[str]) -> None:
        self.seen: set[str] = set()
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._document_type
        self._needed = needed
        self._open: list[str] = []
        self._rows: list[Row] = []
        self._line = 0
        self._trace: dict[str, str] = {}
        self._event: dict[str, str] = {}
        self._events = 0
        self._fault = ""

    def told(self) -> list[Row]:
        rows, self._rows = self._rows, []
        return rows

    def _document_type(self, *_: object) -> None:
        raise _Refused("a document type declaration; a log in XES has none")

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        kind, parent = name.rpartition(":")[2], self._open[-1] if self._open else ""
        if not self._open and kind != "log":
            raise _Refused(f"no XES: it begins with {name[:60]}")
        if len(self._open) >= DEPTH_MOST:
            raise _Refused(f"more than {DEPTH_MOST} levels of nesting")
        self._open.append(kind)
        if (kind, parent) == ("trace", "log"):
            self._trace, self._events, self._fault = {}, 0, ""
            self._line = self.parser.CurrentLineNumber
        elif kind == "event" and parent in ("trace", "log"):
            if parent == "log":
                self._trace, self._fault = {}, ""
            self._event = {}
            self._events += 1
            self._line = self.parser.CurrentLineNumber
        elif kind in VALUES and parent in ("trace", "event"):
            self._value(parent, attributes)

    def _value(self, parent: str, attributes: dict[str, str]) -> None:
        into = self._trace if parent == "trace" else self._event
        key = (OF_THE_TRACE if parent == "trace" else "") + attributes.get("key", "")
        if key not in self._needed:
            return
        if parent == "trace" and self._events:
            raise _Refused(f"{key} stands behind the events of its trace")
        self.seen.add(key)
        if key in into:
            self._fault = self._fault or f"the attribute {key} stands there twice"
        into[key] = attributes.get("value", "")

    def _end(self, _name: str) -> None:
        kind = self._open.pop()
        parent = self._open[-1] if self._open else ""
        event = kind == "event" and parent in ("trace", "log")
        if event or ((kind, parent) == ("trace", "log") and not self._events):
            cells = dict.fromkeys(self._needed, "") | self._trace | (self._event if event else {})
            self._rows.append(Row(self._line, cells, self._fault, event))
