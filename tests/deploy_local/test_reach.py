"""Which run an operator's command reaches: the home's, or the one that the environment names, and never a part of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.topics import SERVICES
from deploy.command.command import main
from deploy.command.reach import VARIABLES, dsn, kafka, url
from deploy.local.home import Home
from deploy.local.keys import secrets_of
from deploy.local.process import Failed

INTAKE = "postgresql://intake:secret@db.example/intake"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in [*VARIABLES, "MOTCUA_POSTGRES_DSN"]:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_command_reaches_the_run_that_is_named_or_none(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = Home(tmp_path, 20_000)
    assert dsn(home, "intake").endswith("@127.0.0.1:20005/intake")
    assert dsn(home, "intake", owner=True).startswith("postgresql://intake_owner:")
    assert url(home, "notify") == "http://127.0.0.1:20003"
    assert kafka(home, "intake").password == secrets_of(tmp_path).kafka["intake"]
    environment.setenv("MOTCUA_INTAKE_DSN", INTAKE)
    assert dsn(home, "intake") == INTAKE
    for other in (
        lambda: dsn(home, "notify"),
        lambda: dsn(home, "intake", owner=True),
        lambda: url(home, "intake"),
        lambda: kafka(home, "intake"),
    ):
        with pytest.raises(Failed):
            other()
    environment.setenv("MOTCUA_KAFKA_BOOTSTRAP", "kafka.example:9092")
    environment.setenv("MOTCUA_KAFKA_USERNAME", "intake")
    assert kafka(home, "intake").bootstrap == "kafka.example:9092"


def test_what_is_not_named_is_told(
    environment: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("MOTCUA_HOME", str(tmp_path / "none"))
    assert main(["held", "list"]) == 1
    assert "is no home of a run" in capsys.readouterr().err
    environment.setenv("MOTCUA_REPORTING_DSN", INTAKE)
    assert main(["held", "list"]) == 1
    assert "MOTCUA_INTAKE_DSN is not set" in capsys.readouterr().err
    assert main(["secrets", "list"]) == 1  # of a home alone
    assert "is no home of a run" in capsys.readouterr().err


def test_a_database_that_does_not_answer_is_told(
    environment: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for service in SERVICES:
        environment.setenv(f"MOTCUA_{service.upper()}_DSN", "postgresql://intake:secret@127.0.0.1:1/intake")
    assert main(["reconcile"]) == 1
    assert "the database cannot be asked" in capsys.readouterr().err
    environment.setenv("MOTCUA_REPORTING_URL", "http://127.0.0.1:1")
    assert main(["verify-report", "--all"]) == 1
    assert "reporting does not answer" in capsys.readouterr().err
