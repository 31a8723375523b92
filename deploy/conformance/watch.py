"""Judges what a portal sends: which request is to fail, and whether what follows is right. Pure: times come in.

A request is known again by its key, or by its body where the key is another one; so a portal that makes a second request of the first
is told from one that files a second dossier.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from deploy.conformance.office import Office, claims_of
from deploy.conformance.points import BY_CODE, POINTS

RETRY_AFTER_SECONDS = 2
EARLY_SECONDS = 0.1
SIGNED_FOR_SECONDS = 300
_PLACES = {
    "submission": re.compile(r"/v1/dossiers"),
    "supplement": re.compile(r"/v1/dossiers/[^/]+/supplements"),
    "withdrawal": re.compile(r"/v1/dossiers/[^/]+/withdrawal"),
    "payment": re.compile(r"/v1/payments"),
    "subscription": re.compile(r"/v1/subscriptions"),
}

Failure = Literal["", "lost", "429", "503"]
PLAN: dict[str, Sequence[tuple[str, Failure]]] = {
    "submission": (("first-submission", ""), ("lost-answer", "lost"), ("limited", "429"), ("away", "503")),
    "supplement": (("supplement", "lost"),),
    "withdrawal": (("withdrawal", "503"),),
    "payment": (("payment", "lost"),),
}
"""What happens to the first, second, … request of a kind; those behind the last are left alone."""


class Request(NamedTuple):
    """As it came from the portal; `at` is a monotonic clock's, `told_at` Unix seconds."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    told_at: float

    @property
    def is_officers(self) -> bool:
        return bool(claims_of(self.headers))

    @property
    def kind(self) -> str:
        if self.is_officers:
            return ""
        if self.method == "GET":
            return "following" if self.path.startswith("/v1/dossiers") else ""
        return next((name for name, place in _PLACES.items() if place.fullmatch(self.path)), "")

    @property
    def says(self) -> Any:
        """The body's JSON; None of what is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def key(self) -> str:
        """By which the request is known: of a payment the provider's id."""
        said = self.says
        if self.kind == "payment":
            return str(said.get("id", "")) if isinstance(said, dict) else ""
        return self.headers.get("idempotency-key", "")

    @property
    def content(self) -> str:
        """What it says, without that by which it is known."""
        said = self.says
        if self.kind == "payment" and isinstance(said, dict):
            said = {name: told for name, told in said.items() if name not in ("id", "paid_at")}
        return f"{self.path} {json.dumps(said, sort_keys=True) if said is not None else self.body!r}"


@dataclass
class Trial:
    """A request that was made to fail, and is to come again."""

    point: str
    key: str
    content: str
    failure: Failure
    at: float


