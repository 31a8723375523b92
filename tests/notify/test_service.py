"""The whole service as a process: events and contacts in by Kafka, a letter and an answer out, killed in between."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from uuid_utils.compat import uuid7

from contracts import envelope, intake, processing
from contracts.sealed import seal
from services.chassis.log.databases import open_pool
from services.chassis.process.settings import KafkaSettings
from tests.notify.examples import CODE, CODE_KEY
from tests.notify.issuer import AUDIENCE, ISSUER, Issuer
from tests.notify.mailbox import Mailbox
from tests.notify.messages.stand_in import StandIn, stand_in

PATIENCE_SECONDS = 60
NUMBER = "+84987654321"


class Notify:
    """The service under test, with its doors."""

    def __init__(self, environment: dict[str, str], url: str, token: str, log: Path) -> None:
        self._environment = environment
        self._log = log
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.notify.app", env=self._environment, stderr=log
            )
        await self.until(self._ready)

    async def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def replay(self) -> None:
        """Every reader begins at the beginning of its topics."""
        async with open_pool(self._environment["MOTCUA_DATABASE_DSN"], size=1) as pool:
            await pool.execute("UPDATE reader_positions SET position = 0")

    async def caught_up(self) -> bool:
        async with open_pool(self._environment["MOTCUA_DATABASE_DSN"], size=1) as pool:
            return bool(
                await pool.fetchval("SELECT sum(position) > 0 FROM reader_positions WHERE topic = 'dossiers'")
            )

    def logged(self) -> str:
        return self._log.read_text(encoding="utf-8")

    async def leave(self) -> int:
        assert self._process is not None
        self._process.terminate()
        return await asyncio.wait_for(self._process.wait(), 20)

    async def notices(self, dossier_id: UUID) -> dict[tuple[str, str], dict[str, Any]]:
        async with httpx.AsyncClient(base_url=self._url) as client:
            answer = await client.get(
                "/v1/notices", params={"dossier_id": str(dossier_id)}, headers=self._headers
            )
        items = [] if answer.status_code == 404 else answer.json()["items"]
        return {(item["about"], item["channel"]): item for item in items}

    async def all_sent(self, dossier_id: UUID, count: int) -> dict[tuple[str, str], dict[str, Any]]:
        async def sent() -> bool:
            notices = await self.notices(dossier_id)
            return len(notices) == count and all(
                n["status"] in ("sent", "delivered") for n in notices.values()
            )

        await self.until(sent)
        return await self.notices(dossier_id)

    async def until(self, holds: Callable[[], Any]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await holds():  # noqa: ASYNC110 - another process' state has no event
                await asyncio.sleep(0.1)

    async def _ready(self) -> bool:
        assert self._process is not None and self._process.returncode is None, self._log.read_text()[-2000:]
        try:
            async with httpx.AsyncClient(base_url=self._url) as client:
                return (await client.get("/readyz")).status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture
async def texts() -> AsyncIterator[StandIn]:
    async with stand_in("whole-text") as there:
        yield there


@pytest.fixture
async def notify(
    database,
    mailbox: Mailbox,
    texts: StandIn,
    kafka_as: Callable[[str], KafkaSettings],
    free_ports,
    tmp_path: Path,
) -> AsyncIterator[Notify]:
    issuer, port, kafka = Issuer(tmp_path), free_ports(1)[0], kafka_as("notify")
    settings = {
        "DATABASE_DSN": database("notify").dsn,
        "KAFKA_BOOTSTRAP": kafka.bootstrap,
        "KAFKA_USERNAME": kafka.username,
        "KAFKA_PASSWORD": kafka.password,
        "PORT": str(port),
        "JWKS": str(issuer.jwks),
        "JWT_ISSUER": ISSUER,
        "JWT_AUDIENCE": AUDIENCE,
        "CODE_KEY": CODE_KEY.hex(),
        "SMTP_PORT": str(mailbox.port),
        "SMS_URL": f"http://127.0.0.1:{texts.port}",
        "SMS_SENDER": "SXD-TPHCM",
        "SMS_AT_NIGHT": "true",
    }
    environment = os.environ | {f"MOTCUA_{name}": value for name, value in settings.items()}
    service = Notify(
        environment, f"http://127.0.0.1:{port}", issuer.token("operator"), tmp_path / "notify.log"
    )
    try:
        await service.start()
        yield service
    finally:
        await service.kill()


@asynccontextmanager
async def producer(kafka: KafkaSettings) -> AsyncIterator[AIOKafkaProducer]:
    opened = AIOKafkaProducer(**kafka.client_options(), acks="all")
    await opened.start()
    try:
        yield opened
    finally:
        await opened.stop()


class Outside:
    """Intake and processing, as far as notify hears them."""

    def __init__(self, kafka_as: Callable[[str], KafkaSettings]) -> None:
        self._kafka_as = kafka_as
        self.dossier_id, self.applicant_id = uuid7(), uuid7()
        self._sequences = {"intake": 0, "processing": 0}

    async def say(self, message: envelope.Message, *, ago: timedelta = timedelta(0)) -> None:
        self._sequences[message.owner] += 1
        at = datetime.now(UTC) - ago
        attributes = envelope.Attributes(
            uuid7(), message.owner, message.type_name, self.dossier_id, self._sequences[message.owner], at, at
        )
        key, value, headers = envelope.encode(attributes, message)
        async with producer(self._kafka_as(message.owner)) as kafka:
            await kafka.send_and_wait("dossiers", value, key=key, headers=headers)

    async def submits(self) -> None:
        await self.say(
            intake.DossierSubmitted(
                procedure="1.009982",
                office="H29.015.00",
                channel="online",
                applicant_id=self.applicant_id,
                contact_change=1,
                content_commitment="0" * 64,
            )
        )

    async def accepts(self) -> None:
        await self.say(
            processing.DossierAccepted(
                sealed_code=seal(CODE_KEY, CODE, self.dossier_id),
                procedure="1.009982",
                level="full",
                office="H29.015.00",
                unit="H29.015.00/QLXD",
                channel="online",
                due_on=None,
            )
        )

    async def gives_contact(self) -> None:
        contact = {
            "applicant_id": str(self.applicant_id),
            "change": 1,
            "name": "Lê Thử",
            "email": "le@example.org",
            "phone": NUMBER,
        }
        async with producer(self._kafka_as("intake")) as kafka:
            await kafka.send_and_wait("contacts", orjson.dumps(contact), key=str(self.applicant_id).encode())


async def test_a_dossier_is_told_whatever_comes_first_and_whoever_dies(
    notify: Notify, mailbox: Mailbox, texts: StandIn, kafka_as: Callable[[str], KafkaSettings]
):
    outside = Outside(kafka_as)
    await outside.accepts()  # held: processing's word before intake's
    await outside.submits()
    await notify.until(lambda: _inbox_sent(notify, outside.dossier_id))
    assert mailbox.letters == [] and texts.given == []  # nobody knows yet how to reach the applicant
    await notify.kill()
    await outside.gives_contact()
    await notify.start()
    notices = await notify.all_sent(outside.dossier_id, 6)
    assert sorted(letter["Message-ID"] for letter in mailbox.letters) == sorted(
        f"<{notice['notice_id']}@motcua.example>"
        for (_, channel), notice in notices.items()
        if channel == "email"
    )
    assert f"Mã hồ sơ: {CODE}" in notices["DossierAccepted", "inbox"]["text"]
    assert len(texts.given) == len(texts.taken) == 2
    said = await _said(kafka_as("reporting"), outside.dossier_id, 6)
    assert {(s["about"], s["channel"]) for s in said} == set(notices)
    assert [s["type"] for s in said] == ["NoticeSent.v1"] * 6
    assert "example.org" not in str(said) and "Lê" not in str(said)
    # All topics replayed from the beginning: nobody is told anything again.
    await notify.kill()
    await notify.replay()
    await notify.start()
    await notify.until(notify.caught_up)
    await asyncio.sleep(1)
    assert len(texts.given) == len(mailbox.letters) == 2
    assert NUMBER[3:] not in notify.logged() and "da tiep nhan" not in notify.logged()
    assert await notify.leave() == 0


async def _inbox_sent(notify: Notify, dossier_id: UUID) -> bool:
    notices = await notify.notices(dossier_id)
    inbox = [notice for (_, channel), notice in notices.items() if channel == "inbox"]
    return len(inbox) == 2 and all(notice["status"] == "sent" for notice in inbox)


async def _said(kafka: KafkaSettings, dossier_id: UUID, count: int) -> list[dict[str, Any]]:
    consumer = AIOKafkaConsumer(
        "notices",
        **kafka.client_options(),
        auto_offset_reset="earliest",
        group_id=f"motcua.reporting-{uuid7()}",
    )
    await consumer.start()
    said: dict[str, dict[str, Any]] = {}
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(said) < count:
                record = await consumer.getone()
                if record.key == str(dossier_id).encode():
                    value = orjson.loads(record.value)
                    said.setdefault(value["id"], value)
    finally:
        await consumer.stop()
    return list(said.values())
