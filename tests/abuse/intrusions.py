"""Attacks that come in by what lies under a route: the text of a request, a letter's headers, a database, the controllers' port."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from itertools import product

import asyncpg
import orjson
from aiokafka.conn import create_conn
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import CreateAclsRequest, DescribeAclsRequest

from tests.abuse.aim import (
    NOT_ANSWERED,
    REFUSED,
    Aim,
    Outcome,
    all_of,
    connected,
    request,
    status_of,
    together,
)
from tests.abuse.clients import FILED
from tests.abuse.floods import SERVICES
from tests.abuse.mailbox import Mail

HOSTILE_ADDRESSES = (
    "=?utf-8?q?victim=40evil.org=2C?=@b5.c",
    "thu@example.vn, victim@evil.org",
    "thu@example.vn\r\nBcc: victim@evil.org",
    '"victim@evil.org,"@b5.c',
    "<victim@evil.org>@b5.c",
    "thu@example.vn\x00",
)
HOSTILE_NAMES = (
    "TÀI KHOẢN BỊ KHÓA! Nộp phạt ngay tại https://evil.example/nop-phat",
    "Nguyễn nop-phat.com Thử",
    "{{ 1337*1337 }} {code} %(code)s",
    "<script>alert(1)</script>",
)
BAIT = ("evil.example", "nop-phat", "evil.org", "KHÓA", "1787569", "<script>")
"""None of it stands in a letter that anybody got."""


def baits_written(mails: Sequence[Mail]) -> list[str]:
    """What stands in any letter and must stand in none; a mailbox without letters would prove nothing."""
    written = "\n".join(f"{mail.recipients}\n{mail.text}" for mail in mails)
    return [bait for bait in BAIT if bait in written] if written else ["no letter at all"]


async def headers_twice(aim: Aim) -> Outcome:
    """Two readers of one request could see two: two hosts, two tokens, two lengths, a length and pieces, a folded line."""
    token = aim.tokens["officer"]
    twice = (
        "host: b",
        f"authorization: Bearer {token}",
        "content-length: 5",
        "transfer-encoding: chunked",
        "content-type: text/plain\r\ncontent-type: application/json",
        "x: a\r\n b: c",
        "x : y",
        "transfer-encoding: chunked, identity",
    )
    return together(
        *[
            await all_of(
                aim.at(service),
                *(
                    (
                        repr(more),
                        request("POST", aim.at(service).post_path, body=b"{}", token=token, more=more),
                    )
                    for more in twice
                ),
                allowed=(0, *REFUSED),
            )
            for service in SERVICES
        ]
    )


async def smuggled_requests(aim: Aim) -> Outcome:
    """A second request inside the body of a first: one answer, or none, and never the second one's."""
    outcome = Outcome()
    inner = b"GET /version HTTP/1.1\r\nhost: a\r\n\r\n"
    heads = (
        b"content-length: 4\r\ntransfer-encoding: chunked",
        b"transfer-encoding: chunked\r\ncontent-length: 4",
        b"transfer-encoding: xchunked\r\ncontent-length: 4",
        b"transfer-encoding:\tchunked\r\ncontent-length: 4",
    )
    for service, head in product(SERVICES, heads):
        at = aim.at(service)
        said = f"POST {at.post_path} HTTP/1.1\r\nhost: a\r\n".encode() + head + b"\r\n\r\n0\r\n\r\n" + inner
        answer = b""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(0.5), connected(at) as (reader, writer):
                writer.write(said)
                while piece := await reader.read(65_536):
                    answer += piece
        outcome.statuses[status_of(answer)] += 1
        if b'"release"' in answer:
            outcome.faults.append(f"{service}: a smuggled request was answered behind {head!r}")
    return outcome


async def letters_to_strangers(aim: Aim) -> Outcome:
    """Filings whose names and addresses would write another letter, or to another person. What was sent is looked at after."""
    filings = []
    applicant = FILED["applicant"]
    assert isinstance(applicant, dict)
    for number, (name, email) in enumerate(
        [(n, "stranger@example.vn") for n in HOSTILE_NAMES]
        + [(str(applicant["name"]), e) for e in HOSTILE_ADDRESSES]
    ):
        body = orjson.dumps(FILED | {"applicant": applicant | {"name": name, "email": email}})
        data = request(
            "POST",
            "/v1/dossiers",
            body=body,
            token=aim.tokens["attacking-portal"],
            more=f"idempotency-key: hostile-{number}",
        )
        filings.append((email, data))
    return await all_of(aim.at("intake"), *filings, allowed=(422,))


async def databases_of_others(aim: Aim) -> Outcome:
    """Each service's own password at every other database, and what the service may not do in its own."""
    outcome = Outcome()
    for service, database in product(SERVICES, (*SERVICES, "postgres", "template1")):
        if database == service:
            continue
        dsn = aim.secrets[service].rpartition("/")[0] + f"/{database}"
        try:
            connection = await asyncpg.connect(dsn)
        except asyncpg.InsufficientPrivilegeError:
            outcome.statuses[403] += 1
        else:
            await connection.close()
            outcome.faults.append(f"{service} entered the database {database}")
    for service in ("intake", "processing", "notify"):
        connection = await asyncpg.connect(aim.secrets[service])
        for statement in (
            "UPDATE events SET actor = 'x'",
            "DELETE FROM events",
            "INSERT INTO events SELECT * FROM events LIMIT 1",
            "TRUNCATE events",
            "ALTER TABLE events DISABLE TRIGGER ALL",
        ):
            try:
                await connection.execute(statement)
            except asyncpg.InsufficientPrivilegeError:
                outcome.statuses[403] += 1
            else:
                outcome.faults.append(f"{service} may {statement}")
        await connection.close()
    return outcome


async def rights_from_the_controllers(aim: Aim) -> Outcome:
    """At the port by which Kafka's controllers speak: without a password, with a reader's, with a guessed one."""
    outcome = Outcome()
    everything = DescribeAclsRequest(1, None, 1, None, None, 1, 1)  # type: ignore[arg-type]
    a_right = CreateAclsRequest(2, "contacts", 3, "User:analyst", "*", 3, 3)
    for user, password in (("", ""), ("analyst", aim.secrets["analyst"]), ("controller", "guessed")):
        sasl = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN"} if user else {}
        login = {"sasl_plain_username": user, "sasl_plain_password": password} if user else {}
        for wish in (everything, a_right):
            told = None
            with suppress(KafkaError):
                port = aim.ports["controllers"]
                connection = await create_conn("127.0.0.1", port, request_timeout_ms=5_000, **sasl, **login)
                with suppress(KafkaError):
                    told = await connection.send(wish)
                connection.close()
            outcome.statuses[NOT_ANSWERED] += 1
            if told is not None:
                outcome.faults.append(f"{user or 'a stranger'} was answered {told}")
    return outcome
