"""Forms that bring files: fields are read, files are handed on piece by piece as they come, and nothing of one is held here.

Promises that no file is taken before the form is known to be this session's. Never knows what a file is for.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from services.chassis.http.forms import FIELDS_MAX, FORM, Form
from services.chassis.http.page_routes import VISITOR, PageRoute, StreamRoute, is_token
from services.chassis.http.problems import Problem
from services.chassis.http.request_checks import BODY_BYTES_MAX, read_body
from services.chassis.http.sessions import Visitor

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MULTIPART = b"multipart/form-data"
HEADER_BYTES_MAX = 4_096
FILES_MAX = 50
FORM_BYTES_MAX, FORM_SECONDS_MAX = 256 * 1_048_576, 900.0


class Receiving(Protocol):
    """A file on its way; `end` gives the member of the form that stands for it from now on."""

    async def write(self, piece: bytes) -> None: ...

    async def end(self) -> tuple[str, str]: ...


class Receiver(Protocol):
    """Who takes files. Of a visitor whose session is over it keeps none, and says so in the member that stands for the file."""

    async def begin(self, visitor: Visitor, field: str, name: str) -> Receiving: ...


class UploadRoute(PageRoute, StreamRoute):
    """A page whose form may bring files."""

    async def read(self, request: Request) -> Form:
        kind, options = parse_options_header(request.headers.get("content-type"))
        visitor: Visitor = request.scope[VISITOR]
        if kind == FORM:
            # So it comes when it is sent once more, after a log-in.
            length = dict(request.scope["headers"]).get(b"content-length")
            body = await read_body(request.receive, length, BODY_BYTES_MAX)
            return Form.read(body)
        if kind != MULTIPART or not options.get(b"boundary"):
            raise Problem(415, detail="send a form")
        reading, size = _Reading(options[b"boundary"], visitor, request.app.pages.files), 0
        try:
            async with asyncio.timeout(FORM_SECONDS_MAX):
                async for piece in request.stream():
                    size += len(piece)
                    if size > FORM_BYTES_MAX:
                        raise Problem(413, detail=f"at most {FORM_BYTES_MAX} bytes at once")
                    if not await reading.feed(piece):
                        break
        except (ClientDisconnect, TimeoutError):
            raise Problem(408) from None
        except FormParserError:
            raise Problem(400, "form-invalid", "this is no form as a browser sends it") from None
        return Form.of(reading.members)


class _Reading:
    """A form that is being read."""

    def __init__(self, boundary: bytes, visitor: Visitor, receiver: Receiver) -> None:
        self.members: list[tuple[str, str]] = []
        self._visitor, self._receiver = visitor, receiver
        self._told: list[tuple[str, bytes]] = []
        self._size, self._files = 0, 0
        self._header = {"name": b"", "value": b""}
        self._field, self._filename = "", ""
        self._is_file, self._value = False, bytearray()
        tell: MultipartCallbacks = {
            "on_part_begin": lambda: self._tell("begin"),
            "on_header_field": lambda data, start, end: self._tell("header-name", data[start:end]),
            "on_header_value": lambda data, start, end: self._tell("header-value", data[start:end]),
            "on_header_end": lambda: self._tell("header-end"),
            "on_part_data": lambda data, start, end: self._tell("data", data[start:end]),
            "on_part_end": lambda: self._tell("end"),
        }
        self._parser = MultipartParser(boundary, tell)
        self._receiving: Any = None

    def _tell(self, what: str, data: bytes = b"") -> None:
        self._told.append((what, data))

    async def feed(self, piece: bytes) -> bool:
        """False: the form is not this session's, and nothing more of it is read.

        Guarantee: no file of a form from elsewhere is kept. Test: test_no_file_of_a_form_of_another_session_is_kept.
        """
        if piece:
            self._parser.write(piece)
        told, self._told = self._told, []
        for what, data in told:
            match what:
                case "begin":
                    self._field, self._filename, self._is_file, self._receiving = "", "", False, None
                    self._value.clear()
                case "header-name":
                    self._grow(len(data))
                    self._header["name"] += data
                case "header-value":
                    self._grow(len(data))
                    self._header["value"] += data
                case "header-end":
                    self._read_header()
                case "data":
                    if not await self._take(data):
                        return False
                case "end":
                    await self._end()
        return True

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > BODY_BYTES_MAX or len(self._header["value"]) > HEADER_BYTES_MAX:
            raise Problem(413, detail=f"at most {BODY_BYTES_MAX} bytes beside the files")

    def _read_header(self) -> None:
        name, value = self._header["name"], self._header["value"]
        self._header = {"name": b"", "value": b""}
        if name.lower() == b"content-disposition":
            _, options = parse_options_header(value)
            self._field = options.get(b"name", b"").decode("utf-8", "replace")
            self._is_file = b"filename" in options
            self._filename = options.get(b"filename", b"").decode("utf-8", "replace")

    async def _take(self, data: bytes) -> bool:
        if not self._is_file:
            self._grow(len(data))
            self._value += data
        elif self._filename:
            if self._receiving is None and not await self._begin():
                return False
            await self._receiving.write(data)
        return True

    async def _begin(self) -> bool:
        # A form of a session that ended meanwhile is read to its end: fields stand behind its files.
        if not is_token(Form.of(self.members).get("csrf"), self._visitor):
            return False
        self._files += 1
        if self._files > FILES_MAX:
            raise Problem(413, detail=f"at most {FILES_MAX} files at once")
        self._receiving = await self._receiver.begin(self._visitor, self._field, self._filename)
        return True

    async def _end(self) -> None:
        if self._is_file:
            # A field that was left open has no name; a file of no bytes has one.
            if self._filename and (self._receiving is not None or await self._begin()):
                self.members.append(await self._receiving.end())
        else:
            self.members.append((self._field, self._value.decode("utf-8", "replace")))
        if len(self.members) > FIELDS_MAX:
            raise Problem(400, "form-invalid", "this is no form as a browser sends it")
