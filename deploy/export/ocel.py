"""Events as an object-centric log (OCEL 2.0): dossiers, applicants by their pseudonym, procedures, offices, units and agencies as objects.

It is made as SQLite, which keeps each object once however often it is named; JSON is written from that. Memory does not grow with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from contracts import intake, processing
from deploy.export.files import Kind
from deploy.export.lives import Life, lives
from deploy.export.spool import Row
from deploy.export.topic import MEMBERS

OBJECTS: dict[str, dict[str, Kind]] = {
    "Dossier": {
        "procedure": "text",
        "channel": "text",
        "office": "text",
        "level": "text",
        "unit": "text",
        "due_on": "day",
    },
    "Applicant": {},
    "Procedure": {},
    "Office": {},
    "Unit": {},
    "Agency": {},
}
"""Types of objects and their attributes. Of a dossier `unit` and `due_on` change; each change has its time."""
CHANGING = ("unit", "due_on")
LINKS = {
    "applicant_id": ("Applicant", "filed by"),
    "procedure": ("Procedure", "filed under"),
    "office": ("Office", "taken in at"),
    "unit": ("Unit", "with"),
    "agency": ("Agency", "asked of"),
}
"""Members of events that name an object: of which type, and what it is to the event."""
NEVER = "1970-01-01T00:00:00.000000Z"
TYPES_JSON = {"text": "string", "day": "string", "whole": "integer", "flag": "boolean", "instant": "time"}
TYPES_SQL = {"text": "TEXT", "day": "TEXT", "whole": "INTEGER", "flag": "BOOLEAN", "instant": "TIMESTAMP"}

_TABLES = """
CREATE TABLE event_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT NOT NULL);
CREATE TABLE object_map_type (ocel_type TEXT PRIMARY KEY, ocel_type_map TEXT NOT NULL);
CREATE TABLE event (ocel_id TEXT PRIMARY KEY, ocel_type TEXT NOT NULL REFERENCES event_map_type);
CREATE TABLE object (ocel_id TEXT PRIMARY KEY, ocel_type TEXT NOT NULL REFERENCES object_map_type);
CREATE TABLE event_object (
    ocel_event_id TEXT NOT NULL REFERENCES event, ocel_object_id TEXT NOT NULL REFERENCES object, ocel_qualifier TEXT NOT NULL,
    PRIMARY KEY (ocel_event_id, ocel_object_id, ocel_qualifier)
);
CREATE TABLE object_object (
    ocel_source_id TEXT NOT NULL REFERENCES object, ocel_target_id TEXT NOT NULL REFERENCES object, ocel_qualifier TEXT NOT NULL,
    PRIMARY KEY (ocel_source_id, ocel_target_id, ocel_qualifier)
);
"""


def _event_types() -> dict[str, list[str]]:
    """Types of events and their attributes: the members of each that name no object."""
    return {
        message.__name__: [name for name in message.model_fields if name in MEMBERS and name not in LINKS]
        for message in (*intake.MESSAGES, *processing.MESSAGES)
    }


EVENTS = _event_types()


def write(path: Path, kind: str, rows: Iterable[Row]) -> int:
    """A log of events that come dossier by dossier; how many events it has."""
    if kind == "sqlite":
        return _sqlite(path, rows)
    made = path.with_name(f"{path.name}.objects")
    made.unlink(missing_ok=True)
    try:
        count = _sqlite(made, rows)
        with closing(sqlite3.connect(made)) as database, path.open("wb") as file:
            file.writelines(_json(database))
        return count
    finally:
        made.unlink(missing_ok=True)


def _sqlite(path: Path, rows: Iterable[Row]) -> int:
    count = 0
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;" + _TABLES)
        for name, members in EVENTS.items():
            _table(
                database,
                "event",
                name,
                "ocel_time TIMESTAMP NOT NULL",
                {each: MEMBERS[each] for each in members},
            )
        for name, attributes in OBJECTS.items():
            _table(
                database, "object", name, "ocel_time TIMESTAMP NOT NULL, ocel_changed_field TEXT", attributes
            )
        for life in lives(rows):
            count += _take(database, life)
        database.execute("COMMIT")
    return count


def _table(
    database: sqlite3.Connection, side: str, name: str, first: str, attributes: dict[str, Kind]
) -> None:
    """Of one type: its name is one of ours."""
    more = "".join(f', "{each}" {TYPES_SQL[kind]}' for each, kind in attributes.items())
    database.execute(f'CREATE TABLE "{side}_{name}" (ocel_id TEXT NOT NULL REFERENCES {side}, {first}{more})')
    database.execute(f'CREATE INDEX "{side}_{name}_by_id" ON "{side}_{name}" (ocel_id)')
    _insert(database, f"{side}_map_type", [name, name])


def _take(database: sqlite3.Connection, life: Life) -> int:
    filed_at = _time(life.filed["time"])
    _object(database, life.dossier_id, "Dossier")
    values = [life.said(name) for name in OBJECTS["Dossier"] if name not in CHANGING]
    _insert(database, "object_Dossier", [life.dossier_id, filed_at, None, *values, None, None])
    for member in ("applicant_id", "procedure", "office"):
        if life.said(member):
            _related(database, life.dossier_id, member, life.said(member))
    was: dict[str, Any] = {}
    count = 0
    for act in life.acts:
        name, at = act["type"].partition(".")[0], _time(act["time"])
        if name not in EVENTS:
            continue  # of a later release
        count += 1
        _insert(database, "event", [act["id"], name])
        _insert(database, f"event_{name}", [act["id"], at, *(act.get(each) for each in EVENTS[name])])
        _insert(database, "event_object", [act["id"], life.dossier_id, "of"])
        for member, (kind, qualifier) in LINKS.items():
            if value := act.get(member):
                _object(database, _id(kind, value), kind)
                _insert(database, "event_object", [act["id"], _id(kind, value), qualifier])
        for each in CHANGING:
            if act.get(each) not in (None, was.get(each)):
                was[each] = act[each]
                told = [act[each] if field == each else None for field in OBJECTS["Dossier"]]
                _insert(database, "object_Dossier", [life.dossier_id, at, each, *told])
    return count


def _related(database: sqlite3.Connection, dossier_id: str, member: str, value: str) -> None:
    kind, qualifier = LINKS[member]
    _object(database, _id(kind, value), kind)
    _insert(database, "object_object", [dossier_id, _id(kind, value), qualifier])


def _object(database: sqlite3.Connection, object_id: str, kind: str) -> None:
    found = database.execute("INSERT OR IGNORE INTO object VALUES (?, ?)", (object_id, kind))
    if found.rowcount and kind != "Dossier":
        _insert(database, f"object_{kind}", [object_id, NEVER, None])


def _insert(database: sqlite3.Connection, table: str, values: Sequence[Any]) -> None:
    places = ", ".join("?" * len(values))
    database.execute(f'INSERT INTO "{table}" VALUES ({places})', values)


def _id(kind: str, value: str) -> str:
    """A unit may bear an office's code: ids of all objects are of one set."""
    return value if kind == "Dossier" else f"{kind} {value}"


