"""Events as a log in XES (IEEE 1849-2016): a trace for each dossier, its acts as events. Written one trace after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

from deploy.export.lives import Life, lives, name_of
from deploy.export.spool import Row
from deploy.export.topic import MEMBERS

OF_THE_TRACE = ("procedure", "channel", "office", "unit", "level")
_SAID_ELSEWHERE = frozenset({*OF_THE_TRACE, "applicant_id", "days", "papers"})
TAGS = {"text": "string", "day": "string", "whole": "int", "flag": "boolean", "instant": "date"}
"""A day is a string: XES knows instants alone, and a day here has no hour."""
EXTENSIONS = {"Concept": "concept", "Time": "time", "Lifecycle": "lifecycle", "Organizational": "org"}


def write(path: Path, rows: Iterable[Row], about: dict[str, str]) -> int:
    """A log of events that come dossier by dossier; how many traces it has."""
    traces = 0
    with path.open("w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<log xes.version="1849.2016" xes.features="">\n')
        for name, prefix in EXTENSIONS.items():
            uri = f"http://www.xes-standard.org/{prefix}.xesext"
            file.write(f'  <extension name="{name}" prefix="{prefix}" uri="{uri}"/>\n')
        for scope, keys in (
            ("trace", ("concept:name",)),
            ("event", ("concept:name", "lifecycle:transition")),
        ):
            file.write(f'  <global scope="{scope}">\n')
            file.writelines(_line("string", key, "", 4) for key in keys)
            if scope == "event":
                file.write(_line("date", "time:timestamp", "1970-01-01T00:00:00+00:00", 4))
            file.write("  </global>\n")
        file.write('  <classifier name="Activity" scope="event" keys="concept:name"/>\n')
        file.writelines(_line("string", key, value, 2) for key, value in about.items())
        for life in lives(rows):
            file.writelines(_trace(life))
            traces += 1
        file.write("</log>\n")
    return traces


def _trace(life: Life) -> Iterator[str]:
    yield "  <trace>\n"
    yield _line("string", "concept:name", life.dossier_id, 4)
    for name in OF_THE_TRACE:
        if value := life.said(name):
            yield _line("string", name, value, 4)
    if life.due_on:
        yield _line("string", "due_on", life.due_on, 4)
    unit = None
    for act in life.acts:
        unit = act.get("unit") or unit
        yield "    <event>\n"
        yield _line("string", "concept:name", name_of(act), 6)
        yield _line("date", "time:timestamp", act["time"], 6)
        yield _line("string", "lifecycle:transition", "complete", 6)
        if unit:
            yield _line("string", "org:group", unit, 6)
        for name, kind in sorted(MEMBERS.items()):
            if name not in _SAID_ELSEWHERE and (value := act.get(name)) is not None:
                yield _line(TAGS[kind], name, value, 6)
        yield "    </event>\n"
    yield "  </trace>\n"


def _line(tag: str, key: str, value: object, indent: int) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"{' ' * indent}<{tag} key={quoteattr(key)} value={quoteattr(text)}/>\n"
