"""What a kind of provider of text messages is asked and what its answers mean: pure. Each kind is a file of its own.

Numbers and texts are in memory alone: nothing here shows them when it is printed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol
from uuid import UUID

from services.notify.channels.outcome import Outcome

State = Literal["delivered", "failed"]
FailureReason = Literal["unreachable", "blocked", "no_such_number", "carrier"]
"""Why a message did not arrive, in our words: nobody was reached in time; the number takes none from us; there is no such number; the
network or the provider itself."""


class Unreadable(ValueError):
    """An answer that says nothing that its kind knows. Never repeats it."""


class Message(NamedTuple):
    """A text message for one number, under an id that stays whenever it is sent again."""

    request_id: UUID
    phone: str
    about: str
    text: str
    parts: tuple[str, ...]

    def __repr__(self) -> str:
        """Without number and text: a message may end up in a traceback."""
        return f"Message({self.request_id})"


class Account(NamedTuple):
    """How we are known to a provider: key and secret, the registered name of the sender, the numbers of registered templates."""

    key: str
    secret: str
    sender: str
    templates: Mapping[str, str]
    callback: str

    def __repr__(self) -> str:
        """Without the secret, and without the address that is one."""
        return f"Account({self.sender})"


class Request(NamedTuple):
    """An HTTP request to a provider: JSON by POST, or without a body by GET."""

    path: str
    body: Mapping[str, Any] | None
    headers: Mapping[str, str] = {}

    def __repr__(self) -> str:
        """Without what it says."""
        return "Request()"


class Asked(NamedTuple):
    """A message whose receipt is asked for: our id, and the provider's, empty where it told none."""

    request_id: UUID
    reference: str


class Receipt(NamedTuple):
    """What a provider says became of a message that it had taken."""

    request_id: UUID
    reference: str
    state: State
    reason: FailureReason | None = None


class Kind(Protocol):
    """The interface of a provider. Each method raises Unreadable for an answer that is not of the kind."""

    calls_back: bool

    def send(self, account: Account, message: Message) -> Request:
        """Hands a message over."""

    def sent(self, answer: Mapping[str, Any]) -> Outcome:
        """What became of it."""

    def ask(self, account: Account, asked: Sequence[Asked]) -> Sequence[Request]:
        """Asks for receipts, in as few requests as the kind allows."""

    def told(self, answer: Mapping[str, Any], asked: Sequence[Asked]) -> list[Receipt]:
        """The receipts that one of those answers has."""

    def look(self, account: Account) -> Request:
        """Sees whether the provider is there, and hands nothing over."""

    def is_there(self, answer: Mapping[str, Any]) -> bool:
        """Whether it is, and knows us."""


def word(answer: Mapping[str, Any], name: str) -> str:
    """A member of an answer as text."""
    value = answer.get(name)
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise Unreadable
    text = str(value)[:100]
    if not text.isprintable():  # PostgreSQL keeps no NUL
        raise Unreadable
    return text
