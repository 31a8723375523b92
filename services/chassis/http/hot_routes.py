"""Direct routes: those that are answered before FastAPI's stack, because they are hot.

Never knows what a route is for.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from services.chassis.http.problems import invalid
from services.chassis.http.tokens import Caller

B = TypeVar("B")
PLACED = re.compile(r"(/[^{}]*)/\{([a-z_]+)\}/([^/{}]+)")
"""A path with one id before its last word."""


class Answer(NamedTuple):
    """What a direct route gives back: JSON bytes as they go out."""

    status: int
    body: bytes
    headers: Sequence[tuple[bytes, bytes]] = ()


@dataclass(slots=True)
class Call(Generic[B]):
    """A request to a direct route, authorised and validated; `raw` is the body as it came."""

    caller: Caller
    body: B
    raw: bytes
    headers: Mapping[bytes, bytes]
    traceparent: str
    id: UUID | None = None
    """What the path names, where its template has a place for it."""
    said: Any = None
    """What the body says, in NFC, as orjson reads it; None of a batch, and of what orjson does not read."""


@dataclass(slots=True)
class Direct:
    """A route that is answered before FastAPI's stack: one method, and one path with at most one id, before its last word."""

    path: str
    roles: frozenset[str]
    validate: Callable[[bytes], Any]
    endpoint: Callable[[Call[Any]], Awaitable[Answer]]
    bytes_max: int
    seconds: Any
    in_slices: bool = False
    """Whether `validate` is awaited, because it checks a long body itself, in slices."""
    answered: dict[int, Any] = field(default_factory=dict)

    def id_of(self, given: str) -> UUID | None:
        """The id in a path; Problem 422 for what is none."""
        place = PLACED.fullmatch(self.path)
        if place is None:
            return None
        try:
            return UUID(given)
        except ValueError:
            fault = {"type": "uuid_parsing", "loc": (place[2],), "msg": "a UUID is expected"}
            raise invalid([fault]) from None


class Directs:
    """The direct routes, found by method and path in one look-up or two."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, ...], Direct] = {}
        self.named: set[tuple[str, str]] = set()
        """Method and path of each."""

    def add(self, method: str, direct: Direct) -> dict[str, Any]:
        """Adds a route; the parameters that its path has."""
        placed = PLACED.fullmatch(direct.path)
        self.named.add((method, direct.path))
        self._routes[(method, placed[1], placed[3]) if placed else (method, direct.path)] = direct
        return {placed[2]: UUID} if placed else {}

    def find(self, method: str, path: str) -> tuple[Direct | None, str]:
        """The route of a path, and what stands in the path where the template has an id."""
        direct = self._routes.get((method, path))
        if direct is not None:
            return direct, ""
        head, _, last = path.rpartition("/")
        before, _, given = head.rpartition("/")
        return self._routes.get((method, before, last)), given
