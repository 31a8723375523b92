"""The stand-in for a provider of text messages: takes every message, sends none, keeps each as a file, and tells that it was delivered.

It speaks both kinds that notify knows. Usage: python -m deploy.local.sms HOST PORT FOLDER
"""

import asyncio
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

CALL_AFTER_SECONDS = 0.5
CALLED_MOST = 5


class Keeper:
    """Writes each message to FOLDER/<time>-<number>.txt, whole or not at all; one that comes again under its id is known already.

    Guarantee: only the user of this process reads what was caught. Test: test_caught_messages_are_their_owners_alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self._known: dict[str, str] = {}
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def keep(self, request_id: str, to: str, sender: str, text: str) -> tuple[str, bool]:
        """The message's own id here, and whether it was known."""
        if request_id in self._known:
            return self._known[request_id], True
        name = f"{time.time():.6f}-{next(self._numbers)}.txt"
        draft = self._folder / f".{name}"
        draft.touch(mode=0o600)
        draft.write_text(f"To: {to}\nFrom: {sender}\nId: {request_id}\n\n{text}\n", encoding="ascii")
        draft.replace(self._folder / name)
        self._known[request_id] = name.removesuffix(".txt")
        return self._known[request_id], False

    async def whole_text(self, request: Request) -> JSONResponse:
        said = await request.json()
        ours, known = self.keep(said["RequestId"], said["Phone"], said["Brandname"], said["Content"])
        if known:
            return JSONResponse({"CodeResult": "124", "ErrorMessage": "RequestId"})
        url = said.get("CallbackUrl")
        tell = BackgroundTask(self._call, url, said["RequestId"], ours) if url else None
        return JSONResponse({"CodeResult": "100", "SMSID": ours}, background=tell)

    async def by_template(self, request: Request) -> JSONResponse:
        said = await request.json()
        text = f"[{said['template']}] {' | '.join(said['parameters'])}"
        ours, known = self.keep(said["request_id"], "+" + said["to"], said["sender"], text)
        return JSONResponse({"code": "duplicate" if known else "0", "message_id": ours, "units": 1})

    async def status(self, request: Request) -> JSONResponse:
        """Of the first kind, one message; all that was taken has arrived."""
        ours = request.query_params["RefId"]
        ended = "5" if ours in self._known.values() else "2"
        return JSONResponse(
            {"CodeResponse": "100", "SMSID": ours, "SendStatus": ended, "SendSuccess": 1, "SendFailed": 0}
        )

    async def receipts(self, request: Request) -> JSONResponse:
        """Of the second kind, many."""
        asked = (await request.json())["request_ids"]
        found = [
            {"request_id": each, "message_id": self._known[each], "status": "delivered"}
            for each in asked
            if each in self._known
        ]
        return JSONResponse({"items": found})

    async def account(self, request: Request) -> JSONResponse:
        return JSONResponse({"code": "0", "CodeResponse": "100"})

    async def _call(self, url: str, request_id: str, ours: str) -> None:
        told: dict[str, Any] = {"SMSID": ours, "RequestId": request_id, "SendStatus": 5, "SendSuccess": 1}
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            for turn in range(CALLED_MOST):
                await asyncio.sleep(CALL_AFTER_SECONDS * 2**turn)
                try:
                    answer = await client.get(f"{url}?{urlencode(told | {'SendFailed': 0, 'TypeId': 2})}")
                except httpx.HTTPError:
                    continue
                if answer.is_success:
                    return


def application(folder: Path) -> Starlette:
    keeper = Keeper(folder)
    return Starlette(
        routes=[
            Route("/SendMultipleMessage_V4_post_json/", keeper.whole_text, methods=["POST"]),
            Route("/GetSendStatus", keeper.status),
            Route("/GetBalance_json", keeper.account, methods=["POST"]),
            Route("/messages", keeper.by_template, methods=["POST"]),
            Route("/receipts", keeper.receipts, methods=["POST"]),
            Route("/account", keeper.account),
        ]
    )


async def main(host: str, port: int, folder: Path) -> None:
    """Until SIGTERM or SIGINT, which the server takes itself."""
    config = uvicorn.Config(
        application(folder), host=host, port=port, log_config=None, access_log=False, lifespan="off"
    )
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
