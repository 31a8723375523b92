"""What a sandbox does to whoever asks: it says that it is one, and fails where a word asks for it."""

import httpx
import pytest
from fastapi.responses import HTMLResponse

from services.chassis.http.sandbox import RETRY_AFTER_SECONDS, Sandbox
from tests.chassis.doors import Doors, headers

PAGE = "<!doctype html><html><body class='x'><main>trang</main></body></html>"


def sandbox(doors: Doors) -> httpx.AsyncClient:
    doors.application.add_api_route("/page", lambda: HTMLResponse(PAGE), include_in_schema=False)
    transport = httpx.ASGITransport(Sandbox(doors.application))
    return httpx.AsyncClient(transport=transport, base_url="http://doors")


async def test_every_answer_says_that_it_is_a_sandboxs(doors: Doors, token: str) -> None:
    async with sandbox(doors) as client:
        for answer in (
            await client.get("/livez"),
            await client.get("/nowhere"),
            await client.post("/direct", json={"number": 1}, headers=headers(token)),
            await client.post("/direct", json={"number": 1}),
            await client.get("/docs"),
            await client.get("/page"),
        ):
            assert answer.headers["motcua-sandbox"] == "ahead=0", answer.url
            assert len(answer.content) == int(answer.headers["content-length"])
        for path in ("/docs", "/page"):
            page = (await client.get(path)).text
            assert page.count('<aside aria-label="sandbox">') == 1 and page.strip().endswith("</html>")
            assert page.index("<body") < page.index("<aside") < page.index("<main>")
    assert "motcua-sandbox" not in (await doors.client().get("/livez")).headers


@pytest.mark.parametrize(
    ("word", "status", "code"),
    [("sandbox-limited", 429, "too-many-requests"), ("sandbox-away", 503, "unavailable")],
)
async def test_a_failure_is_asked_for_by_a_word(
    doors: Doors, token: str, word: str, status: int, code: str
) -> None:
    async with sandbox(doors) as client:
        body = {"number": 1, "tags": [f"mai+{word}@example.org"]}
        for key in ("one", "two"):
            said = headers(token, **{"idempotency-key": key})
            refused = await client.post("/direct", json=body, headers=said)
            assert (refused.status_code, refused.json()["code"]) == (status, code)
            assert refused.headers["retry-after"] == str(RETRY_AFTER_SECONDS)
            assert doors.traces == [] if key == "one" else len(doors.traces) == 1
            assert (await client.post("/direct", json=body, headers=said)).status_code == 201
        in_key = headers(token, **{"idempotency-key": f"{word}-7"})
        assert (await client.post("/direct", json={"number": 1}, headers=in_key)).status_code == status
        assert (await client.post("/direct", json={"number": 1}, headers=in_key)).status_code == 201
