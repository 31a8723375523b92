"""What happens beside a portal while it is tried: an officer who asks for a paper and a fee, and calls of webhooks, right and wrong."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx

from contracts.catalogue.offices import load
from deploy.conformance.watch import Watch
from deploy.local.home import Home
from deploy.local.issuer import Issuer
from services.chassis.process import clock
from services.notify.webhooks.calling import headers_of
from services.notify.webhooks.subscription import SECRET_BYTES, body_of, secret_of

NAME = "conformance"
HEARD_SECONDS = 20.0
SECRET_SECONDS = 1.0
"""A portal needs a moment to keep the secret that it was answered."""
LONG_AGO = timedelta(minutes=10)


class Refused(Exception):
    """The officer could not do what the trial wants; the text says which code came."""


class Desk:
    """An officer of the office where a portal files, who takes the dossier, so that no other officer acts on it."""

    def __init__(self, home: Home, client: httpx.AsyncClient) -> None:
        self._home, self._client = home, client

    async def accept(self, dossier: str, office: str, body: Mapping[str, Any]) -> None:
        """As a colleague would, who is asked for the same."""
        await self._act(dossier, office, "accept", body)

    async def ask_for_a_paper(self, dossier: str, office: str) -> None:
        await self._act(dossier, office, "accept", {})
        await self._act(dossier, office, "take", {})
        await self._act(
            dossier, office, "request-supplement", {"papers": [{"paper": 1, "fault": "unreadable"}]}
        )

    async def take_it_and_ask_for_the_fee(self, dossier: str, office: str) -> None:
        await self._act(dossier, office, "accept-supplement", {})
        await self._act(dossier, office, "request-fee", {})

    async def give_back(self, dossier: str, office: str) -> None:
        await self._act(dossier, office, "withdraw", {})

    async def _act(self, dossier: str, office: str, name: str, body: Mapping[str, Any]) -> None:
        """Once processing has heard what the portal did just before; a limit by class is that of a project of class B."""
        url = f"{self._home.url('processing')}/v1/dossiers/{dossier}"
        deadline = time.monotonic() + HEARD_SECONDS
        while True:
            headers = {"authorization": f"Bearer {self._token(office)}", "idempotency-key": str(uuid.uuid4())}
            seen = await self._client.get(url, headers=headers)
            version = seen.json().get("version", 0) if seen.is_success else 0
            done = await self._client.post(
                f"{url}/{name}", json=body, headers={**headers, "if-match": f'"{version}"'}
            )
            if done.is_success:
                return
            code = str(done.json().get("code", done.status_code))
            if code == "project-class-missing":
                body = {**body, "project_class": "B"}
            elif code == "not-the-holder" or time.monotonic() > deadline:
                raise Refused(f"the kit's officer was refused {name}: {code}")
            await asyncio.sleep(0.2)

    def _token(self, office: str) -> str:
        unit = next(
            unit.code
            for each in load(os.environ.get("MOTCUA_OFFICES_FILE", "")).offices
            if each.code == office
            for unit in each.units
        )
        return Issuer(self._home.path).token("officer", subject=NAME, office=office, unit=unit)


async def call(client: httpx.AsyncClient, url: str, secret: str, dossier: str, watch: Watch) -> None:
    """Calls the portal as notify does: rightly, the same once more, with another's signature, and as signed long ago."""
    await asyncio.sleep(SECRET_SECONDS)
    event, now = str(uuid.uuid4()), clock.now()
    about = {"event_id": event, "dossier_id": dossier, "source": "processing", "sequence": 1}
    body = body_of("DossierAccepted", now, about)
    others = secret_of(secrets.token_bytes(SECRET_BYTES))
    for point, with_secret, at in (
        ("call-taken", secret, now),
        ("call-twice", secret, now),
        ("call-forged", others, now),
        ("call-old", secret, now - LONG_AGO),
    ):
        try:
            answer = await client.post(url, content=body, headers=headers_of([with_secret], event, at, body))
            watch.called(point, answer.status_code)
        except httpx.HTTPError:
            watch.called(point, 0)
