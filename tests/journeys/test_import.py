"""Importing a log into a second, empty house beside the first."""

import gzip
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.journeys.conftest import MOTCUA, ROOT, House

pytestmark = pytest.mark.servers

ITS_YEARS = {"from": "2010-01-01", "to": "2012-12-31"}
MAPPINGS = ROOT / "deploy/importing/mappings"
PERMIT_LOG = ROOT.parent / "shared/data/permit_receipt_log.csv"
SAMPLE = ("import", str(MAPPINGS / "sample_log.csv"), "--mapping", str(MAPPINGS / "sample_log.toml"))
PERMITS = ("import", str(PERMIT_LOG), "--mapping", str(MAPPINGS / "permit_receipt_log.toml"))
needs_permit_log = pytest.mark.skipif(
    not PERMIT_LOG.exists(), reason="the permit log is not beside the checkout"
)


@needs_permit_log
def test_the_permit_log_comes_out_exactly(first_house: House, second_house: House) -> None:
    elsewhere = first_house.counts()["submitted"]
    done = second_house.motcua(*PERMITS, seconds=120)
    assert done.returncode == 0, done.stdout + done.stderr
    for figure in ("1,434", "1,329", "105"):
        assert figure in done.stdout
    counts = second_house.counts(**ITS_YEARS)
    assert (counts["received"], counts["resolved"], counts["pending"]) == (1_434, 1_329, 105)
    assert first_house.counts()["submitted"] == elsewhere


@needs_permit_log
def test_rows_of_the_permit_log_add_up(second_house: House) -> None:
    months = second_house.counts(by="month", **{"from": "2010-10-01", "to": "2012-01-31"})["rows"]
    assert {row["key"]: row["received_new"] for row in months}["2010-12"] == 132
    assert (sum(row["received_new"] for row in months), sum(row["resolved"] for row in months)) == (
        1_434,
        1_329,
    )
    channels = second_house.counts(by="channel", **ITS_YEARS)["rows"]
    assert {row["key"]: row["received"] for row in channels} == {
        "online": 1_250,
        "in_person": 131,
        "postal": 53,
    }


