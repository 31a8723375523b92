"""Kafka's doors by settings, each of a real broker: TLS with passwords, with tokens, with certificates."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from contracts.topics import topics_of
from deploy.local.kafka.run import Kafka
from services.chassis.kafka.subscription import leave, subscribe
from services.chassis.kafka.topic_check import check_topics
from services.chassis.process.kafka_client import Mechanism
from services.chassis.process.own_token import OwnToken
from services.chassis.process.settings import KafkaSettings, ServiceSettings, SettingsFault, load, variables
from services.chassis.process.tls import Tls
from tests.certificates import Authority
from tests.kafka_doors import SECRET, KafkaDoors, TokenEndpoint


@pytest.fixture(scope="module")
def endpoint(kafka_doors: KafkaDoors) -> Iterator[TokenEndpoint]:
    with kafka_doors.token_endpoint() as opened:
        yield opened


@pytest.fixture(scope="module")
def topic(kafka: Kafka) -> str:
    """A topic of all services, and a password of SCRAM-SHA-512 for one of them."""
    kafka.create_topic("entered")
    word = UserScramCredentialUpsertion(
        "intake", ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), b"another password"
    )
    admin = kafka.admin()
    for future in admin.alter_user_scram_credentials([word]).values():
        future.result(10)
    return "entered"


def by_password(doors: KafkaDoors, mechanism: Mechanism, password: str) -> KafkaSettings:
    tls = Tls(doors.authority.certificate)
    return KafkaSettings(doors.passwords, "intake", password, "SASL_SSL", mechanism, tls)


def by_token(doors: KafkaDoors, endpoint: TokenEndpoint, password: str = SECRET) -> KafkaSettings:
    tls = Tls(doors.authority.certificate)
    return KafkaSettings(
        doors.tokens, "intake", password, "SASL_SSL", "OAUTHBEARER", tls, endpoint.url, "topics"
    )


def by_certificate(doors: KafkaDoors, authority: Authority | None = None) -> KafkaSettings:
    own = (authority or doors.authority).sign("intake")
    tls = Tls(doors.authority.certificate, own.certificate, own.key)
    return KafkaSettings(doors.certificates, "", "", "SSL", tls=tls)


@pytest.mark.parametrize("door", ["SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "certificate"])
async def test_a_service_enters_by_its_settings_alone(
    kafka: Kafka, kafka_doors: KafkaDoors, endpoint: TokenEndpoint, topic: str, door: str
) -> None:
    """As itself, by all three kinds of client: one that administers, one that writes, and the reader's."""
    kafka_settings = {
        "SCRAM-SHA-256": lambda: by_password(kafka_doors, "SCRAM-SHA-256", kafka.passwords["intake"]),
        "SCRAM-SHA-512": lambda: by_password(kafka_doors, "SCRAM-SHA-512", "another password"),
        "OAUTHBEARER": lambda: by_token(kafka_doors, endpoint),
        "certificate": lambda: by_certificate(kafka_doors),
    }[door]()
    await check_topics(kafka_settings, topics_of("intake"))
    came: asyncio.Queue[bytes] = asyncio.Queue()

    async def on_batch(records: tuple[object, ...]) -> None:
        for record in records:
            came.put_nowait(record.value)  # type: ignore[attr-defined]

    broker, subscriber = subscribe(kafka_settings, [topic], "motcua.intake.entering", 10, on_batch, _Nobody())
    await broker.start()
    try:
        async with AIOKafkaProducer(**kafka_settings.client_options(), acks="all") as producer:
            await producer.send_and_wait(topic, door.encode())
            with pytest.raises(TopicAuthorizationFailedError):
                await producer.send_and_wait("notices", b"not intake's to write")
        async with asyncio.timeout(20):
            while await came.get() != door.encode():
                pass
    finally:
        await leave(broker, subscriber, "entering")


class _Nobody:
    async def assign(self, partitions: object) -> None:
        pass

    def revoke(self, partitions: object) -> None:
        pass


async def enters(kafka: KafkaSettings) -> bool:
    admin = AIOKafkaAdminClient(**kafka.client_options(), request_timeout_ms=5000)
    try:
        await admin.start()
    except KafkaError:
        return False
    finally:
        await admin.close()
    return True


async def test_a_broker_that_is_not_who_it_should_be_gets_no_password(
    kafka: Kafka, kafka_doors: KafkaDoors, tmp_path: Path
) -> None:
    """Signed by somebody else, or of another name: localhost answers as well, and its certificate names 127.0.0.1."""
    sound = by_password(kafka_doors, "SCRAM-SHA-256", kafka.passwords["intake"])
    assert await enters(sound)
    other = Tls(Authority(tmp_path, "somebody").certificate)
    assert not await enters(sound._replace(tls=other))
    assert not await enters(sound._replace(tls=Tls()))
    assert not await enters(sound._replace(bootstrap=sound.bootstrap.replace("127.0.0.1", "localhost")))


