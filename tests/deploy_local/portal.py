"""A portal that files one dossier after the other and looks at what it filed, whatever happens to the services meanwhile."""

import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import httpx

from tests.filled import filled

PATIENCE_SECONDS = 90.0
FILING = {
    "procedure": "1.009982",
    "office": "H29.015.00",
    "channel": "online",
    "applicant": {
        "name": "Nguyễn Thử Nghiệm",
        "identifier": {"kind": "cccd", "number": "098090000001"},
    },
    "content": filled(),
}
AGAIN = {502, 503, 504}


def asked(call: Callable[[], httpx.Response]) -> httpx.Response:
    """The answer, asked for again while the service is away; never when it refuses."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            answer = call()
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code not in AGAIN:
            return answer
        assert time.monotonic() < deadline, "nobody answers"
        time.sleep(0.05)


class Portal:
    """`filed`: by key, the answers as they came. `refused`: every answer that was neither yes nor "later"."""

    def __init__(self, intake: str, token: str) -> None:
        self.filed: dict[str, bytes] = {}
        self.refused: list[str] = []
        self._intake = intake
        self._client = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=10, trust_env=False)
        self._over = Event()
        self._thread = Thread(target=self._go_on)

    def __enter__(self) -> "Portal":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def file(self, key: str) -> bytes:
        """Files it, or files it again."""
        answer = asked(
            lambda: self._client.post(
                f"{self._intake}/v1/dossiers", json=FILING, headers={"Idempotency-Key": key}
            )
        )
        if answer.status_code != 201:
            self.refused.append(answer.text)
        return answer.content

    def seen(self, dossier_id: str) -> dict[str, Any]:
        answer = asked(lambda: self._client.get(f"{self._intake}/v1/dossiers/{dossier_id}"))
        if answer.status_code != 200:
            self.refused.append(answer.text)
        found: dict[str, Any] = answer.json()
        return found

    def _go_on(self) -> None:
        while not self._over.wait(0.02):
            key = f"portal-{len(self.filed)}"
            self.filed[key] = self.file(key)
            self.seen(httpx.Response(201, content=self.filed[key]).json()["dossier_id"])
