"""`motcua config check`: every fault at once, the name that was meant, which part does not answer, and no value."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.command.config import check
from deploy.local.kafka.run import Kafka
from services.chassis.process.settings import KafkaSettings
from tests.chassis.issuing import AUDIENCE, ISSUER, Issuer
from tests.conftest import NewDatabase


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    for name in [name for name in os.environ if name.startswith("MOTCUA_")]:
        monkeypatch.delenv(name)
    given = {
        "DATABASE_DSN": "postgresql://somebody:hidden@127.0.0.1:1/none",
        "KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "PORT": "8001",
        "JWKS": Issuer().write(tmp_path),
        "JWT_ISSUER": ISSUER,
        "JWT_AUDIENCE": AUDIENCE,
    }
    for name, value in given.items():
        monkeypatch.setenv(f"MOTCUA_{name}", value)
    return monkeypatch


def test_every_fault_of_settings_is_told_at_once(environment: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    environment.setenv("MOTCUA_DRAIN_SECOND", "5")
    environment.setenv("MOTCUA_PORT", "hidden")
    environment.setenv("MOTCUA_CORS_ORIGINS", "hidden")
    assert check("reporting", said.append) == 1
    assert said[0] == "MOTCUA_DRAIN_SECOND: no such setting; MOTCUA_DRAIN_SECONDS?"
    assert {line.split(":")[0] for line in said[1:3]} == {"MOTCUA_PORT", "MOTCUA_CORS_ORIGINS"}
    assert said[-1] == "3 faults" and "hidden" not in str(said)


def test_parts_that_do_not_answer_are_named(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said: list[str] = []
    (tmp_path / "jwks.json").write_text("{}", encoding="utf-8")
    assert check("reporting", said.append) == 1
    named = {line.split(":")[0] for line in said[:-1]}
    assert named == {"MOTCUA_DATABASE_DSN", "MOTCUA_KAFKA_BOOTSTRAP", "MOTCUA_JWKS"}
    assert "hidden" not in str(said) and "somebody" not in str(said)


def test_sound_settings_are_said_to_be_sound(
    environment: pytest.MonkeyPatch,
    database: NewDatabase,
    kafka: Kafka,
    kafka_as: Callable[[str], KafkaSettings],
) -> None:
    said: list[str] = []
    reached = kafka_as("reporting")
    environment.setenv("MOTCUA_DATABASE_DSN", database("reporting").dsn)
    environment.setenv("MOTCUA_KAFKA_BOOTSTRAP", reached.bootstrap)
    environment.setenv("MOTCUA_KAFKA_USERNAME", reached.username)
    environment.setenv("MOTCUA_KAFKA_PASSWORD", reached.password)
    assert check("reporting", said.append) == 0, said
    assert said == ["reporting: the settings are sound, and every part answers"]
