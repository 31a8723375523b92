"""The kind of provider that knows the texts already: a registered template by its number, what fills its places, and HTTP Basic.

Receipts are asked for, many in one request; it never calls back. Networks of Vietnam offer this kind to authorities.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, get_args
from uuid import UUID

from services.notify.channels.outcome import Outcome, PutOff, Refused, Taken
from services.notify.messages.kind import (
    Account,
    Asked,
    FailureReason,
    Message,
    Receipt,
    Request,
    Unreadable,
    word,
)

TAKEN, KNOWN = "0", "duplicate"
NO_NUMBER = frozenset({"invalid_number", "blocked_number"})
OF_THIS_MESSAGE = frozenset({"unknown_template", "invalid_parameters", "network_not_registered"})
REASONS: Mapping[str, FailureReason] = {
    "invalid_number": "no_such_number",
    "blocked_number": "blocked",
    "absent": "unreachable",
    "expired": "unreachable",
}


class ByTemplate:
    """`/messages` takes one, `/receipts` tells of many, `/account` says who we are."""

    calls_back = False

    def send(self, account: Account, message: Message) -> Request:
        template = account.templates.get(message.about, message.about)
        body = {
            "request_id": str(message.request_id),
            "sender": account.sender,
            "to": message.phone.removeprefix("+"),
            "template": template,
            "parameters": list(message.parts),
        }
        return Request("/messages", body, _entry(account))

    def sent(self, answer: Mapping[str, Any]) -> Outcome:
        code = word(answer, "code")
        if code in (TAKEN, KNOWN):
            units = answer.get("units", 1)
            if not isinstance(units, int) or not 0 <= units <= 10:
                raise Unreadable
            return Taken(word(answer, "message_id"), units if code == TAKEN else 0, known=code == KNOWN)
        if code in NO_NUMBER:
            return Refused()
        return PutOff(in_doubt=False, of_all=code not in OF_THIS_MESSAGE, refusal=code)

    def ask(self, account: Account, asked: Sequence[Asked]) -> Sequence[Request]:
        body = {"request_ids": [str(each.request_id) for each in asked]}
        return [Request("/receipts", body, _entry(account))] if asked else []

    def told(self, answer: Mapping[str, Any], asked: Sequence[Asked]) -> list[Receipt]:
        items = answer.get("items")
        if not isinstance(items, list):
            raise Unreadable
        known = {str(each.request_id): each.request_id for each in asked}
        return [found for item in items if (found := _receipt(item, known)) is not None]

    def look(self, account: Account) -> Request:
        return Request("/account", None, _entry(account))

    def is_there(self, answer: Mapping[str, Any]) -> bool:
        return word(answer, "code") == TAKEN


def _entry(account: Account) -> Mapping[str, str]:
    known = base64.b64encode(f"{account.key}:{account.secret}".encode()).decode()
    return {"authorization": f"Basic {known}"}


def _receipt(item: Any, known: Mapping[str, UUID]) -> Receipt | None:
    if not isinstance(item, dict):
        raise Unreadable
    request_id, status = known.get(word(item, "request_id")), word(item, "status")
    if request_id is None or status not in ("delivered", "failed"):
        return None
    reason = REASONS.get(str(item.get("error")), "carrier") if status == "failed" else None
    assert reason is None or reason in get_args(FailureReason)
    return Receipt(request_id, word(item, "message_id"), "failed" if reason else "delivered", reason)
