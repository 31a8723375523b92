"""The client that behaves well, one kind for each service. It does one thing after the other, and says how long each took.

A request whose answer was lost is sent again under the same key; the time of both counts. What it was answered is compared at
the end with what stands: it loses nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import uuid4

import orjson

from tests.faults.client import Door, Lost, Reply
from tests.filled import filled

PACE_SECONDS = {"intake": 0.01, "processing": 0.01, "notify": 0.01, "reporting": 0.022}
"""What a client waits between two requests, to stay within its limits: 200 a second, 50 for the public counts."""
PATIENCE_SECONDS = 30.0
OFFICE = "H29.015.00"
UNIT = f"{OFFICE}/QLXD"
BACK = {"step": "thu_ly", "reason": "wrong_step"}
FILED = {
    "procedure": "1.009982",
    "office": OFFICE,
    "channel": "online",
    "applicant": {
        "name": "Nguyễn Văn Thử",
        "identifier": {"kind": "cccd", "number": "097090123456"},
        "email": "thu@example.vn",
    },
    "content": filled(),
}


@dataclass(slots=True)
class Client:
    """What one client knows and was told: it goes from one stretch of time to the next as a value."""

    service: str
    port: int
    token: str
    dossier_id: str = ""
    version: int = 0
    filed: list[str] = field(default_factory=list)
    counted: int = 0
    seconds: list[float] = field(default_factory=list)
    again: int = 0
    faults: list[str] = field(default_factory=list)


Step = Callable[[Client, "Insist"], Awaitable[None]]
Insist = Callable[..., Awaitable[Reply | None]]


async def _files(client: Client, insist: Insist) -> None:
    reply = await insist("POST", "/v1/dossiers", orjson.dumps(FILED), {"idempotency-key": uuid4().hex})
    if reply is not None and reply.status == 201:
        client.filed.append(reply.body["dossier_id"])


async def _forwards(client: Client, insist: Insist) -> None:
    """One step ahead and back again."""
    headers = {"idempotency-key": uuid4().hex, "if-match": f'"{client.version}"'}
    act, step = ("forward", {"step": "tham_tra"}) if client.version % 2 else ("send-back", BACK)
    body = orjson.dumps({"unit": UNIT} | step)
    reply = await insist("POST", f"/v1/dossiers/{client.dossier_id}/{act}", body, headers)
    if reply is not None and reply.status == 200:
        if reply.body["version"] != client.version + 1:
            client.faults.append(f"version {reply.body['version']} after {client.version}")
        client.version = reply.body["version"]


async def _reads_notices(client: Client, insist: Insist) -> None:
    reply = await insist("GET", f"/v1/notices?dossier_id={client.dossier_id}", b"", {})
    if reply is not None and reply.status == 200:
        if len(reply.body["items"]) < client.counted:
            client.faults.append(f"{len(reply.body['items'])} notices after {client.counted}")
        client.counted = len(reply.body["items"])


async def _reads_counts(client: Client, insist: Insist) -> None:
    reply = await insist("GET", "/v1/counts?by=month", b"", {})
    if reply is not None and reply.status == 200:
        if reply.body["submitted"] < client.counted:
            client.faults.append(f"{reply.body['submitted']} counted after {client.counted}")
        client.counted = reply.body["submitted"]


STEPS_OF: dict[str, tuple[Step, int]] = {
    "intake": (_files, 201),
    "processing": (_forwards, 200),
    "notify": (_reads_notices, 200),
    "reporting": (_reads_counts, 200),
}


async def behave(client: Client, seconds: float) -> Client:
    """The client after so many seconds of its work, in which it was answered at least once or waited for its patience."""
    step, right = STEPS_OF[client.service]
    door = Door(client.service, client.port)

    async def insist(method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply | None:
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE_SECONDS:
            try:
                reply = await door.ask(method, path, token=client.token, body=body, headers=headers)
            except Lost:
                client.again += 1
                continue
            client.seconds.append(time.monotonic() - began)
            if reply.status != right:
                client.faults.append(f"{method} was answered {reply.status} {reply.body.get('code', '')}")
            return reply
        client.faults.append(f"{method} was not answered in {PATIENCE_SECONDS:g} s")
        return None

    over_at = time.monotonic() + seconds
    while time.monotonic() < over_at:
        await step(client, insist)
        await asyncio.sleep(PACE_SECONDS[client.service])
    door.close()
    return client
