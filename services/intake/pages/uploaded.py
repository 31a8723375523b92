"""Files that a page's form brings: each goes the way of the JSON door, and the form goes on with the id that stands for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from services.chassis.http.forms import Form
from services.chassis.http.problems import Problem
from services.chassis.http.sessions import Visitor
from services.chassis.process.ids import uuid7
from services.intake.papers.paper import PaperFiled
from services.intake.papers.uploads import Part, Uploads

PREFIX = "file-"
FAULT = ":fault"
OTHER = 0
"""The place of a file that is none of the papers that are asked for."""
FIELD = re.compile(r"file-([0-9]{1,3})", re.ASCII)
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FOUND = "SELECT file_id, name, size, scanned FROM files WHERE file_id = ANY($1::uuid[]) AND owner = $2 AND fault IS NULL"


class Receiving:
    """A file on its way; what is wrong with it becomes a member of the form, and the rest of it is thrown away."""

    def __init__(self, field: str, part: Part | None, fault: str) -> None:
        self._field, self._part, self._fault = field, part, fault

    async def write(self, piece: bytes) -> None:
        if self._part is not None and not self._fault:
            try:
                await self._part.write(piece)
            except Problem as refused:
                self._fault = refused.code

    async def end(self) -> tuple[str, str]:
        """The field with the file's id, or what is wrong with it."""
        if self._part is not None and not self._fault:
            try:
                upload = await self._part.end(is_last=True)
                self._fault = upload.fault or ""
                if not self._fault:
                    return self._field, str(upload.file_id)
            except Problem as refused:
                self._fault = refused.code
        return self._field + FAULT, self._fault


class PageFiles:
    """Takes what forms bring."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads

    async def begin(self, visitor: Visitor, field: str, name: str) -> Receiving:
        """Of a session that ended no file is kept, and the form, when it is sent again, says which to bring again."""
        if visitor.idle or not FIELD.fullmatch(field):
            return Receiving(field, None, "file-unknown")
        try:
            upload = await self._uploads.begin(visitor.caller.actor, str(uuid7()), name, None)
            return Receiving(field, await self._uploads.part(upload, 0), "")
        except Problem as refused:
            return Receiving(field, None, refused.code)


class Brought(NamedTuple):
    """A file that has come, as the page shows it."""

    place: int
    file_id: UUID
    name: str
    size: int


async def brought(
    uploads: Uploads, visitor: Visitor, typed: Form, places: int | None = None
) -> list[Brought]:
    """The files that stand in a form, those that are there still and were not taken out of it just now; `places`: of so many papers."""
    removed, told = typed.get("remove"), list[tuple[int, UUID]]()
    for name, value in typed.typed():
        place = FIELD.fullmatch(name)
        if place and value != removed and ID.fullmatch(value):
            told.append((int(place[1]), UUID(value)))
    rows = await uploads.pool.fetch(_FOUND, [each for _, each in told], visitor.caller.actor)
    found = {row["file_id"]: row for row in rows}
    return [
        Brought(place, file_id, row["name"], row["size"])
        for place, file_id in dict.fromkeys(told)
        if (row := found.get(file_id)) is not None and (places is None or place <= places)
    ]


def faults(typed: Form) -> dict[str, str]:
    """What was wrong with files, by their fields: the code of each refusal."""
    return {name.removesuffix(FAULT): value for name, value in typed.typed() if name.endswith(FAULT)}


def filed(files: Sequence[Brought]) -> list[PaperFiled]:
    """As a portal would name them."""
    return [PaperFiled(file_id=each.file_id, paper=each.place or None) for each in files]


def without_files(typed: Form) -> list[tuple[str, str]]:
    """Everything else that was typed, to be sent on."""
    steps = ("confirmed", "change", "step", "remove", "draft")
    return [
        (name, value) for name, value in typed.typed() if name not in steps and not name.startswith(PREFIX)
    ]
