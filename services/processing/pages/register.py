"""The register of dossiers for any period: a page, and the whole of it as CSV, XLSX or PDF.

Promises that a file of any length costs the same memory, and that applicants are named only to who says what for: intake reads
them in the officer's own name and writes each down.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import IO, NamedTuple
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import Response, StreamingResponse
from starlette.background import BackgroundTask

from contracts.catalogue.offices import Names
from services.chassis.http import paging
from services.chassis.http.log_in_routes import add_page
from services.chassis.http.pages import Pages
from services.chassis.http.sessions import Visitor
from services.chassis.http.texts import N_
from services.chassis.http.typesetting import Typesetting
from services.chassis.http.visibility import units_of
from services.chassis.http.web import Application, Problem
from services.processing.clock.working_days import local_day
from services.processing.desk import register
from services.processing.desk.carry_out import Desk
from services.processing.desk.register import Book, Entry
from services.processing.pages import register_lines as lines
from services.processing.pages import words
from services.processing.pages.form_pages import TEMPLATE
from services.processing.pages.people import read_many
from services.processing.pages.register_lines import People
from services.processing.pages.search import PURPOSES
from services.processing.pages.shown import PAGE_ITEMS, Officer, place_name, procedure_name

KINDS: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
NAMED_MAX, PRINTED_MAX = 2_000, 2_000
"""Lines that a file with names, or one on paper, may have."""
PIECE_BYTES = 65_536
FIRST, LAST = date(1900, 1, 1), date(2999, 12, 31)
FAULTS: Mapping[str, str] = {
    "from": N_("Hãy ghi ngày đầu."),
    "to": N_("Hãy ghi ngày cuối, không trước ngày đầu."),
    "purpose": N_("Hãy chọn mục đích, hoặc không ghi tên."),
}
TOO_LONG: Mapping[bool, str] = {
    True: N_(
        "Khoảng này có hơn {n} hồ sơ nên không ghi tên người nộp một lần được: hãy chọn khoảng ngắn hơn."
    ),
    False: N_(
        "Khoảng này có hơn {n} hồ sơ nên không in được: hãy chọn khoảng ngắn hơn, hoặc lấy CSV, Excel."
    ),
}
"""With names, and on paper."""


class Asked(NamedTuple):
    """Which register, and what for its applicants are named; empty: they are not."""

    book: Book
    purpose: str

    def address(self, path: str, **more: str) -> str:
        book = self.book
        told = {"desk": book.place, "from": book.since, "to": book.until, "purpose": self.purpose, **more}
        return f"{path}?{urlencode({name: value for name, value in told.items() if value})}"


def add_register_pages(application: Application, pages: Pages, desk: Desk, names: Names) -> None:
    """Adds them. `names` are those of offices and units."""
    typesetting = Typesetting(TEMPLATE)

    async def page(request: Request, visitor: Officer) -> Response:
        """A page of it, the first accepted first."""
        desk.officers.met(visitor.caller, visitor.identity.name)
        asked, faults = _asked(request, visitor, local_day(desk.clock()))
        if faults or not asked.book.place:
            return _show(request, visitor, asked, faults, 422 if faults else 200)
        after = paging.given(request.query_params.get("cursor", ""), register.read_cursor)
        entries = await register.page(desk.pool, asked.book, after or register.BEGINNING, PAGE_ITEMS + 1)
        shown = entries[:PAGE_ITEMS]
        people, unread = await _people(visitor, shown, asked.purpose)
        following = register.cursor(register.place_of(shown[-1])) if len(entries) > PAGE_ITEMS else ""
        return _show(request, visitor, asked, {}, 200, shown, people, unread, following)

    async def whole(request: Request, kind: str, visitor: Officer) -> Response:
        """All of it as a file."""
        if kind not in KINDS:
            raise Problem(404, "not-found")
        asked, faults = _asked(request, visitor, local_day(desk.clock()))
        if faults or not asked.book.place:
            return _show(request, visitor, asked, faults, 422)
        bound = min(
            [n for n, holds in ((NAMED_MAX, asked.purpose), (PRINTED_MAX, kind == "pdf")) if holds],
            default=None,
        )
        stretches = register.stretches(desk.pool, asked.book)
        people: People = {}
        if bound is not None:
            entries = [each async for stretch in _up_to(stretches, bound) for each in stretch]
            if len(entries) > bound:
                said = pages.texts.say(pages.lang(request), TOO_LONG[bool(asked.purpose)])
                return _show(request, visitor, asked, {"to": said.format(n=bound)}, 422)
            told, unread = await _people(visitor, entries, asked.purpose)
            if unread:
                return pages.show(request, "problem.html", 503, text=unread, code="people-unread")
            people, stretches = told, _again(entries)
        return await _file(kind, asked.book, stretches, people)

    async def _people(visitor: Visitor, entries: Sequence[Entry], purpose: str) -> tuple[People, str]:
        """Who filed them, where somebody says what for."""
        if not purpose or not entries:
            return {}, ""
        told, unread = await read_many(
            desk.intake, visitor, [each.row.dossier_id for each in entries], purpose
        )
        return told or {}, unread

    async def _file(
        kind: str, book: Book, stretches: AsyncIterator[Sequence[Entry]], people: People
    ) -> Response:
        name = f"so-theo-doi-ho-so-{book.since}-{book.until}.{kind}"
        headers = {
            "content-disposition": f'attachment; filename="{name}"',
            "x-content-type-options": "nosniff",
            "cache-control": "no-store",
        }
        rows = _rows(stretches, people)
        if kind == "csv":
            first = await anext(rows)
            return StreamingResponse(_csv(book, first, rows), headers=headers, media_type=KINDS[kind])
        if kind == "xlsx":
            made = await _xlsx(book, rows)
            return StreamingResponse(
                _pieces(made), headers=headers, media_type=KINDS[kind], background=BackgroundTask(made.close)
            )
        whole = [row async for some in rows for row in some]
        said = lines.form(book, whole, names, local_day(desk.clock()))
        return Response(await typesetting.pdf(said), headers=headers, media_type=KINDS[kind])

    async def _rows(
        stretches: AsyncIterator[Sequence[Entry]], people: People
    ) -> AsyncIterator[list[list[str | int]]]:
        number = 0
        async for entries in stretches:
            yield [lines.line(number + n, each, people, names) for n, each in enumerate(entries, 1)]
            number += len(entries)

    async def _csv(
        book: Book, first: list[list[str | int]], rest: AsyncIterator[list[list[str | int]]]
    ) -> AsyncIterator[str]:
        above = [[text] for text in lines.head(book, names)]
        yield lines.BYTE_ORDER_MARK + lines.csv_text([*above, lines.HEAD, *first])
        async for rows in rest:
            yield lines.csv_text(rows)

    async def _xlsx(book: Book, rows: AsyncIterator[list[list[str | int]]]) -> IO[bytes]:
        """In a file without a name, which nobody finds and which is gone when it is closed."""
        made: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed when it was sent)
        try:
            workbook = await asyncio.to_thread(lines.Workbook, made, lines.head(book, names))
            async for some in rows:
                await asyncio.to_thread(workbook.write, some)
            await asyncio.to_thread(workbook.close)
            made.seek(0)
        except BaseException:
            made.close()
            raise
        return made

    def _show(
        request: Request,
        visitor: Visitor,
        asked: Asked,
        faults: Mapping[str, str],
        status: int = 200,
        entries: Sequence[Entry] = (),
        people: People | None = None,
        unread: str = "",
        following: str = "",
    ) -> Response:
        lang = pages.lang(request)
        return pages.show(
            request,
            "register.html",
            status,
            asked=asked,
            typed={name: request.query_params.get(name, "")[:20] for name in ("from", "to")},
            faults=faults,
            desks=[(each, place_name(names, each, lang)) for each in dict.fromkeys(units_of(visitor.caller))],
            purposes=PURPOSES,
            entries=entries,
            people=people or {},
            unread=unread,
            following=following and asked.address("/register", cursor=following),
            files=[(kind, asked.address(f"/register/{kind}")) for kind in KINDS],
            number=lines.number_of_form(asked.book.until),
            procedure=procedure_name,
            words=words,
            called=partial(place_name, names, lang=lang),
        )

    add_page(application, "GET", "/register", page)
    add_page(application, "GET", "/register/{kind}", whole)


def _asked(request: Request, visitor: Visitor, today: date) -> tuple[Asked, dict[str, str]]:
    """What the address asks for, this month of the visitor's first desk by default, and what is wrong with it.

    Guarantee: nobody reads another office's register. Test: test_a_register_is_of_the_own_desk.
    """
    given, own = request.query_params, units_of(visitor.caller)
    place = given.get("desk") or visitor.caller.office or (own[0] if own else "")
    if place and place not in own:
        raise Problem(403, "not-your-desk", "ask for your unit, or for your office's desk", field="desk")
    since, until = _day(given.get("from"), today.replace(day=1)), _day(given.get("to"), today)
    purpose = given.get("purpose", "")
    sound = {
        "from": since is not None,
        "to": until is not None and (since is None or since <= until),
        "purpose": purpose == "" or purpose in PURPOSES,
    }
    faults = {name: FAULTS[name] for name, is_sound in sound.items() if not is_sound}
    return Asked(Book(place, since or today, until or today), "" if "purpose" in faults else purpose), faults


def _day(text: str | None, otherwise: date) -> date | None:
    if not text:
        return otherwise
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST <= day <= LAST else None


async def _up_to(stretches: AsyncIterator[Sequence[Entry]], bound: int) -> AsyncIterator[Sequence[Entry]]:
    """The first of them, until there are more than `bound` lines."""
    seen = 0
    async for entries in stretches:
        yield entries
        seen += len(entries)
        if seen > bound:
            return


async def _again(entries: Sequence[Entry]) -> AsyncIterator[Sequence[Entry]]:
    yield entries


def _pieces(made: IO[bytes]) -> Iterator[bytes]:
    while piece := made.read(PIECE_BYTES):
        yield piece
