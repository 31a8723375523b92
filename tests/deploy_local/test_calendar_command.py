"""`motcua calendar`: check tells every fault of a file with its place; the other acts ask processing, or say why they cannot."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from deploy.command.command import main
from deploy.local.home import OFFSETS
from deploy.local.issuer import Issuer
from services.chassis.process.ending import end
from services.processing.calendar.recount import Recounter
from services.processing.clock.calendar_file import read
from services.processing.clock.working_days import SHIPPED, read_declarations
from tests.databases import Database
from tests.processing.conftest import open_house

FreePorts = Callable[[int], list[int]]
DOCUMENT = "Công văn 2222/VPCP-KGVX"


def test_the_shipped_calendar_is_summed_up_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calendar", "check"]) == 0
    assert capsys.readouterr().out == (
        "63 declarations (59 off, 4 worked) of 8 documents, for 2023, 2024, 2025, 2026\n"
    )


def test_what_is_checked_is_what_is_read() -> None:
    found = read(SHIPPED.read_bytes())
    assert (found.declarations, found.faults) == (read_declarations(), [])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"document": "nghỉ bù"}, "document 1: document: an official number"),
        ({"announced_on": "1/7/2026"}, "document 1: announced_on: a date"),
        ({"off": ["2026-13-01"]}, "document 1: off 1: a date"),
        ({"off": "2026-11-24"}, "document 1: off: a list of days"),
        ({"off": []}, "document 1: declares no day"),
        ({"off": ["2026-11-24", "2026-11-24"]}, "document 1: off 2: 2026-11-24 stands in document 1: off 1"),
        ({"worked": ["2026-06-06"]}, "document 1: worked 1: 2026-06-06 is declared worked when it has begun"),
        ({"worked": ["2026-11-25"]}, "2026-11-25: is declared worked and was no day off"),
        ({"colour": "red"}, "document 1: colour: is not known here"),
    ],
)
def test_each_fault_of_a_file_is_a_line_with_its_place(
    change: dict[str, Any], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = {"document": DOCUMENT, "announced_on": "2026-07-01", "off": ["2026-11-24"], **change}
    file = tmp_path / "mine.json"
    file.write_text(json.dumps([document]), encoding="utf-8")
    assert main(["calendar", "check", str(file)]) == 1
    assert said in capsys.readouterr().out


@pytest.mark.parametrize("content", ["{}", "no", "[1]"])
def test_what_is_no_calendar_is_told(content: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(content, encoding="utf-8")
    assert main(["calendar", "check", str(file)]) == 1


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calendar", "check", str(tmp_path / "none.json")]) == 1
    assert "none.json: No such file" in capsys.readouterr().err


def test_without_processing_it_says_what_to_do(
    tmp_path: Path,
    free_ports: FreePorts,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MOTCUA_HOME", str(tmp_path))
    monkeypatch.setenv("MOTCUA_PORT_BASE", str(_base(free_ports)))
    assert main(["calendar", "list"]) == 1
    assert f"nothing has run in {tmp_path} yet" in capsys.readouterr().err
    Issuer(tmp_path)
    assert main(["calendar", "list"]) == 1
    assert "does not answer" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["declare", "Friday", "off", "--document", DOCUMENT], "DAY is no date"),
        (
            ["declare", "2026-03-06", "off", "--document", DOCUMENT, "--announced-at", "soon"],
            "--announced-at is no instant",
        ),
        (["withdraw", "6.3.2026"], "DAY is no date"),
    ],
)
def test_an_argument_that_cannot_be_read_is_named(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calendar", *words]) == 1
    assert said in capsys.readouterr().err


def _base(free_ports: FreePorts) -> int:
    return next(port for port in free_ports(50) if port < 65_000) - OFFSETS["processing"]


@pytest.fixture
def running(
    database: Callable[..., Database],
    tmp_path: Path,
    free_ports: FreePorts,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[None]:
    """Processing at the port where the command looks for it, with its recounts, in a thread of its own."""
    base = _base(free_ports)
    monkeypatch.setenv("MOTCUA_HOME", str(tmp_path))
    monkeypatch.setenv("MOTCUA_PORT_BASE", str(base))
    made, started, servers = database("processing"), threading.Event(), []

    async def serve() -> None:
        async with open_house(made, tmp_path) as house:
            recounts = asyncio.create_task(
                Recounter(house.declaring, house.desk.new_id(), settled_seconds=0).run()
            )
            server = uvicorn.Server(
                uvicorn.Config(
                    house.application,
                    port=base + OFFSETS["processing"],
                    lifespan="off",
                    log_config=None,
                )
            )
            servers.append(server)
            serving = asyncio.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
            started.set()
            await serving
            await end([recounts])

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert started.wait(20)
    yield
    servers[0].should_exit = True
    thread.join(20)


def test_a_day_is_declared_listed_and_withdrawn_by_two(
    running: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The house's clock stands at 7 March 2023."""
    at = ["--document", DOCUMENT, "--announced-at", "2023-03-06"]
    other = ["--token", Issuer(tmp_path).token("calendar", subject="minh")]
    assert main(["calendar", "declare", "10/03/2023", "off", *at]) == 0
    waits = f"2023-03-10 off by {DOCUMENT} waits for another person: `motcua calendar confirm 2023-03-10 --token TOKEN`"
    assert capsys.readouterr().out.splitlines() == [waits]
    assert main(["calendar", "unconfirmed"]) == 0
    line = f"declare   2023-03-10  off     {DOCUMENT}  announced 2023-03-06T00:00:00+07:00  by local-calendar"
    assert capsys.readouterr().out.splitlines() == [line]
    assert main(["calendar", "confirm", "2023-03-10"]) == 1
    assert "proposed-by-yourself" in capsys.readouterr().err
    assert main(["calendar", "confirm", "2023-03-10", *other]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"declared: 2023-03-10 off by {DOCUMENT}; it is a day off now",
        "0 of 0 open dossiers counted again, 0 dates moved",
    ]
    assert (
        main(
            [
                "calendar",
                "declare",
                "10/03/2023",
                "off",
                "--document",
                DOCUMENT,
                "--announced-at",
                "2023-03-07",
            ]
        )
        == 0
    )
    assert capsys.readouterr().out == "2023-03-10 is declared off already: a day off\n"
    assert main(["calendar", "confirm", "2023-03-10", *other]) == 1
    assert "nothing of 2023-03-10 waits to be confirmed" in capsys.readouterr().err
    assert main(["calendar", "list", "--year", "2023"]) == 0
    line = f"2023-03-10  off     {DOCUMENT}  announced 2023-03-06T00:00:00+07:00"
    assert line in capsys.readouterr().out.splitlines()
    assert main(["calendar", "declare", "2023-03-06", "worked", *at]) == 1
    assert "worked-day-not-in-the-future: a day after 2023-03-07" in capsys.readouterr().err
    assert main(["calendar", "declare", "2023-03-13", "off", "--document", "nghỉ bù của tôi"]) == 1
    assert "document" in capsys.readouterr().err
    assert main(["calendar", "withdraw", "2023-03-10"]) == 0
    assert "waits for another person" in capsys.readouterr().out
    assert main(["calendar", "refuse", "2023-03-10"]) == 0
    assert capsys.readouterr().out.startswith("refused: withdraw  2023-03-10")
    assert main(["calendar", "withdraw", "2023-03-10"]) == 0
    assert main(["calendar", "confirm", "2023-03-10", *other]) == 0
    assert f"withdrawn: 2023-03-10 off by {DOCUMENT}; it is a working day now" in capsys.readouterr().out
    assert main(["calendar", "withdraw", "2023-03-10"]) == 1
    assert "nothing is declared of 2023-03-10" in capsys.readouterr().err
    assert main(["calendar", "list", "--year", "2031"]) == 0
    *by_law, last = capsys.readouterr().out.splitlines()
    assert "2031-01-01  off     Bộ luật Lao động 45/2019/QH14, điều 112  by law: Tết Dương lịch" in by_law
    assert last == "Tết and 2 September of 2031 are not declared yet: its dates are provisional"
