"""What a portal's side is asked to do right: each point with what to do for it to be seen, and where the guide says it."""

from __future__ import annotations

from typing import NamedTuple

GUIDE = "docs/portals.md"


class Point(NamedTuple):
    """`room`: what can be left out together with others; `asks`: a right portal's way; `see`: what brings it about."""

    code: str
    room: str
    asks: str
    see: str
    section: str

    @property
    def where(self) -> str:
        return f"{GUIDE}, “{self.section}”"


POINTS = (
    Point(
        "first-submission", "submission", "a dossier is filed with an Idempotency-Key, and taken",
        "file a dossier in the portal", "File",
    ),
    Point(
        "keys-differ", "submission", "two dossiers never share a key",
        "file a second dossier, for another name", "Repeats",
    ),
    Point(
        "lost-answer", "submission", "after a lost answer the same body comes again under the same key",
        "file a second dossier: its answer is lost", "Repeats",
    ),
    Point(
        "limited", "submission", "after 429 the same comes again under the same key, and not before Retry-After",
        "file a third dossier: it is answered 429", "Limits",
    ),
    Point(
        "away", "submission", "after 503 the same comes again under the same key, and not before Retry-After",
        "file a fourth dossier: it is answered 503", "Limits",
    ),
    Point(
        "followed", "following", "the portal looks at what became of its dossiers",
        "show the first dossier's state in the portal", "Follow",
    ),
    Point(
        "supplement", "supplement", "a paper that is asked for is brought, and after a lost answer brought again under the same key",
        "bring what is asked for of the first dossier: its answer is lost", "Supplements",
    ),
    Point(
        "withdrawal", "withdrawal", "a dossier is asked back, and after 503 under the same key",
        "take any dossier back: it is answered 503", "Withdrawal",
    ),
    Point(
        "payment-signed", "payment", "a payment bears the provider's signature of its bytes and of now",
        "pay the fee of the first dossier", "Payments",
    ),
    Point(
        "payment", "payment", "after a lost answer the same payment comes again under the same id",
        "pay the fee of the first dossier: the answer is lost", "Payments",
    ),
    Point(
        "subscribed", "webhooks", "the portal says where it is called",
        "subscribe by POST /v1/subscriptions at this address", "Webhooks",
    ),
    Point("call-taken", "webhooks", "a call is answered 2xx", "subscribe: a call comes at once", "Webhooks"),
    Point("call-twice", "webhooks", "a call that comes twice is answered 2xx both times", "the same", "Webhooks"),
    Point("call-forged", "webhooks", "a call with another's signature is refused", "the same", "Webhooks"),
    Point("call-old", "webhooks", "a call that was signed ten minutes ago is refused", "the same", "Webhooks"),
    Point(
        "if-match", "office", "an act bears If-Match with a version of the dossier that was read",
        "accept a dossier, not the first one, in an officer's name: a colleague is a moment faster", "Acts of an office",
    ),
    Point(
        "changed-meanwhile", "office", "after 412 the dossier is read again before anything is done with it",
        "act on that dossier again", "Acts of an office",
    ),
)  # fmt: skip
BY_CODE = {point.code: point for point in POINTS}
ROOMS = tuple(dict.fromkeys(point.room for point in POINTS))
OFFICE = "office"
"""What a program does in an officer's name; of most portals nothing."""
