"""Event logs for process mining: OCEL 2.0 by its schema and its keys, XES by the rules of IEEE 1849, and taken in again by the importer."""

from __future__ import annotations

import json
import re
import sqlite3
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import jsonschema
import orjson

from contracts import intake, processing
from deploy.export import ocel, xes
from deploy.export.lives import standing
from deploy.export.spool import Row
from deploy.export.topic import key_of, row_of
from deploy.importing.counts import FIGURES, Expected
from deploy.importing.mapping import SHIPPED, read_mapping
from tests.importing.conftest import read_log
from tests.reporting.histories import HOUR, OFFICES, START, Life, Told, record, told

SCHEMA = json.loads((Path(__file__).parent / "data" / "ocel20-schema-json.json").read_text("utf-8"))
DUE = date(2023, 1, 20)
LIVES = [
    Life(1, "1.009982", OFFICES[0], "online", 0),
    Life(2, "1.009982", OFFICES[0], "postal", 1, ended=9),
    Life(3, "1.009974", OFFICES[0], "online", 2, accepted=10, due_on=DUE),
    Life(4, "1.006871", OFFICES[1], "in_person", 3, accepted=11, ended=200, due_on=DUE),
    Life(5, "1.006871", OFFICES[0], "online", 4, accepted=12, ended=700, due_on=DUE),
    Life(6, "1.009982", OFFICES[0], "online", 5, accepted=13, ended=300, due_on=DUE, stopped=True),
]


def row(event: Told) -> Row:
    taken = record(event, 0)
    found: Row = orjson.loads(orjson.dumps(row_of(taken.headers, taken.value)))
    return found


def rows(lives: Sequence[Life] = LIVES, *more: Told) -> list[Row]:
    """As an export has gathered them: in the order of their keys, times as text."""
    events = [event for life in lives for event in told(life)]
    return sorted(map(row, [*events, *more]), key=key_of)


def reversed_end(life: Life) -> list[Told]:
    """The end of a dossier that was resolved is reversed, and it is resolved otherwise."""
    [end] = [event for event in told(life) if event.message.type_name == "DossierResolved.v1"]
    last = max(event.sequence for event in told(life))
    reversal = processing.DossierReversed(
        sequence=end.sequence,
        event="DossierResolved",
        reason="wrong_decision",
        document="1/QĐ-SXD",
        status="in_processing",
        due_on=DUE,
    )
    refused = processing.DossierResolved(outcome="refused", due_on=DUE, late_reason="other")
    return [
        Told("processing", last + 1, reversal, life.stream_id, end.at + HOUR),
        Told("processing", last + 2, refused, life.stream_id, end.at + 2 * HOUR),
    ]


def test_an_event_log_holds_the_acts_that_stand() -> None:
    life = LIVES[3]
    refiled = intake.SubmissionCorrected(
        submitted_at=START - HOUR,
        procedure="1.009982",
        channel="postal",
        reason="wrong_data",
        document="1/QĐ-SXD",
    )
    correction = Told("intake", 2, refiled, life.stream_id, START + 900 * HOUR)
    acts = standing(rows([life], *reversed_end(life), correction))
    assert [act["type"].partition(".")[0] for act in acts] == [
        *("DossierSubmitted", "DossierAccepted", "DossierForwarded", "ResultReturned", "DossierResolved")
    ]
    assert (acts[0]["procedure"], acts[0]["channel"], acts[0]["office"]) == ("1.009982", "postal", OFFICES[1])
    assert datetime.fromisoformat(acts[0]["time"]) == START - HOUR
    assert acts[-1]["outcome"] == "refused"


def test_an_event_is_a_row_without_what_is_sealed() -> None:
    found = rows()
    assert not {"sealed_code", "contact_change", "content_commitment"} & {
        name for each in found for name in each
    }
    assert len({key_of(each) for each in found}) == len(found)
    taken = record(told(LIVES[0])[0], 0)
    later = taken._replace(value=(taken.value or b"")[:-1] + b',"of_a_later_release":{"a":1}}')
    assert row_of(later.headers, later.value)["more"] == '{"of_a_later_release":{"a":1}}'


