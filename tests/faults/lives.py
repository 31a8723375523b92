"""What an authority and an applicant do to one dossier, act by act, each with the version that the one before told.

It draws the way of a dossier and judges nothing; asking until an answer comes is the driver's.
"""

import asyncio
import hmac
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson

from contracts.catalogue.shipped import Version, version_on
from tests.faults.client import Lost, Reply
from tests.faults.passing import CONSULTED, Held, consult, pass_on
from tests.faults.people import PAPERS, Officer, classes_of, unit_of
from tests.faults.record import Act, Command, Filing, Record

REJECTED, HANDED_BACK, SUPPLEMENTED, PAYS, TAKES_BACK, REVERSED = 0.06, 0.08, 0.12, 0.10, 0.08, 0.06
LESS_THAN_ASKED, PAID_TWICE, WAIVED, REFUSED, RIVAL = 0.2, 0.3, 0.3, 0.5, 0.03
PASSED_ON = 0.3
APPOINTMENT = "2099-12-31"
"""After the due date of every dossier."""
GOES_ON = 0.85
LOOK_AGAIN_SECONDS = 0.5
DECISION = {"reason": "wrong_decision", "document": "1234/QĐ-SXD"}
GRANTED = {"outcome": "granted"}

Ask = Callable[[list[Any], str, str, str, bytes, dict[str, str]], Awaitable[Reply | None]]
"""(answers, service, path, token, body, headers) → the answer, however often it had to be asked for."""


