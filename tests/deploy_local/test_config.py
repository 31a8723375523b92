"""`motcua config check`: every fault at once, the name that was meant, which part does not answer, and no value."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import TypeAdapter

from deploy import setting_tables
from deploy.command.config import SETTINGS, check
from deploy.local.kafka.run import Kafka
from services.chassis.process.settings import PREFIX, KafkaSettings
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
    assert "MOTCUA_KAFKA_BOOTSTRAP: nobody listens there (ConnectionRefusedError)" in said
    assert "MOTCUA_JWKS: what is there is no set of keys (KeysUnavailable)" in said
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
    said.clear()
    environment.setenv("MOTCUA_KAFKA_PASSWORD", "another")
    assert check("reporting", said.append) == 1
    refused = "it answers, and refuses the user or the password"
    assert f"MOTCUA_KAFKA_BOOTSTRAP: {refused} (SaslAuthenticationFailed)" in said


def test_every_setting_has_a_unit_and_an_example_that_is_taken() -> None:
    for service, kind in SETTINGS.items():
        examples = {name: setting_tables.example(f"{PREFIX}{name.upper()}") for name in kind.model_fields}
        for name, field in kind.model_fields.items():
            taken = (
                TypeAdapter(Annotated[field.annotation, *field.metadata])
                if field.metadata
                else TypeAdapter(field.annotation)
            )
            assert examples[name], (service, name)
            if not name.startswith("kafka_tls") and name not in (
                "smtp_dkim_key",
                "smtp_tls_ca",
                "offices_file",
            ):  # paths of files that must be there
                taken.validate_strings(examples[name])
            if field.annotation in (int, float):
                assert setting_tables.unit(f"{PREFIX}{name.upper()}"), (service, name)
    shown = "\n".join([*setting_tables.of_services(), *setting_tables.of_the_command()])
    assert set(setting_tables.EXAMPLES) <= set(re.findall(r"`(MOTCUA_[A-Z0-9_]+)`", shown))