@dataclass
class Watch:
    """What was seen of a portal. `verdicts`: by point, empty for passed, else what was wrong; `remarks`: what may explain the rest."""

    patience_seconds: float
    payment_secrets: Sequence[bytes] = ()
    verdicts: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    _trials: list[Trial] = field(default_factory=list)
    _first: dict[tuple[str, str], str] = field(default_factory=dict)
    _count: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.office = Office(self._judge)

    def ask(self, request: Request) -> Failure:
        """What is to become of a request of the portal: nothing unusual, or a failure."""
        self.expire(request.at)
        if request.kind == "following":
            self._judge("followed", "")
        if request.kind == "payment":
            self._judge("payment-signed", self._signed(request))
        if request.kind not in PLAN:
            return ""
        if request.kind != "payment" and not request.key:
            self.remarks.append(f"{request.method} {request.path} came without Idempotency-Key")
        for trial in self._trials:
            if trial.key == request.key or trial.content == request.content:
                self._trials.remove(trial)
                self._judge(trial.point, _fault_of(trial, request))
                return ""
        new = (request.kind, request.key) not in self._first
        known = self._first.setdefault((request.kind, request.key), request.content)
        if request.kind == "submission" and request.key:
            if known != request.content:
                self._judge("keys-differ", "two bodies came under one Idempotency-Key")
            elif len({key for kind, key in self._first if kind == "submission"}) > 1:
                self._judge("keys-differ", "", unless_judged=True)
        return self._next_of_plan(request) if new and request.key else ""

    def answered(self, request: Request, status: int, code: str) -> None:
        """What the sandbox said to it."""
        if request.kind == "submission" and status == 201 and request.key:
            self._judge("first-submission", "", unless_judged=True)
        elif request.kind == "subscription" and status == 201:
            self._judge("subscribed", "")
        elif status >= 400:
            self.remarks.append(f"{request.method} {request.path} was answered {status} {code}")

    def called(self, point: str, status: int) -> None:
        """What the portal answered to a call; 0 for nothing."""
        taken, wanted = 200 <= status < 300, point in ("call-taken", "call-twice")
        said = f"it was answered {status}" if status else "nobody answered"
        self._judge(point, "" if status and taken is wanted else said)

    def expire(self, at: float) -> None:
        """Nobody is waited for longer than the patience that there is."""
        for trial in [trial for trial in self._trials if at - trial.at > self.patience_seconds]:
            self._trials.remove(trial)
            self._judge(trial.point, f"nothing came again within {self.patience_seconds:.0f} s")

    def unseen(self, rooms: Sequence[str]) -> list[str]:
        """Points of these rooms about which nothing is known yet."""
        return [point.code for point in POINTS if point.room in rooms and point.code not in self.verdicts]

    def report(self, rooms: Sequence[str]) -> Iterator[str]:
        for point in POINTS:
            if point.room not in rooms:
                continue
            verdict = self.verdicts.get(point.code)
            if verdict is None:
                yield f"not seen  {point.code}: {point.asks}. To see it: {point.see}"
            elif verdict:
                yield f"FAILED    {point.code}: {verdict}. Right is: {point.asks} ({point.where})"
            else:
                yield f"passed    {point.code}: {point.asks}"
        yield from (f"seen      {remark}" for remark in dict.fromkeys(self.remarks))

    def right(self, rooms: Sequence[str]) -> bool:
        return not self.unseen(rooms) and not any(
            fault for code, fault in self.verdicts.items() if BY_CODE[code].room in rooms
        )

    def _next_of_plan(self, request: Request) -> Failure:
        plan, count = PLAN[request.kind], self._count.get(request.kind, 0)
        self._count[request.kind] = count + 1
        if count >= len(plan):
            return ""
        point, failure = plan[count]
        if failure:
            self._trials.append(Trial(point, request.key, request.content, failure, request.at))
        return failure

    def _signed(self, request: Request) -> str:
        timestamp, given = (request.headers.get(f"payment-{name}", "") for name in ("timestamp", "signature"))
        if not timestamp.isdigit() or abs(int(timestamp) - request.told_at) > SIGNED_FOR_SECONDS:
            return "Payment-Timestamp is not the Unix second of now"
        signed = timestamp.encode() + b"." + request.body
        if not any(
            hmac.compare_digest(hmac.digest(key, signed, "sha256").hex(), given)
            for key in self.payment_secrets
        ):
            return "Payment-Signature is not that of the timestamp, a point and the bytes of the body"
        return ""

    def _judge(self, point: str, fault: str, *, unless_judged: bool = False) -> None:
        """A fault stands, whatever comes after it."""
        if not (unless_judged and point in self.verdicts) and not self.verdicts.get(point):
            self.verdicts[point] = fault


def _fault_of(trial: Trial, request: Request) -> str:
    """What is wrong with how a request comes again; empty for nothing."""
    known_by = "id" if request.kind == "payment" else "Idempotency-Key"
    if trial.key != request.key:
        return f"it came again under another {known_by}: that may make two of one"
    if trial.content != request.content:
        return f"another body came under the same {known_by}"
    waited = request.at - trial.at
    if trial.failure in ("429", "503") and waited < RETRY_AFTER_SECONDS - EARLY_SECONDS:
        return f"it came again after {waited:.1f} s, and Retry-After said {RETRY_AFTER_SECONDS}"
    return ""
