"""Logs in XES, and packed ones: read as they come, and nothing read that would harm."""

import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.importing import xes
from deploy.importing.case import Case
from deploy.importing.files import BadLog, LogFile
from deploy.importing.mapping import SHIPPED, parse_mapping, read_mapping
from deploy.importing.xes import xes_rows
from tests.importing.conftest import GOOD, HEADER, MAPPING, read_log

XES: dict[str, Any] = {
    "source": {"name": "a-log"},
    "columns": {"case": "case:concept:name", "activity": "concept:name", "time": "time:timestamp"},
    "dates": {"accepted": {"activity": "in"}, "resolved": {"activity": ["out", "off"], "which": "last"}},
    "dossier": {"procedure": "1.009982", "channel": "online"},
}
Read = Callable[..., tuple[list[str], list[Case]]]


@pytest.fixture
def read_xes(tmp_path: Path) -> Read:
    def read(written: str, **changes: Any) -> tuple[list[str], list[Case]]:
        path = tmp_path / "log.xes"
        path.write_text(written, encoding="utf-8")
        return read_log(path, parse_mapping(XES | changes), tmp_path)

    return read


def event(activity: str, time: str = "2023-03-02T09:00:00+07:00", more: str = "") -> str:
    return (
        f'<event><string key="concept:name" value="{activity}"/>'
        f'<date key="time:timestamp" value="{time}"/>{more}</event>'
    )


def trace(*events: str, name: str = "c1") -> str:
    return f'<trace><string key="concept:name" value="{name}"/>\n{"".join(events)}</trace>'


def log(*traces: str) -> str:
    return f"<log>{''.join(traces)}</log>"


def test_events_become_rows_and_nested_attributes_are_theirs_alone(read_xes: Read) -> None:
    nested = '<string key="org" value="x"><string key="concept:name" value="out"/></string>'
    listed = '<list key="l"><values><string key="concept:name" value="out"/></values></list>'
    bad_rows, [case] = read_xes(log(trace(event("in", more=nested), event("call", more=listed))))
    assert bad_rows == [] and [act.act for act in case.acts] == ["accept"]


def test_a_prefix_of_the_namespace_is_no_part_of_a_name(tmp_path: Path) -> None:
    written = '<x:log xmlns:x="urn:x"><x:trace><x:string key="concept:name" value="c1"/></x:trace></x:log>'
    (tmp_path / "log.xes").write_text(written)
    with LogFile(tmp_path / "log.xes") as file:
        [row] = xes_rows(file, {"case:concept:name"})
    assert (row.cells, row.event) == ({"case:concept:name": "c1"}, False)


@pytest.mark.parametrize(
    ("events", "outcome"),
    [(("out", "off"), "refused"), (("off", "out"), "granted"), (("out",), "granted")],
)
def test_the_activity_of_the_end_says_the_outcome(
    read_xes: Read, events: tuple[str, ...], outcome: str
) -> None:
    rows = [event(name, f"2023-03-{day:02}T09:00:00Z") for day, name in enumerate(events, 10)]
    _, [case] = read_xes(log(trace(event("in"), *rows)), outcomes={"off": "refused"})
    assert (case.acts[-1].outcome, case.acts[-1].at.day) == (outcome, 9 + len(events))


def test_a_bad_event_is_told_with_its_line(read_xes: Read) -> None:
    twice = '<string key="concept:name" value="out"/>'
    bad_rows, cases = read_xes(
        log(
            trace(event("in", "soon")),
            trace(event("in", more=twice), name="c2"),
            trace(event("in"), name="c3"),
        )
    )
    assert bad_rows == [
        "line 2: case c1: time:timestamp “soon” is no time of the format iso",
        "line 3: case c2: the attribute concept:name stands there twice",
    ]
    assert [case.case for case in cases] == ["c3"]


BOMB = '<!DOCTYPE log [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>' + log(
    trace(event("&b;"))
)
OUTSIDE = '<!DOCTYPE log [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + log(trace(event("&a;")))


@pytest.mark.parametrize("written", [BOMB, OUTSIDE, "<!DOCTYPE log SYSTEM 'http://127.0.0.1:9/x.dtd'><log/>"])
def test_a_bomb_of_entities_is_refused(read_xes: Read, written: str) -> None:
    with pytest.raises(BadLog, match=r"line 1: a document type declaration; a log in XES has none"):
        read_xes(written)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", "no XML: no element found"),
        ("case,start\n", "line 1: no XML"),
        (log(trace(event("in")))[:-6], "no XML: no element found"),
        ("<html><body/></html>", "no XES: it begins with html"),
        (log(), "no trace and no event has the attributes case:concept:name, concept:name, time:timestamp"),
        ("<log>" + "<list>" * 70 + "</list>" * 70 + "</log>", "more than 64 levels of nesting"),
        (
            log(f'<trace>{event("in")}<string key="concept:name" value="c1"/></trace>'),
            "case:concept:name stands behind the events of its trace",
        ),
    ],
)
def test_a_file_that_is_no_log_is_refused(read_xes: Read, written: str, told: str) -> None:
    with pytest.raises(BadLog, match=told):
        read_xes(written)


def test_a_tag_without_an_end_does_not_fill_the_memory(
    read_xes: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xes, "TAG_BYTES_MOST", 200_000)
    with pytest.raises(BadLog, match="a tag of more than 200,000 bytes"):
        read_xes(f'<log><trace><string key="concept:name" value="{"x" * 1_000_000}"/></trace></log>')


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "log.xes.gz"

    def peak(traces: int) -> int:
        with gzip.open(path, "wt", encoding="utf-8") as file:
            file.write("<log>")
            for n in range(traces):
                file.write(trace(event("in"), event("out"), name=f"c{n}"))
            file.write("</log>")
        tracemalloc.start()
        with LogFile(path) as log_file:
            rows = sum(1 for _ in xes_rows(log_file, {"case:concept:name", "concept:name"}))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert rows == 2 * traces
        return most

    assert peak(10_000) < 1.5 * peak(1_000) + 200_000


@pytest.mark.parametrize("name", ["sample_log.csv", "permits_log.xes"])
def test_a_packed_log_is_the_same_log(tmp_path: Path, name: str) -> None:
    mapping = read_mapping((SHIPPED / name).with_suffix(".toml"))
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress((SHIPPED / name).read_bytes()))
    assert read_log(packed, mapping, tmp_path) == read_log(SHIPPED / name, mapping, tmp_path)


@pytest.mark.parametrize("name", ["log.csv.gz", "log.xes.gz"])
@pytest.mark.parametrize("harm", ["cut", "changed"])
def test_a_damaged_packed_log_is_refused(tmp_path: Path, name: str, harm: str) -> None:
    whole = log(trace(event("in"))) if ".xes" in name else f"{HEADER}\n{GOOD}\n"
    packed = gzip.compress(whole.encode())
    (tmp_path / name).write_bytes(packed[:-12] if harm == "cut" else packed[:-8] + b"\0" * 4 + packed[-4:])
    mapping = parse_mapping(XES if ".xes" in name else MAPPING)
    with pytest.raises(BadLog, match="the packed file is damaged"):
        read_log(tmp_path / name, mapping, tmp_path)
