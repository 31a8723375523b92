"""The file under a log: what can be read, what is passed over, and what nobody can read."""

from pathlib import Path

import pytest

from deploy.importing import rows as importing_rows
from deploy.importing.files import BadLog
from deploy.importing.mapping import parse_mapping
from tests.importing.conftest import GOOD, HEADER, MAPPING, Read, read_log


def test_a_long_cell_that_nobody_reads_is_no_fault(read: Read) -> None:
    bad_rows, cases = read(f"{GOOD},{'x' * 200_000}", "c2,Web,2023-03-02,,,", header=f"{HEADER},note")
    assert (bad_rows, len(cases)) == ([], 2)


def test_empty_rows_of_a_spreadsheet_are_passed_over(read: Read) -> None:
    bad_rows, cases = read(GOOD, ",,,,", "", " , ,,,", ",,,,,,,", "c2,Fax,,,")
    assert [line[:7] for line in bad_rows] == ["line 7:"] and len(cases) == 1


@pytest.mark.parametrize("said", ["sep=;", "SEP=;", '"sep=;"'])
def test_a_file_says_what_stands_between_its_cells(read: Read, said: str) -> None:
    rows = [HEADER.replace(",", ";"), GOOD.replace(",", ";"), "c2;Fax;2023-03-02;;"]
    bad_rows, cases = read(*rows, header=said)
    assert [line[:7] for line in bad_rows] == ["line 4:"] and len(cases) == 1


def test_the_line_of_a_row_after_a_cell_of_many_lines_is_right(read: Read) -> None:
    bad_rows, _ = read('c1,"Web\n\n",2023-03-02,,', "c2,Fax,2023-03-02,,")
    assert bad_rows[0].startswith("line 5: ")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (b"", "is empty"),
        (b"case,door,start,end,due\n", "has no row"),
        (b"case,door,end,due\nc1,Web,,\n", "line 1: missing columns: start; there are: case, door, end, due"),
        (b"case,door,start,start,end,due\n", "line 1: a column stands there twice: start"),
        (b"case;door;start;end;due\nc1;Web;;;\n", "line 1: missing columns"),
        (HEADER.encode() + b'\nc1,Web,2023-03-02,,\nc2,"Web,2023-03-02,,\n', "line 3: broken quoting"),
        (
            HEADER.encode() + b"\nc1,Web,2023-03-02,,\nc2,W\xe9b,2023-03-02,,\n",
            "line 3: not written in utf-8",
        ),
        (HEADER.encode("utf-16"), "line 1: not written in utf-8"),
    ],
)
def test_a_log_of_which_nothing_can_be_taken_is_refused(tmp_path: Path, written: bytes, told: str) -> None:
    log = tmp_path / "log.csv"
    log.write_bytes(written)
    with pytest.raises(BadLog, match=told):
        read_log(log, parse_mapping(MAPPING), tmp_path)


def test_a_row_without_an_end_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing_rows, "ROW_CHARACTERS_MOST", 10_000)
    log = tmp_path / "log.csv"
    log.write_text(f'{HEADER}\n{GOOD}\nc2,"Web,2023-03-02,,\n' + f"{GOOD}\n" * 1_000)
    with pytest.raises(
        BadLog, match="line 3: a row of more than 10,000 characters; perhaps a quotation mark"
    ):
        read_log(log, parse_mapping(MAPPING), tmp_path)


def test_a_missing_log_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadLog, match="No such file"):
        read_log(tmp_path / "none.csv", parse_mapping(MAPPING), tmp_path)


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text(f"{HEADER}\n{GOOD}\n", encoding="utf-8-sig")
    assert read_log(log, parse_mapping(MAPPING), tmp_path)[0] == []


def test_another_encoding_is_read_when_the_mapping_says_so(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text(f"{HEADER}\nc1,Büro,2023-03-02,,\n", encoding="latin-1")
    mapping = parse_mapping(
        MAPPING | {"source": {"name": "a", "encoding": "latin-1"}, "channels": {"Büro": "in_person"}}
    )
    bad_rows, [case] = read_log(log, mapping, tmp_path)
    assert bad_rows == [] and case.channel == "in_person"