@dataclass(slots=True)
class Lives:
    """Carries one dossier after the other through its life."""

    record: Record
    token: Callable[[str, str, str], str]
    ask: Ask
    look: Callable[[str, str], Awaitable[Reply]]
    payment_secret: bytes
    patience_seconds: float

    async def authority(
        self, dossier_id: str, officer: Officer, filing: Filing, procedure: str, draw: random.Random
    ) -> None:
        """Reject; or accept, pass on, ask for this and that, and go on to one of the ends. The desk alone accepts and returns."""
        if draw.random() < REJECTED:
            await self.act("reject", dossier_id, officer, 0, {"reason": "incomplete"}, draw)
            return
        accept: dict[str, Any] = {"unit": unit_of(officer.office)}
        if classes := classes_of(procedure, datetime.now(UTC).date()):
            accept["project_class"] = draw.choice(classes)
        version = await self.act("accept", dossier_id, officer, 0, accept, draw)
        holder = officer
        if version is not None and draw.random() < PASSED_ON:
            held = await pass_on(partial(self.alone, dossier_id), Held(officer, version), draw)
            holder, version = held or (officer, None)
        if version is not None and procedure == CONSULTED:
            version = await consult(partial(self.alone, dossier_id), Held(holder, version), draw)
        if version is not None and draw.random() < SUPPLEMENTED:
            version = await self._supplement(dossier_id, holder, filing, version, draw)
        if version is not None and draw.random() < PAYS:
            version = await self._fee(dossier_id, holder, procedure, version, draw)
        if version is not None and draw.random() < TAKES_BACK:
            version = await self._withdrawal(dossier_id, holder, filing, version, draw)
        steps: list[tuple[str, Officer, dict[str, Any]]] = [
            ("forward", holder, {"unit": unit_of(holder.office), "step": "ky_duyet"}),
            ("resolve", holder, GRANTED),
            ("return", officer, {"method": "postal"}),
        ]
        if draw.random() < HANDED_BACK:
            steps = [
                ("apologise", holder, {"reason": "workload", "appointment_on": APPOINTMENT}),
                ("stop", holder, {"reason": "not_competent"}),
                ("correct", holder, {"reason": "wrong_data", "document": "1234/QĐ-SXD"}),
            ]
        for act, by, body in steps:
            if version is None or draw.random() > GOES_ON:
                return
            version = await self.act(act, dossier_id, by, version, body, draw)
            if act == "resolve" and version is not None and draw.random() < REVERSED:
                reverse = DECISION | {"sequence": version}
                version = await self.act("reverse", dossier_id, by.supervisor(), version, reverse, draw)
                if version is not None:
                    version = await self.act("resolve", dossier_id, by, version, GRANTED, draw, turn=1)

    async def _supplement(
        self, dossier_id: str, officer: Officer, filing: Filing, version: int, draw: random.Random
    ) -> int | None:
        asked = await self.act("request-supplement", dossier_id, officer, version, PAPERS, draw)
        if asked is None or not await self._applicant(
            "supplements", "SupplementProvided", dossier_id, filing, {"content": {"again": 1}}
        ):
            return None
        return await self.act("accept-supplement", dossier_id, officer, asked, {}, draw)

    async def _withdrawal(
        self, dossier_id: str, officer: Officer, filing: Filing, version: int, draw: random.Random
    ) -> int | None:
        body = {"reason": "no_longer_needed"}
        if not await self._applicant("withdrawal", "WithdrawalRequested", dossier_id, filing, body):
            return None
        if draw.random() < REFUSED:
            refusal = {"reason": "others_concerned"}
            return await self.act("refuse-withdrawal", dossier_id, officer, version, refusal, draw)
        await self.act("withdraw", dossier_id, officer, version, {}, draw)
        return None

    async def _fee(
        self, dossier_id: str, officer: Officer, procedure: str, version: int, draw: random.Random
    ) -> int | None:
        in_force = version_on(procedure, datetime.now(UTC).date())
        assert isinstance(in_force, Version)
        # A fee that is a share of the cost has no amount of its own: the officer says it.
        fee = in_force.fee_vnd or in_force.fee_vnd_min
        assert fee
        body = {} if in_force.fee_vnd else {"amount_vnd": fee}
        asked = await self.act("request-fee", dossier_id, officer, version, body, draw)
        if asked is None:
            return None
        if draw.random() < WAIVED:
            waiver = {"reason": "poor_household"}
            return await self.act("waive-fee", dossier_id, officer.supervisor(), asked, waiver, draw)
        less = draw.random() < LESS_THAN_ASKED
        payments = [self._pay(dossier_id, fee - less)]
        if draw.random() < PAID_TWICE:
            payments.append(payments[0])
        told = await asyncio.gather(*(self._tell(payment) for payment in payments))
        if told[0] is None:
            return None
        if less:
            rest = {"reason": "poor_household", "payment": told[0].body["sequence"]}
            return await self.act("waive-fee", dossier_id, officer.supervisor(), asked, rest, draw)
        return await self._confirmed(dossier_id, officer)

    def _pay(self, dossier_id: str, amount: int) -> tuple[Act, dict[str, Any]]:
        act = Act("FeePaid", dossier_id, f"payment-{dossier_id}")
        self.record.acts.append(act)
        paid_at = datetime.now(UTC).isoformat()
        return act, {"id": act.key, "dossier_id": dossier_id, "amount": amount, "paid_at": paid_at}

    async def _tell(self, payment: tuple[Act, dict[str, Any]]) -> Reply | None:
        """What the provider sends, signed anew each time."""
        act, body = payment
        raw = orjson.dumps(body)
        give_up_at = time.monotonic() + self.patience_seconds
        while time.monotonic() < give_up_at:
            timestamp = str(int(time.time()))
            signature = hmac.digest(self.payment_secret, timestamp.encode() + b"." + raw, "sha256").hex()
            headers = {"payment-timestamp": timestamp, "payment-signature": signature}
            reply = await self.ask(act.answers, "intake", "/v1/payments", "", raw, headers)
            if reply is None or reply.body.get("code") != "signature-expired":
                return reply if reply is not None and reply.status == 201 else None
            await asyncio.sleep(LOOK_AGAIN_SECONDS)  # a clock that is ahead believes no signature of today's
        return None

    async def _confirmed(self, dossier_id: str, officer: Officer) -> int | None:
        """The version after processing confirmed the payment by itself."""
        give_up_at = time.monotonic() + self.patience_seconds
        token = self.token(officer.role, officer.name, officer.office)
        while time.monotonic() < give_up_at:
            try:
                reply = await self.look(f"/v1/dossiers/{dossier_id}", token)
                if reply.status == 200 and reply.body["status"] != "payment_requested":
                    return int(reply.body["version"])
            except Lost:
                pass
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        return None

    async def _applicant(
        self, door: str, what: str, dossier_id: str, filing: Filing, body: dict[str, Any]
    ) -> bool:
        act = Act(what, dossier_id, f"{door}-{dossier_id}")
        self.record.acts.append(act)
        office = self.record.offices[dossier_id] if filing.role == "officer" else ""
        reply = await self.ask(
            act.answers,
            "intake",
            f"/v1/dossiers/{dossier_id}/{door}",
            self.token(filing.role, filing.caller, office),
            orjson.dumps(body),
            {"idempotency-key": act.key},
        )
        return reply is not None and reply.status == 201

    async def act(
        self,
        act: str,
        dossier_id: str,
        officer: Officer,
        version: int,
        body: dict[str, Any],
        draw: random.Random,
        *,
        turn: int = 0,
    ) -> int | None:
        """The version after the act; with a rival, of whoever of the two officers was quicker."""
        tries = [self._try(act, dossier_id, officer, version, body, turn)]
        if draw.random() < RIVAL:
            tries.append(self._try(act, dossier_id, officer.rival(), version, body, turn))
        versions = [v for v in await asyncio.gather(*tries) if v is not None]
        return versions[0] if versions else None

    async def alone(
        self, dossier_id: str, act: str, officer: Officer, version: int, body: dict[str, Any]
    ) -> int | None:
        """The version after an act that nobody else wants to do just now."""
        return await self._try(act, dossier_id, officer, version, body, 0)

    async def _try(
        self, act: str, dossier_id: str, officer: Officer, version: int, body: dict[str, Any], turn: int
    ) -> int | None:
        command = Command(act, dossier_id, officer.name, f"{act}-{turn}-{dossier_id}", turn=turn)
        self.record.commands.append(command)
        headers = {"idempotency-key": command.key, "if-match": f'"{version}"'}
        reply = await self.ask(
            command.answers,
            "processing",
            f"/v1/dossiers/{dossier_id}/{act}",
            self.token(officer.role, officer.name, officer.office),
            orjson.dumps(body),
            headers,
        )
        return int(reply.body["version"]) if reply is not None and reply.status == 200 else None
