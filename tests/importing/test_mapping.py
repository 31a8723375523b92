"""A mapping is checked as a whole: every fault has its line, and what is shipped is sound."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from deploy.importing.mapping import SHIPPED, BadMapping, Mapping, parse_mapping, read_mapping

SOUND: dict[str, Any] = {
    "source": {"name": "a-log"},
    "columns": {"case": "case", "channel": "door", "activity": "what", "time": "at"},
    "dates": {"accepted": {"column": "start"}, "resolved": {"activity": "signed", "which": "last"}},
    "dossier": {"procedure": "1.009982"},
    "channels": {"Web": "online"},
    "steps": [{"activity": "look", "step": "tham_tra", "unit": "H29.015.00/QLXD"}],
}


def changed(*changes: tuple[str, Any]) -> dict[str, Any]:
    """SOUND with values put at dotted keys; None takes the key out."""
    tables = deepcopy(SOUND)
    for key, value in changes:
        *path, last = key.split(".")
        table = tables
        for part in path:
            table = table.setdefault(part, {})
        if value is None:
            del table[last]
        else:
            table[last] = value
    return tables


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_a_shipped_mapping_is_sound(path: Path) -> None:
    assert read_mapping(path).source.name == path.stem.replace("_", "-")


def test_a_sound_mapping_is_read() -> None:
    mapping = parse_mapping(SOUND)
    assert mapping.needed_columns() == {"case", "door", "what", "at", "start"}
    assert mapping.source.encoding == "utf-8-sig"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("source.name", None), "source.name: Field required"),
        (("source.name", "Mit Leerzeichen"), "source.name:"),
        (("source.encoding", "utf-99"), "no encoding that Python knows"),
        (("source.delimiter", ";;"), "source.delimiter:"),
        (("columns.case", None), "columns.case: Field required"),
        (("columns.kase", "x"), "columns.kase: Extra inputs are not permitted"),
        (("columns.channel", None), "give either columns.channel or dossier.channel"),
        (("dossier.channel", "online"), "give either columns.channel or dossier.channel"),
        (("dossier.procedure", None), "give either columns.procedure or dossier.procedure"),
        (("dossier.procedure", "9.999999"), "'9.999999' is not in the catalogue"),
        (("dossier.office", "somewhere"), "dossier.office:"),
        (("dossier.outcome", "lost"), "dossier.outcome:"),
        (("dossier.late_reason", "lazy"), "dossier.late_reason:"),
        (("dossier.rejection_reason", "rain"), "dossier.rejection_reason:"),
        (("dossier.return_method", "pigeon"), "dossier.return_method:"),
        (("dossier.unit", "lower case"), "dossier.unit:"),
        (("dossier.project_class", "large"), "dossier.project_class:"),
        (("channels", {}), "columns.channel needs the table channels"),
        (("channels.Fax", "fax"), "channels.Fax:"),
        (("procedures.x", "9.999999"), "procedures: '9.999999' is not in the catalogue"),
        (("time.format", "%d/%m"), "time.format: the pattern reads no year"),
        (("time.format", "%d/%Y/%"), "time.format: not a pattern"),
        (("time.zone", "Asia/Saigonn"), "time.zone: 'Asia/Saigonn' is no time zone"),
        (("time.keep", "both"), "time.keep:"),
        (("dates.accepted", {}), "dates.accepted: give either column or activity"),
        (
            ("dates.accepted", {"column": "a", "activity": "b"}),
            "dates.accepted: give either column or activity",
        ),
        (("dates.accepted.which", "middle"), "dates.accepted.which:"),
        (("dates.resolved.activity", []), "dates.resolved.activity."),
        (("dates.resolved.activity", [""]), "dates.resolved.activity."),
        (("outcomes", {"look": "granted"}), "outcomes: not among the activities of dates.resolved: look"),
        (("outcomes", {"signed": "lost"}), "outcomes.signed:"),
        (("dates.accepted", None), "dates: give submitted, accepted or both"),
        (("dates", {"submitted": {"column": "a"}, "due": {"column": "b"}}), "need accepted"),
        (
            ("dates", {"accepted": {"column": "a"}, "returned": {"column": "b"}}),
            "dates: returned needs resolved",
        ),
        (("columns.activity", None), "need columns.activity and columns.time"),
        (("steps", [SOUND["steps"][0], SOUND["steps"][0]]), "an activity stands there twice"),
        (("steps", [{"activity": "look", "step": "nap", "unit": "H29"}]), "steps.0.step:"),
    ],
)
def test_a_faulty_mapping_is_refused(change: tuple[str, Any], told: str) -> None:
    with pytest.raises(BadMapping) as fault:
        parse_mapping(changed(change))
    assert told in str(fault.value)


def test_a_column_of_procedures_needs_its_table() -> None:
    with pytest.raises(BadMapping, match="needs the table procedures"):
        parse_mapping(changed(("dossier.procedure", None), ("columns.procedure", "kind")))


def test_a_class_comes_from_one_place() -> None:
    with pytest.raises(BadMapping, match=r"give columns\.project_class, dossier\.project_class or neither"):
        parse_mapping(changed(("dossier.project_class", "A"), ("columns.project_class", "class")))


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(BadMapping) as fault:
        parse_mapping(changed(("source.name", "?"), ("time.zone", "?"), ("dossier.outcome", "?")))
    assert len(str(fault.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (b"[source\n", "no TOML"),
        (b'[source]\nname = "a"\nname = "b"\n', "no TOML"),
        ('[source]\nname = "Sổ"\n'.encode("utf-16"), "UTF-8"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, written: bytes, told: str) -> None:
    path = tmp_path / "mapping.toml"
    path.write_bytes(written)
    with pytest.raises(BadMapping, match=told):
        read_mapping(path)


def test_a_missing_mapping_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadMapping, match="No such file"):
        read_mapping(tmp_path / "none.toml")


def test_an_empty_mapping_names_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(BadMapping) as fault:
        parse_mapping({})
    assert {line.split(":")[1].strip() for line in str(fault.value).splitlines()} == {
        "source",
        "columns",
        "dates",
    }


def test_mappings_are_values() -> None:
    assert parse_mapping(SOUND) == Mapping.model_validate(SOUND)
