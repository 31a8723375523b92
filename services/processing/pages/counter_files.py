"""Files that an officer takes at the counter: handed to intake in the officer's own name as they come; the form goes on with what stands
for each. Keeps none."""

from __future__ import annotations

import re
import tempfile
from collections.abc import AsyncIterator, Sequence
from typing import IO, Any, NamedTuple
from uuid import UUID

from services.chassis.http.forms import Form
from services.chassis.http.sessions import Visitor
from services.chassis.process.ids import uuid7
from services.processing.desk.at_intake import AtIntake
from services.processing.pages.people import SCAN_SECONDS

PREFIX, FAULT = "file-", ":fault"
FIELD = re.compile(r"file-([0-9]{1,3})", re.ASCII)
BROUGHT = re.compile(
    r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) ([0-9]{1,9}) (.{1,300})", re.ASCII | re.DOTALL
)
FILE_BYTES_MAX = 50 * 1_048_576
PIECE_BYTES = 65_536
OWN_STEPS = ("confirmed", "change", "step", "remove")


class Brought(NamedTuple):
    """A file that intake has; the form names it by its id, with its size and name for the page alone."""

    place: int
    file_id: UUID
    size: int
    name: str

    @property
    def told(self) -> str:
        return f"{self.file_id} {self.size} {self.name}"


class Receiving:
    """A file on its way, in a file without a name until all of it is here: intake is told beforehand how long it is."""

    def __init__(self, intake: AtIntake, token: str, field: str, name: str) -> None:
        self._intake, self._token, self._field, self._name = intake, token, field, name
        self._kept: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed at the end)
        self._size = 0

    async def write(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size <= FILE_BYTES_MAX:
            self._kept.write(piece)

    async def end(self) -> tuple[str, str]:
        """The field with what stands for the file, or what is wrong with it."""
        with self._kept:
            if not FIELD.fullmatch(self._field):
                return self._field + FAULT, "file-unknown"
            if self._size > FILE_BYTES_MAX:
                return self._field + FAULT, "file-too-large"
            self._kept.seek(0)
            headers = {"content-length": str(self._size), "idempotency-key": str(uuid7())}
            status, told = await self._intake.ask_whole(
                "POST",
                "/v1/files",
                self._token,
                answer_seconds=SCAN_SECONDS,
                headers=headers | {"content-type": "application/octet-stream"},
                params={"name": self._name[:1_000]},
                content=_pieces(self._kept),
            )
        if status == 201 and told is not None:
            kept = Brought(0, UUID(told["file_id"]), self._size, told["name"])
            return self._field, kept.told
        return self._field + FAULT, (told or {}).get("code") or "files-away"


class CounterFiles:
    """Takes what forms bring."""

    def __init__(self, intake: AtIntake) -> None:
        self._intake = intake

    async def begin(self, visitor: Visitor, field: str, name: str) -> Receiving:
        return Receiving(self._intake, visitor.identity.access_token, field, name)


async def _pieces(kept: IO[bytes]) -> AsyncIterator[bytes]:
    while piece := kept.read(PIECE_BYTES):
        yield piece


def brought(typed: Form, places: int) -> list[Brought]:
    """The files that stand in a form and were not taken out of it just now."""
    removed, found = typed.get("remove"), dict[Brought, None]()
    for name, value in typed.typed():
        place, told = FIELD.fullmatch(name), BROUGHT.fullmatch(value)
        if place and told and told[1] != removed and int(place[1]) <= places:
            found[Brought(int(place[1]), UUID(told[1]), int(told[2]), told[3])] = None
    return list(found)


def faults(typed: Form) -> dict[str, str]:
    """What was wrong with files, by their fields: the code of each refusal."""
    return {name.removesuffix(FAULT): value for name, value in typed.typed() if name.endswith(FAULT)}


def without_files(typed: Form) -> list[tuple[str, str]]:
    """Everything else that was typed, to be sent on."""
    return [
        (name, value)
        for name, value in typed.typed()
        if name not in OWN_STEPS and not name.startswith(PREFIX)
    ]


def named(files: Sequence[Brought]) -> list[dict[str, Any]]:
    """As a filing names them."""
    return [{"file_id": str(each.file_id), "paper": each.place or None} for each in files]
