"""An importer's part of the load: finished cases through both bulk doors, accepted on either side of a midnight of the past.

Whatever answer is lost, the whole batch is sent again; every answer of every item stands in the record.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson

from tests.faults.client import Reply
from tests.faults.passing import AGENCY, CONSULTED
from tests.faults.people import PAPERS, PROCEDURES, classes_of, office_for, unit_of
from tests.faults.record import Answer, Command, Filing, Record
from tests.faults.table import VIETNAM

CASES = 15
ASK_AGAIN_SECONDS = 0.2
SENT_TWICE = 0.3
RESOLVED, SUPPLEMENTED = 0.5, 0.4
SURE = {0: "request-supplement", 1: "ask-opinion", 2: "due today"}
"""Of each batch these cases become true by themselves, the last one when a clock is a day ahead, however small the run is: the others,
drawn, may all be on time."""
LONG_AGO = timedelta(days=75)
IMPORTER = "importer"
SOURCE = "old-system"
MIDNIGHT = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
"""00:00 of 3 March 2026 in Việt Nam."""

Insist = Callable[[str, str, bytes], Awaitable[Reply | None]]
"""(service, path, body) → the answer, however often it had to be asked for."""


@dataclass(slots=True)
class Case:
    filing: Filing
    body: dict[str, Any]
    accepted_at: datetime
    acts: list[dict[str, Any]]
    """After the acceptance, whose version is 1."""
    due_on: date
    project_class: str | None


@dataclass(slots=True)
class Imports:
    record: Record
    insist: Insist
    now: Callable[[], float]
    patience_seconds: float

    async def take_in(self, number: int, draw: random.Random) -> None:
        """One batch of cases, each filed and acted on; some batches go through a door a second time."""
        cases = [self._case(f"{number}-{n}", draw, SURE.get(n)) for n in range(CASES)]
        for _ in range(1 + (draw.random() < SENT_TWICE)):
            await self._file(cases)
        left = [case for case in cases if case.filing.dossier_ids]
        give_up_at = self.now() + self.patience_seconds
        while left and self.now() < give_up_at:
            if left := await self._act(left):
                await asyncio.sleep(ASK_AGAIN_SECONDS)
        if draw.random() < SENT_TWICE:
            await self._act([case for case in cases if case.filing.dossier_ids])

    def _case(self, name: str, draw: random.Random, sure: str | None) -> Case:
        filing = Filing(f"{IMPORTER}/{SOURCE}", name, None, IMPORTER)
        self.record.filings.append(filing)
        accepted_at = MIDNIGHT + timedelta(seconds=draw.choice((-1, 0, 1)), days=draw.choice((0, 1)))
        procedure = CONSULTED if sure == "ask-opinion" else draw.choice(PROCEDURES)
        body = {
            "source": SOURCE,
            "case": name,
            "procedure": procedure,
            "office": office_for(procedure, draw),
            "channel": draw.choice(("online", "postal")),
            "submitted_at": (accepted_at - timedelta(days=1)).isoformat(),
        }
        due_on = datetime.now(VIETNAM).date() + timedelta(days=draw.randint(-1, 1))
        classes = classes_of(str(body["procedure"]), accepted_at.date() - timedelta(days=1))
        project_class = draw.choice(classes) if classes else None
        if sure == "due today":
            return Case(filing, body, accepted_at, [], datetime.now(VIETNAM).date(), project_class)
        then = _waited_in_vain(sure) if sure else _then(body, accepted_at, draw)
        return Case(filing, body, accepted_at, then, due_on, project_class)

    async def _file(self, cases: Sequence[Case]) -> None:
        reply = await self.insist("intake", "/v1/bulk", orjson.dumps({"items": [c.body for c in cases]}))
        for case, told in zip(cases, reply.body["answers"] if reply else [], strict=False):
            status = 201 if told["outcome"] in ("recorded", "repeated") else 422
            case.filing.answers.append(Answer(status, _kept(told), "bulk", self.now()))

    async def _act(self, cases: Sequence[Case]) -> list[Case]:
        """Those of the cases that processing has not heard of yet."""
        items = [_acts(case) for case in cases]
        reply = await self.insist("processing", "/v1/bulk", orjson.dumps({"items": items}))
        unknown = []
        for case, told in zip(cases, reply.body["answers"] if reply else [], strict=False):
            if told.get("code") in ("not-yet-known", "contended"):
                unknown.append(case)
            else:
                self._note(case, told)
        return unknown

    def _note(self, case: Case, told: dict[str, Any]) -> None:
        status = 200 if told["outcome"] in ("recorded", "repeated") else 422
        dossier_id = case.filing.dossier_ids[0]
        accepted = Answer(status, {"version": 1, "code": told.get("dossier_code")}, "bulk", self.now())
        key = f"{SOURCE}/{case.filing.key}"
        self.record.commands.append(Command("accept", dossier_id, IMPORTER, key, [accepted]))
        for version, act in enumerate(case.acts, 2):
            answer = Answer(status, {"version": version}, "bulk", self.now())
            self.record.commands.append(Command(act["act"], dossier_id, IMPORTER, key, [answer]))


def _waited_in_vain(act: str) -> list[dict[str, Any]]:
    """Nobody answered, and the deadline has passed whatever the weekday of the run and the holidays before it."""
    asked_at = (datetime.now(UTC) - LONG_AGO).isoformat()
    return [{"act": act, "at": asked_at} | (PAPERS if act == "request-supplement" else {"agency": AGENCY})]


def _then(body: dict[str, Any], accepted_at: datetime, draw: random.Random) -> list[dict[str, Any]]:
    """How a case went on. Some wait, for an agency or the applicant, until about today: on one side of it a deadline has passed,
    on the other it passes when the clock is a day ahead."""
    if draw.random() < RESOLVED:
        later = accepted_at + timedelta(hours=30)
        return [{"act": "resolve", "at": later.isoformat(), "outcome": "granted"}]
    now = datetime.now(UTC)
    if body["procedure"] == CONSULTED:
        asked_at = now - timedelta(days=draw.randint(1, 5))
        return [{"act": "ask-opinion", "at": asked_at.isoformat(), "agency": AGENCY}]
    if draw.random() < SUPPLEMENTED:
        asked_at = now - timedelta(days=draw.randint(27, 31))
        return [{"act": "request-supplement", "at": asked_at.isoformat(), **PAPERS}]
    return []


def _acts(case: Case) -> dict[str, Any]:
    """A case that goes on no further is due about today."""
    accept: dict[str, Any] = {
        "act": "accept",
        "at": case.accepted_at.isoformat(),
        "unit": unit_of(str(case.body["office"])),
    }
    if not case.acts:
        accept["due_on"] = case.due_on.isoformat()
    elif case.project_class:
        accept["project_class"] = case.project_class
    dossier_id = case.filing.dossier_ids[0]
    return {"source": SOURCE, "case": case.filing.key, "dossier_id": dossier_id, "acts": [accept, *case.acts]}


def _kept(told: dict[str, Any]) -> dict[str, Any]:
    return {name: told[name] for name in ("dossier_id", "code", "detail") if told.get(name)}
