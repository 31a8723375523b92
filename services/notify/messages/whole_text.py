"""The kind of provider that is given the whole text: key and secret in the body, a registered name, receipts by callback and by asking.

Its members and codes are those of eSMS (developers.esms.vn), which others of the kind resemble.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from services.notify.channels.outcome import Outcome, PutOff, Refused, Taken
from services.notify.messages.kind import Account, Asked, Message, Receipt, Request, Unreadable, word

TAKEN, KNOWN = "100", "124"
NO_NUMBER = frozenset({"99", "108"})  # blocked there, or no number at all
OF_THIS_MESSAGE = frozenset(
    {"146", "177"}
)  # its template, or the network of its number, is not registered for our name
REJECTED, ENDED = "4", "5"


class WholeText:
    """One POST a message; a code in the answer says what became of it, and an HTTP status nothing."""

    calls_back = True

    def send(self, account: Account, message: Message) -> Request:
        body = {
            "ApiKey": account.key,
            "SecretKey": account.secret,
            "Brandname": account.sender,
            "Phone": "0" + message.phone.removeprefix("+84"),
            "Content": message.text,
            "SmsType": "2",  # of customers, not advertising
            "IsUnicode": "0",
            "RequestId": str(message.request_id),
        }
        if account.callback:
            body["CallbackUrl"] = account.callback
        return Request("/SendMultipleMessage_V4_post_json/", body)

    def sent(self, answer: Mapping[str, Any]) -> Outcome:
        code = word(answer, "CodeResult")
        if code == TAKEN:
            return Taken(word(answer, "SMSID"), units=1)
        if code == KNOWN:
            return Taken(known=True)
        if code in NO_NUMBER:
            return Refused()
        return PutOff(in_doubt=False, of_all=code not in OF_THIS_MESSAGE, refusal=code)

    def ask(self, account: Account, asked: Sequence[Asked]) -> Sequence[Request]:
        known = {"ApiKey": account.key, "SecretKey": account.secret}
        return [
            Request(f"/GetSendStatus?{urlencode(known | {'RefId': each.reference})}", None)
            for each in asked
            if each.reference
        ]

    def told(self, answer: Mapping[str, Any], asked: Sequence[Asked]) -> list[Receipt]:
        reference = word(answer, "SMSID")
        of = next((each.request_id for each in asked if each.reference == reference), None)
        found = of and receipt_of(of, reference, answer)
        return [found] if found else []

    def look(self, account: Account) -> Request:
        return Request("/GetBalance_json", {"ApiKey": account.key, "SecretKey": account.secret})

    def is_there(self, answer: Mapping[str, Any]) -> bool:
        return word(answer, "CodeResponse") == TAKEN


def called(said: Mapping[str, Any]) -> Receipt | None:
    """The receipt that a callback brings, None while the message is still on its way; Unreadable for what is no callback."""
    try:
        request_id = UUID(word(said, "RequestId"))
    except ValueError:
        raise Unreadable from None
    return receipt_of(request_id, word(said, "SMSID"), said)


def receipt_of(request_id: UUID, reference: str, said: Mapping[str, Any]) -> Receipt | None:
    status = word(said, "SendStatus")
    if status == REJECTED:
        return Receipt(request_id, reference, "failed", "carrier")
    if status != ENDED:
        return None
    delivered = word(said, "SendSuccess") != "0"
    return Receipt(
        request_id, reference, "delivered" if delivered else "failed", None if delivered else "unreachable"
    )
