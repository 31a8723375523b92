from collections.abc import Iterator
from pathlib import Path

import pytest

from services.chassis.process.settings import (
    KafkaSettings,
    SealingKeys,
    ServiceSettings,
    SettingsFault,
    SharedKeys,
    key_ring,
    load,
    variables,
)

GOOD = {
    "DATABASE_DSN": "postgresql://intake:secret-pw@127.0.0.1/intake",
    "KAFKA_BOOTSTRAP": "127.0.0.1:9092",
    "KAFKA_USERNAME": "intake",
    "KAFKA_PASSWORD": "secret-kafka",
    "PORT": "8001",
    "JWKS": "/keys.json",
    "JWT_ISSUER": "i",
    "JWT_AUDIENCE": "a",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for name in list(variables(ServiceSettings)):
        monkeypatch.delenv(name, raising=False)
    for name, value in GOOD.items():
        monkeypatch.setenv(f"MOTCUA_{name}", value)
    yield monkeypatch


def test_settings_are_read_from_the_environment(environment: pytest.MonkeyPatch) -> None:
    settings = load(ServiceSettings)
    assert settings.port == 8001
    assert settings.kafka == KafkaSettings("127.0.0.1:9092", "intake", "secret-kafka")
    assert settings.kafka.client_options()["sasl_mechanism"] == "SCRAM-SHA-256"


def test_no_username_is_no_authentication() -> None:
    assert KafkaSettings("b:1", "", "").client_options() == {"bootstrap_servers": "b:1"}


@pytest.mark.parametrize(
    ("host", "taken"), [("127.0.0.1", True), ("::1", True), ("::", False), ("10.0.0.7", False)]
)
def test_a_sandbox_is_refused_where_others_reach_it(
    environment: pytest.MonkeyPatch, host: str, taken: bool
) -> None:
    environment.setenv("MOTCUA_SANDBOX", "/sandbox-clock")
    environment.setenv("MOTCUA_HOST", host)
    if taken:
        assert load(ServiceSettings).sandbox == "/sandbox-clock"
    else:
        with pytest.raises(SettingsFault, match="MOTCUA_SANDBOX wants MOTCUA_HOST"):
            load(ServiceSettings)
    environment.setenv("MOTCUA_TRUSTED_PROXIES", "127.0.0.1/32")  # others come by way of it
    with pytest.raises(SettingsFault, match="MOTCUA_SANDBOX wants MOTCUA_HOST"):
        load(ServiceSettings)


def test_all_faults_are_told_at_once_without_values(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MOTCUA_PORT", "99999-secret")
    environment.setenv("MOTCUA_LOG_LEVEL", "LOUD-secret")
    environment.delenv("MOTCUA_DATABASE_DSN")
    with pytest.raises(SettingsFault) as raised:
        load(ServiceSettings)
    text = str(raised.value)
    assert all(name in text for name in ("MOTCUA_PORT", "MOTCUA_LOG_LEVEL", "MOTCUA_DATABASE_DSN"))
    assert "secret" not in text
    assert raised.value.code == 78


def test_secrets_do_not_show(environment: pytest.MonkeyPatch) -> None:
    assert "secret-" not in repr(load(ServiceSettings))


def test_every_variable_has_its_sentence() -> None:
    assert all(sentence.endswith(".") for sentence in variables(ServiceSettings).values())


class _Keys(ServiceSettings):
    shared: SharedKeys
    sealing: SealingKeys


def test_a_ring_of_keys_is_read_in_its_order(environment: pytest.MonkeyPatch) -> None:
    new, old = "n" * 32, "o" * 40
    environment.setenv("MOTCUA_SHARED", f"{new}, {old}")
    environment.setenv("MOTCUA_SEALING", "a" * 128)
    settings = load(_Keys)
    assert key_ring(settings.shared) == (new, old)
    assert key_ring(settings.sealing) == ("a" * 128,)


@pytest.mark.parametrize("ring", ["", "x" * 31, f"{'x' * 32},", f"{'x' * 32},short"])
def test_one_bad_key_of_a_ring_is_refused(environment: pytest.MonkeyPatch, ring: str) -> None:
    environment.setenv("MOTCUA_SHARED", ring)
    environment.setenv("MOTCUA_SEALING", f"{'a' * 128},{'g' * 128}")
    with pytest.raises(SettingsFault) as raised:
        load(_Keys)
    assert {fault.split(":")[0] for fault in raised.value.faults} == {"MOTCUA_SHARED", "MOTCUA_SEALING"}
    assert "xxx" not in str(raised.value) and "aaa" not in str(raised.value)


def test_a_secret_is_read_from_its_file(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "dsn").write_text("postgresql://from-a-file\n", encoding="utf-8")
    environment.setenv("MOTCUA_DATABASE_DSN_FILE", str(tmp_path / "dsn"))
    with pytest.raises(SettingsFault) as both:
        load(ServiceSettings)
    assert both.value.faults == ["MOTCUA_DATABASE_DSN: given itself and as a file; one of them"]
    environment.delenv("MOTCUA_DATABASE_DSN")
    assert load(ServiceSettings).database_dsn.get_secret_value() == "postgresql://from-a-file"
    environment.setenv("MOTCUA_DATABASE_DSN_FILE", str(tmp_path / "absent"))
    with pytest.raises(SettingsFault) as absent:
        load(ServiceSettings)
    assert "MOTCUA_DATABASE_DSN_FILE: cannot be read (FileNotFoundError)" in absent.value.faults