@needs_permit_log
def test_a_second_load_takes_nothing_twice(second_house: House) -> None:
    before = second_house.counts()
    done = second_house.motcua(*PERMITS, seconds=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1,434 cases had been taken before" in done.stdout
    assert second_house.counts()["submitted"] == before["submitted"]


def test_an_interrupted_import_goes_on(first_house: House, tmp_path: Path) -> None:
    """Killed while it takes cases in, then started again: every case is there once."""
    log = tmp_path / "log.csv"
    rows = [
        f"case-{n},2021-03-{n % 28 + 1:02}T09:00:00,2021-04-{n % 28 + 1:02}T09:00:00" for n in range(4_000)
    ]
    log.write_text("\n".join(("case,start,end", *rows)) + "\n")
    mapping = tmp_path / "log.toml"
    mapping.write_text(
        '[source]\nname = "interrupted"\n[columns]\ncase = "case"\n'
        '[dates]\naccepted = { column = "start" }\nresolved = { column = "end" }\n'
        '[dossier]\nprocedure = "1.009982"\nchannel = "online"\nlate_reason = "other"\n'
    )
    arguments = ("import", str(log), "--mapping", str(mapping))
    first = subprocess.Popen(
        [str(MOTCUA), *arguments], env=first_house.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert first.stdout is not None
    for line in first.stdout:
        if "processed" in line:
            break
    first.send_signal(signal.SIGKILL)
    first.wait()
    window = {"from": "2021-01-01", "to": "2021-12-31"}
    done = first_house.motcua(*arguments, seconds=120)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = first_house.counts(**window)
    assert (counts["received"], counts["resolved"], counts["pending"]) == (4_000, 4_000, 0)


def test_the_sample_is_taken_without_its_bad_cases(second_house: House) -> None:
    done = second_house.motcua(*SAMPLE)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "line 22: case A-008" in done.stdout
    assert "5 bad rows: 5 cases with one are left out, 7 are taken." in done.stdout
    counts = second_house.counts(**{"from": "2023-03-01", "to": "2023-03-31"})
    flows = {name: counts[name] for name in ("submitted", "received_new", "resolved", "not_accepted")}
    assert flows == {"submitted": 7, "received_new": 5, "resolved": 4, "not_accepted": 1}


@pytest.mark.parametrize(
    ("name", "month", "came"),
    [
        (
            "register_log.csv",
            "2023-04",
            {"received": 7, "resolved": 5, "pending": 2, "waiting": 0, "not_accepted": 0},
        ),
        (
            "permits_log.xes",
            "2023-05",
            {"received": 5, "resolved": 4, "pending": 1, "waiting": 1, "not_accepted": 1},
        ),
    ],
)
def test_logs_of_other_shapes_come_out_as_told(
    second_house: House, tmp_path: Path, name: str, month: str, came: dict[str, int]
) -> None:
    """Packed; by what reporting has more than before, for other tests' cases may be pending."""
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress((MAPPINGS / name).read_bytes()))
    window = {"from": f"{month}-01", "to": "2023-05-31"}
    before = second_house.counts(**window)
    done = second_house.motcua("import", str(packed), "--mapping", name.split(".")[0])
    assert done.returncode == 1, done.stdout + done.stderr
    after = second_house.counts(**window)
    assert {figure: after[figure] - before[figure] for figure in came} == came
    assert (second_house.home / "imports" / f"{name.split('.')[0].replace('_', '-')}.left-out.csv").exists()


def test_a_log_exported_again_is_laid_beside_what_was_taken(second_house: House, tmp_path: Path) -> None:
    """One end moved, one is no longer there, one case came by another door: each is told, and the counts stay."""
    assert second_house.motcua(*SAMPLE).returncode == 1
    before = second_house.counts()
    later = tmp_path / "later.csv"
    written = (MAPPINGS / "sample_log.csv").read_text(encoding="utf-8")
    rows = written.replace("20/03/2023 10:30", "20/03/2023 14:30").splitlines(keepends=True)
    rows = [row for row in rows if not row.startswith("A-012") or "Ký kết quả" not in row]
    rows = [row.replace("Cổng DVC", "Bưu chính") if row.startswith("A-006") else row for row in rows]
    later.write_text("".join(rows), encoding="utf-8")
    done = second_house.motcua("import", str(later), "--mapping", SAMPLE[3])
    assert done.returncode == 1, done.stdout + done.stderr
    for told in (
        "refused: case A-001: processing: differs-from-record the record has DossierResolved (outcome granted)",
        "the import tells resolve at 2023-03-20T14:30:00+07:00",
        "refused: case A-006: intake: differs-from-record channel: channel is postal, the record has online",
        "refused: case A-012: processing: differs-from-record the record has DossierResolved",
    ):
        assert told in done.stdout
    assert "3 cases were refused; the rest is taken." in done.stdout
    assert second_house.counts()["resolved"] == before["resolved"]

    done = second_house.motcua("import", str(later), "--mapping", SAMPLE[3], "--correct", "12/QĐ-SXD")
    assert done.returncode == 1, done.stdout + done.stderr
    assert (
        "3 cases were corrected: what was told before is reversed, with the reason and the document."
        in done.stdout
    )
    assert "refused: case A-006" not in done.stdout
    after = second_house.counts()
    assert (after["resolved"], after["pending"]) == (before["resolved"] - 1, before["pending"] + 1)
    assert after["received"] == before["received"]
    done = second_house.motcua("import", str(later), "--mapping", SAMPLE[3])
    assert "cases were refused" not in done.stdout
    moved = ("complete_up_to",)
    now = second_house.counts()
    assert {k: v for k, v in now.items() if k not in moved} == {
        k: v for k, v in after.items() if k not in moved
    }
    done = second_house.motcua("import", str(later), "--mapping", SAMPLE[3], "--correct", "of yesterday")
    assert (done.returncode, "--correct: document" in done.stderr) == (1, True)


def test_a_log_whose_dates_all_moved_is_corrected(second_house: House, tmp_path: Path) -> None:
    """Its day of submission is its day of acceptance: every flow leaves the months before, and what was known then stays known so."""
    log, mapping = tmp_path / "log.csv", tmp_path / "log.toml"
    mapping.write_text(
        '[source]\nname = "moved-log"\n[columns]\ncase = "case"\n[dates]\naccepted = { column = "start" }\n'
        'resolved = { column = "end" }\n[dossier]\nprocedure = "1.009982"\nchannel = "online"\nlate_reason = "other"\n'
    )

    def written(month: int) -> None:
        rows = [
            f"m{n},2019-{month:02}-{n:02}T09:00:00,2019-{month:02}-{n + 9:02}T09:00:00" for n in range(1, 10)
        ]
        log.write_text("\n".join(("case,start,end", *rows)) + "\n")

    def flows(month: int, **more: str) -> tuple[int, ...]:
        window = {"from": f"2019-{month:02}-01", "to": f"2019-{month:02}-28"}
        counts = second_house.counts(**window, **more)
        return tuple(counts[flow] for flow in ("submitted", "received_new", "resolved"))

    written(3)
    assert second_house.motcua("import", str(log), "--mapping", str(mapping)).returncode == 0
    assert flows(3) == (9, 9, 9)
    then = second_house.counts()["complete_up_to"]
    written(5)
    done = second_house.motcua("import", str(log), "--mapping", str(mapping), seconds=120)
    assert done.returncode == 1 and "9 cases were refused" in done.stdout, done.stdout
    done = second_house.motcua(
        "import", str(log), "--mapping", str(mapping), "--correct", "7/QĐ-SXD", seconds=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "9 cases were corrected" in done.stdout
    assert (flows(3), flows(5)) == ((0, 0, 0), (9, 9, 9))
    assert (flows(3, as_of=then), flows(5, as_of=then)) == ((9, 9, 9), (0, 0, 0))
    asked = {"from": "2019-03-01", "to": "2019-03-31", "as_of": then}
    url = f"http://127.0.0.1:{second_house.port_base + 4}/v1/corrections"
    changes = httpx.get(url, params=asked, trust_env=False).raise_for_status().json()
    listed = [each for each in changes["corrections"] if each["event"] == "SubmissionCorrected"]
    assert len(listed) == 9 and {each["document"] for each in listed} == {"7/QĐ-SXD"}
    done = second_house.motcua("import", str(log), "--mapping", str(mapping), seconds=120)
    assert done.returncode == 0 and "9 cases had been taken before" in done.stdout, done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("import", "none.csv", "--mapping", SAMPLE[3]), "none.csv: No such file"),
        (("import", SAMPLE[1], "--mapping", "none.toml"), "none.toml: No such file"),
        (("import", SAMPLE[1], "--mapping", PERMITS[3]), "missing columns"),
        (("import", "/dev/null", "--mapping", SAMPLE[3]), "is empty"),
    ],
)
def test_what_cannot_be_read_takes_nothing(first_house: House, arguments: tuple[str, ...], told: str) -> None:
    done = first_house.motcua(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_running_house_it_says_so(tmp_path: Path) -> None:
    nobody = House(tmp_path, 10_990)
    began_at = time.monotonic()
    done = nobody.motcua(*SAMPLE)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "motcua up" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert time.monotonic() - began_at < 30
    assert not (tmp_path / "secrets.json").exists() and not (tmp_path / "issuer-key.json").exists()