async def test_a_wrong_password_secret_or_certificate_does_not_enter(
    kafka: Kafka, kafka_doors: KafkaDoors, endpoint: TokenEndpoint, tmp_path: Path
) -> None:
    assert not await enters(by_password(kafka_doors, "SCRAM-SHA-512", "wrong"))
    assert not await enters(by_token(kafka_doors, endpoint, password="wrong"))
    assert not await enters(by_token(kafka_doors, endpoint)._replace(token_url="http://127.0.0.1:1/token"))
    assert not await enters(by_certificate(kafka_doors, Authority(tmp_path, "somebody")))


async def test_a_renewed_certificate_is_taken_while_it_runs(
    kafka: Kafka, kafka_doors: KafkaDoors, tmp_path: Path
) -> None:
    """The same paths, another certificate: the one before was signed by somebody else."""
    kafka_settings = by_certificate(kafka_doors, Authority(tmp_path, "somebody"))
    before = kafka_settings.client_options()["ssl_context"]
    assert not await enters(kafka_settings)
    good = kafka_doors.authority.sign("intake")
    shutil.copyfile(good.certificate, kafka_settings.tls.certificate)
    shutil.copyfile(good.key, kafka_settings.tls.key)
    assert await enters(kafka_settings)
    assert kafka_settings.client_options()["ssl_context"] is before


async def test_a_certificate_without_its_key_keeps_the_pair_of_before(
    kafka: Kafka, kafka_doors: KafkaDoors, tmp_path: Path
) -> None:
    """Two files are renewed one after the other, and a connection is opened in between."""
    kafka_settings = by_certificate(kafka_doors, kafka_doors.authority)
    tls, renewed = kafka_settings.tls, Authority(tmp_path, "somebody").sign("intake")
    assert await enters(kafka_settings)
    shutil.copyfile(renewed.certificate, tls.certificate)
    assert await enters(kafka_settings)
    os.truncate(tls.key, 100)
    assert await enters(kafka_settings)
    shutil.copyfile(renewed.key, tls.key)
    assert not await enters(kafka_settings)  # both are another authority's by now
    absent = tls._replace(key=renewed.key, certificate=kafka_doors.authority.certificate)
    with pytest.raises(ssl.SSLError):
        absent.context()


async def test_a_token_is_renewed_before_it_ends(kafka_doors: KafkaDoors) -> None:
    with kafka_doors.token_endpoint() as long, kafka_doors.token_endpoint(seconds=0) as short:
        token = OwnToken(long.url, "intake", SECRET, "topics", "")
        assert await token.token() == await token.token()
        assert long.asked == ["intake grant_type=client_credentials&scope=topics"]
        token = OwnToken(short.url, "intake", SECRET, "", "")
        await token.token()
        await token.token()
        assert short.asked == ["intake grant_type=client_credentials"] * 2


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (
            {"KAFKA_SASL_MECHANISM": "OAUTHBEARER", "KAFKA_SECURITY_PROTOCOL": "SASL_SSL"},
            "MOTCUA_KAFKA_TOKEN_URL",
        ),
        (
            {"KAFKA_SASL_MECHANISM": "OAUTHBEARER", "KAFKA_TOKEN_URL": "https://login.example/token"},
            "MOTCUA_KAFKA_SECURITY_PROTOCOL",
        ),
        ({"KAFKA_SECURITY_PROTOCOL": "SSL"}, "MOTCUA_KAFKA_TLS_CERTIFICATE"),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_USERNAME": ""}, "MOTCUA_KAFKA_USERNAME"),
        ({"KAFKA_TLS_CERTIFICATE": __file__}, "MOTCUA_KAFKA_TLS_CERTIFICATE: "),
        (
            {"KAFKA_TLS_CA": "/absent.pem"},
            "MOTCUA_KAFKA_TLS_CA: Value error, cannot be read (FileNotFoundError)",
        ),
        ({"KAFKA_SASL_MECHANISM": "PLAIN"}, "MOTCUA_KAFKA_SASL_MECHANISM"),
        (
            {"KAFKA_TOKEN_URL": "http://login.example/token"},
            "MOTCUA_KAFKA_TOKEN_URL: Value error, the client's",
        ),
        ({"KAFKA_TOKEN_URL": "http://127.0.0.1.example/token"}, "MOTCUA_KAFKA_TOKEN_URL"),
        ({"KAFKA_TOKEN_URL": "login.example/token"}, "MOTCUA_KAFKA_TOKEN_URL: Value error, is no address"),
    ],
)
def test_what_is_missing_for_a_door_is_told(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], fault: str
) -> None:
    for name in variables(ServiceSettings):
        monkeypatch.delenv(name, raising=False)
    sound = {
        "DATABASE_DSN": "postgresql://a@b/c",
        "KAFKA_BOOTSTRAP": "b:1",
        "KAFKA_USERNAME": "intake",
        "PORT": "1",
        "JWKS": "j",
        "JWT_ISSUER": "i",
        "JWT_AUDIENCE": "a",
    }
    for name, value in (sound | given).items():
        monkeypatch.setenv(f"MOTCUA_{name}", value)
    with pytest.raises(SettingsFault) as raised:
        load(ServiceSettings)
    assert fault in str(raised.value)
