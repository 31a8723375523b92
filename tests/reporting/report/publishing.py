"""Reporting over an empty book in which a test publishes reports, and what it has heard."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

import httpx

from contracts import processing
from services.chassis.kafka.progress import Complete
from services.reporting.report.verify import Replay
from services.reporting.report.vintage_answers import WholeVintage
from tests.reporting.book.test_book import Reading
from tests.reporting.histories import HOUR, OFFICES, PROCEDURES, START, Life, Told, record, told
from tests.reporting.serving import AN_ISSUER, SUPERVISOR, Moment

LATER = datetime(2023, 6, 1, tzinfo=UTC)
WINDOW = {"from": "2023-01-01", "to": "2023-02-28"}


class House(NamedTuple):
    """Reporting over an empty book, what it is told, and what a test has it read."""

    client: httpx.AsyncClient
    moment: Moment
    reading: Reading

    async def publish(
        self, status: int = 201, key: str = "", role: str = "supervisor", **asked: Any
    ) -> dict[str, Any]:
        self.moment.seconds += 1
        answer = await self.client.post(
            "/v1/vintages",
            json=asked,
            headers={
                "authorization": f"Bearer {AN_ISSUER.token(role, office=OFFICES[0])}",
                "idempotency-key": key or str(self.moment.seconds),
            },
        )
        assert answer.status_code == status, answer.text
        if status == 201:
            WholeVintage.model_validate_json(answer.content)
        found: dict[str, Any] = answer.json()
        return found

    async def get(self, path: str, model: Any, status: int = 200, **asked: Any) -> dict[str, Any]:
        answer = await self.client.get(path, params=asked, headers=SUPERVISOR)
        assert answer.status_code == status, answer.text
        if model is not None:
            model.model_validate_json(answer.content)
        found: dict[str, Any] = answer.json()
        return found

    def heard(self, up_to: datetime) -> None:
        self.moment.complete = Complete(
            up_to, {"intake": 7, "processing": 9}, {"intake": up_to, "processing": up_to}
        )


def replay_of(events: list[Told]) -> Replay:
    replay = Replay()
    for offset, event in enumerate(events):
        replay.take(record(event, offset))
    replay.settle()
    return replay


def refilled(events: list[Told]) -> list[Told]:
    """The order in which a broker that was wiped is told them: one log behind the other."""
    return sorted(events, key=lambda event: event.source)


LIVES = [
    event
    for n in range(6)
    for event in told(
        Life(n, PROCEDURES[0], OFFICES[0], "online", submitted=n, accepted=n + 30, ended=n + 90)
    )
]


def reversal(number: int, hours: int) -> Told:
    """The end of that dossier is taken back."""
    message = processing.DossierReversed(
        sequence=3,
        event="DossierResolved",
        reason="wrong_decision",
        document="1/QĐ-SXD",
        status="in_processing",
        due_on=None,
    )
    return Told("processing", 5, message, Life(number, "", "", "", 0).stream_id, START + hours * HOUR)


async def corrected(house: House) -> tuple[dict[str, Any], dict[str, Any], list[Told]]:
    """Two reports of one period, before and after a dossier's end was taken back."""
    house.heard(START + 2_000 * HOUR)
    await house.reading.take(LIVES)
    one = await house.publish(**WINDOW)
    house.heard(START + 2_002 * HOUR)
    await house.reading.take([reversal(2, 2_001)])
    return one, await house.publish(**WINDOW), [*LIVES, reversal(2, 2_001)]