def _time(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _json(database: sqlite3.Connection) -> Iterator[bytes]:
    """The same as JSON, one event or object after the other. Every value is a string, as the standard's schema wants it."""
    types = {name: {each: MEMBERS[each] for each in members} for name, members in EVENTS.items()}
    yield b'{"eventTypes":' + _declared(types) + b',"objectTypes":' + _declared(OBJECTS) + b',"objects":['
    yield from _separated(_objects(database))
    yield b'],"events":['
    yield from _separated(_events(database))
    yield b"]}\n"


def _declared(types: dict[str, dict[str, Kind]]) -> bytes:
    return orjson.dumps(
        [
            {
                "name": name,
                "attributes": [{"name": each, "type": TYPES_JSON[kind]} for each, kind in attributes.items()],
            }
            for name, attributes in types.items()
        ]
    )


def _separated(items: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    for number, item in enumerate(items):
        yield (b",\n" if number else b"\n") + orjson.dumps(item)


def _objects(database: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    for object_id, kind in database.execute("SELECT ocel_id, ocel_type FROM object ORDER BY ocel_id"):
        rows = database.execute(
            f'SELECT * FROM "object_{kind}" WHERE ocel_id = ? ORDER BY ocel_time, rowid', (object_id,)
        )
        attributes = [
            {"name": name, "value": value, "time": at}
            for _, at, _, *values in rows
            for name, value in zip(OBJECTS[kind], values, strict=True)
            if value is not None
        ]
        related = database.execute(
            "SELECT ocel_target_id, ocel_qualifier FROM object_object WHERE ocel_source_id = ?", (object_id,)
        )
        yield {"id": object_id, "type": kind, "attributes": attributes, "relationships": _relations(related)}


def _events(database: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    for event_id, kind in database.execute("SELECT ocel_id, ocel_type FROM event ORDER BY rowid"):
        [(_, at, *values)] = database.execute(f'SELECT * FROM "event_{kind}" WHERE ocel_id = ?', (event_id,))
        attributes = [
            {"name": name, "value": _string(MEMBERS[name], value)}
            for name, value in zip(EVENTS[kind], values, strict=True)
            if value is not None
        ]
        related = database.execute(
            "SELECT ocel_object_id, ocel_qualifier FROM event_object WHERE ocel_event_id = ?", (event_id,)
        )
        yield {
            "id": event_id,
            "type": kind,
            "time": at,
            "attributes": attributes,
            "relationships": _relations(related),
        }


def _relations(rows: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"objectId": object_id, "qualifier": qualifier} for object_id, qualifier in rows]


def _string(kind: Kind, value: Any) -> str:
    return ("true" if value else "false") if kind == "flag" else str(value)
