"""Reads what mail servers say of letters that they had taken: delivery status (RFC 3464) and complaints (RFC 5965). Pure.

Of the report it takes what became of the letter and which return path it names; never an address or a text of anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from email.message import Message
from email.parser import BytesParser
from typing import Literal, NamedTuple, cast

State = Literal["failed", "delivered", "complained", "delayed"]
Reason = Literal["no_such_mailbox", "mailbox_full", "unreachable", "blocked", "carrier"]
"""Why a letter did not arrive, in our words: there is no such mailbox; it is full; its server was not reached in time, or had no time; it
takes none from us; anything else."""

BOUNDARIES_MAX = 12
"""A report with the letter that it speaks of names three or four; each level of more costs time for every line."""
COMPLAINTS = frozenset({"abuse", "opt-out", "opt-out-list"})
ACTIONS: dict[str, State] = {"failed": "failed", "delayed": "delayed", "delivered": "delivered"}
WORST_FIRST: tuple[State, ...] = ("failed", "delayed", "delivered")
_STATUS = re.compile(r"(?<!\d)([245])\.(\d{1,3})\.(\d{1,3})(?!\d)")
_OF_THE_SENDER = frozenset({7, 8})  # x.1.7 and x.1.8 speak of our own address
_DISABLED, _FULL = 1, 2


class Report(NamedTuple):
    """What became of a letter. `names`: addresses among which its return path may be; the envelope says it in most reports."""

    state: State
    reason: Reason | None = None
    names: tuple[str, ...] = ()

    @property
    def hard(self) -> bool:
        """Whether no letter will ever reach the address."""
        return self.reason == "no_such_mailbox"


def read(content: bytes) -> Report | None:
    """The report; None for what is none: an answer of somebody who is away, a letter, spam.

    Guarantee: nothing but a report of its form changes anything. Test: test_what_is_no_report_says_nothing.
    Guarantee: a report costs time in proportion to its size, however it is nested. Test: test_a_nested_report_is_not_read.
    """
    if content.lower().count(b"boundary") > BOUNDARIES_MAX:
        return None
    message = BytesParser().parsebytes(content)
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return None
    parts = cast("list[Message]", message.get_payload())
    names = tuple(_return_paths(parts))
    for part in parts:
        blocks = part.get_payload() if part.is_multipart() else []
        match part.get_content_type():
            case "message/delivery-status":
                return _delivery(cast("list[Message]", blocks), names)
            case "message/feedback-report":
                return _complaint(cast("list[Message]", blocks), names)
    return None


def _delivery(blocks: Sequence[Message], names: tuple[str, ...]) -> Report | None:
    """The worst that is said of any recipient; a letter of ours has one."""
    told = {}
    for block in blocks:
        if state := ACTIONS.get(_word(block, "action")):
            told[state] = _reason(_word(block, "status"), _word(block, "diagnostic-code"))
    for state in WORST_FIRST:
        if state in told:
            return Report(state, told[state] if state == "failed" else None, names)
    return None


def _complaint(blocks: Sequence[Message], names: tuple[str, ...]) -> Report | None:
    for block in blocks:
        if _word(block, "feedback-type") in COMPLAINTS:
            return Report("complained", None, (_bare(_word(block, "original-mail-from")), *names))
    return None


def _reason(status: str, diagnostic: str) -> Reason:
    """By the enhanced status (RFC 3463); where it says "other", by the one in the words of the server that refused."""
    found = _STATUS.search(status)
    if found is None or found[2] == "0":
        found = _STATUS.search(diagnostic) or found
    if found is None:
        return "carrier"
    of_all, subject, detail = found[1], int(found[2]), int(found[3])
    if of_all == "5" and (
        (subject == 1 and detail not in _OF_THE_SENDER) or (subject, detail) == (2, _DISABLED)
    ):
        return "no_such_mailbox"
    if (subject, detail) == (2, _FULL):
        return "mailbox_full"
    if subject == 7:
        return "blocked"
    return "unreachable" if subject == 4 or of_all == "4" else "carrier"


def _return_paths(parts: Sequence[Message]) -> Iterator[str]:
    """As the letter that is enclosed, or its head, has it."""
    for part in parts:
        if part.get_content_type() == "message/rfc822" and part.is_multipart():
            yield _bare(_word(cast("list[Message]", part.get_payload())[0], "return-path"))
        elif part.get_content_type() == "text/rfc822-headers":
            head = part.get_payload(decode=True)
            if isinstance(head, bytes):
                yield _bare(_word(BytesParser().parsebytes(head, headersonly=True), "return-path"))


def _word(block: Message, name: str) -> str:
    return str(block.get(name, "")).strip().lower()


def _bare(address: str) -> str:
    return address.strip("<> ")
