"""The stand-in for providers of text messages keeps what it takes."""

import re
from pathlib import Path

import httpx
import pytest

from deploy.local.sms import application
from services.notify.messages.by_template import ByTemplate
from services.notify.messages.kind import Account, Asked, Kind, Message
from services.notify.messages.whole_text import WholeText
from tests.notify.examples import told


@pytest.mark.parametrize("kind", [WholeText(), ByTemplate()])
async def test_caught_messages_are_their_owners_alone(kind: Kind, tmp_path: Path) -> None:
    """And both kinds are spoken as notify speaks them."""
    folder = tmp_path / "messages"
    account = Account("khoa", "bi-mat", "MOT CUA", {}, "")
    message = Message(
        told("DossierAccepted").dossier_id, "+84912345678", "DossierAccepted", "Da nhan", ("Da nhan",)
    )
    transport = httpx.ASGITransport(application(folder))
    async with httpx.AsyncClient(transport=transport, base_url="http://sms") as client:

        async def say(request):
            answer = await client.request(
                "POST" if request.body is not None else "GET", request.path, json=request.body
            )
            return answer.json()

        assert kind.is_there(await say(kind.look(account)))
        first = kind.sent(await say(kind.send(account, message)))
        again = kind.sent(await say(kind.send(account, message)))
        assert (first.known, again.known) == (False, True)  # type: ignore[union-attr]
        asked = [Asked(message.request_id, first.reference)]  # type: ignore[union-attr]
        (request,) = kind.ask(account, asked)
        (receipt,) = kind.told(await say(request), asked)
        assert receipt.state == "delivered"
    (kept,) = folder.glob("*.txt")
    assert (
        re.search(r"To: (0|\+84)912345678\nFrom: MOT CUA\n", kept.read_text())
        and "Da nhan" in kept.read_text()
    )
    assert (folder.stat().st_mode & 0o777, kept.stat().st_mode & 0o777) == (0o700, 0o600)