def test_an_object_centric_log_is_valid(tmp_path: Path) -> None:
    log, tables = tmp_path / "log.json", tmp_path / "log.sqlite"
    found = rows(LIVES, *reversed_end(LIVES[3]))
    count = ocel.write(log, "json", found)
    assert (
        ocel.write(tables, "sqlite", found) == count == len(found) - 2
    )  # the reversal, and what it struck out
    assert [each.name for each in sorted(tmp_path.iterdir())] == ["log.json", "log.sqlite"]
    told_in_json = json.loads(log.read_bytes())
    jsonschema.validate(told_in_json, SCHEMA, format_checker=jsonschema.FormatChecker())
    objects = {each["id"]: each for each in told_in_json["objects"]}
    assert len(objects) == len(told_in_json["objects"])
    attributes = {
        each["name"]: {attribute["name"] for attribute in each["attributes"]}
        for each in (*told_in_json["eventTypes"], *told_in_json["objectTypes"])
    }
    for each in (*told_in_json["events"], *told_in_json["objects"]):
        assert {attribute["name"] for attribute in each["attributes"]} <= attributes[each["type"]]
        assert all(related["objectId"] in objects for related in each["relationships"])
    kinds = {each["type"] for each in told_in_json["objects"]}
    assert kinds == {"Dossier", "Applicant", "Procedure", "Office", "Unit"}
    with closing(sqlite3.connect(tables)) as database:
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database.execute("SELECT count(*) FROM event").fetchone() == (count,)
        for side in ("event", "object"):
            for kind, table in database.execute(f"SELECT * FROM {side}_map_type").fetchall():
                query = f'SELECT ocel_id FROM {side} WHERE ocel_type = ? EXCEPT SELECT ocel_id FROM "{side}_{table}"'
                assert database.execute(query, (kind,)).fetchall() == []
        changed = "SELECT ocel_changed_field, due_on FROM object_Dossier WHERE ocel_changed_field = 'due_on'"
        assert ("due_on", DUE.isoformat()) in database.execute(changed).fetchall()


TYPES = {
    "string": str,
    "date": datetime.fromisoformat,
    "int": int,
    "boolean": {"true": True, "false": False}.__getitem__,
}
NAME = re.compile(r"[A-Za-z_:][\w:.-]*")


def check_attributes(element: Any) -> dict[str, Any]:
    """Each key once and a name, each value of the type of its tag."""
    found: dict[str, Any] = {}
    for each in element:
        if each.tag in TYPES:
            assert set(each.attrib) == {"key", "value"} and NAME.fullmatch(each.get("key")) and not len(each)
            assert each.get("key") not in found
            found[each.get("key")] = TYPES[each.tag](each.get("value"))
    return found


def test_a_log_in_xes_keeps_the_rules_of_the_standard(tmp_path: Path) -> None:
    """IEEE 1849-2016: what a log begins with and in which order, globals and classifiers, attributes, then traces with events."""
    path = tmp_path / "log.xes"
    assert xes.write(path, rows(LIVES, *reversed_end(LIVES[3])), {"what": "xes"}) == len(LIVES)
    log = ET.parse(path).getroot()  # noqa: S314 - written a line above
    assert log.tag == "log" and float(log.get("xes.version") or "") == 1849.2016
    order = ["extension", "global", "classifier", *TYPES, "trace"]
    places = [min(order.index(each.tag), 3) if each.tag in TYPES else order.index(each.tag) for each in log]
    assert places == sorted(places)
    prefixes = {each.get("prefix") for each in log.iter("extension")}
    scopes = {each.get("scope"): check_attributes(each) for each in log.iter("global")}
    for classifier in log.iter("classifier"):
        assert set((classifier.get("keys") or "").split()) <= scopes[classifier.get("scope")].keys()
    traces = log.findall("trace")
    for trace in traces:
        assert scopes["trace"].keys() <= check_attributes(trace).keys()
        assert [each.tag for each in trace] == sorted(
            (each.tag for each in trace), key=lambda tag: tag == "event"
        )
        for event in trace.iter("event"):
            said = check_attributes(event)
            assert scopes["event"].keys() <= said.keys()
            assert {key.partition(":")[0] for key in said if ":" in key} <= prefixes
    assert len(traces) == len(LIVES) and sum(1 for _ in log.iter("event")) > 20


def test_a_log_that_was_exported_is_taken_in_again(tmp_path: Path) -> None:
    path = tmp_path / "log.xes"
    xes.write(path, rows(LIVES, *reversed_end(LIVES[3])), {})
    bad_rows, cases = read_log(path, read_mapping(SHIPPED / "exported_log.toml"), tmp_path)
    assert bad_rows == []
    figures = Expected.of(cases).figures()
    assert [figures[name] for name in FIGURES] == [4, 3, 1, 1, 1]
    by_case = {case.case: case for case in cases}
    for life in LIVES:
        case = by_case[str(life.stream_id)]
        assert (case.procedure, case.channel, case.submitted_at) == (
            life.procedure,
            life.channel,
            START + life.submitted * HOUR,
        )
        accepted = next((act for act in case.acts if act.act == "accept"), None)
        assert (accepted.at if accepted else None) == (
            START + life.accepted * HOUR if life.accepted is not None else None
        )
        if accepted:
            assert accepted.due_on == life.due_on
    assert [act.outcome for act in by_case[str(LIVES[3].stream_id)].acts if act.act == "resolve"] == [
        "refused"
    ]
