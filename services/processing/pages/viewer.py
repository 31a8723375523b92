"""Papers in a viewer: a page around a frame, and in the frame pictures that we drew of the paper's pages.

Promises that nothing of an applicant's file is run or read by an officer's browser, that the frame is a sandbox which can do nothing and
which no other site can show, and that each opening goes through intake, which scans the paper and writes the reader down.
"""

from __future__ import annotations

import re
import tempfile
from typing import IO, Any
from urllib.parse import unquote
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response

from services.chassis.http.log_in_routes import add_page
from services.chassis.http.pages import Pages
from services.chassis.http.texts import N_
from services.chassis.http.web import Application
from services.processing.desk.carry_out import Desk, code_of, event_of
from services.processing.pages.dossier import Opened, opened, purpose_of
from services.processing.pages.drawing import KINDS, Drawing
from services.processing.pages.people import fetch_paper
from services.processing.pages.shown import Officer

PAGES_AT_ONCE = 5
FIRST = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
NAME = re.compile(r"filename\*=UTF-8''(\S+)")
ZOOMS = ("100", "150", "200")
PIXELS_PER_INCH = {"100": 110, "150": 150, "200": 200}
PAPER_BYTES_MAX = 60 * 1_048_576
NOT_DRAWN = N_("Tệp này không xem được tại đây. Hãy lưu tệp về máy để mở.")
SANDBOX = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'; "
    "base-uri 'none'; form-action 'none'"
)


def add_viewer_pages(application: Application, pages: Pages, desk: Desk) -> None:
    """Adds them."""
    drawing = Drawing()

    async def view(request: Request, dossier_id: UUID, file_id: UUID, visitor: Officer) -> Response:
        """The page around the frame; it opens no paper."""
        found = await opened(desk, dossier_id, visitor)
        first, zoom = _asked(request)
        return pages.show(
            request,
            "viewer.html",
            200,
            pages.framing,
            dossier_id=dossier_id,
            file_id=file_id,
            code=_code(found),
            first=first,
            zoom=zoom,
            zooms=ZOOMS,
        )

    async def frame(request: Request, dossier_id: UUID, file_id: UUID, visitor: Officer) -> Response:
        """Pictures of a few of its pages, for the frame alone.

        Guarantee: a paper is shown in a sandbox that runs nothing. Test: test_a_paper_is_shown_in_a_sandbox.
        """
        found = await opened(desk, dossier_id, visitor)
        first, zoom = _asked(request)
        drawn: Any = None
        said = name = ""
        with tempfile.TemporaryFile() as paper:
            answer, said = await fetch_paper(
                desk.intake, dossier_id, file_id, visitor, purpose_of(found.case)
            )
            if answer is not None:
                name = _name(answer)
                kind = answer.headers.get("content-type", "").partition(";")[0]
                whole = kind in KINDS and await _kept(answer, paper)
                if whole:
                    drawn = await drawing.pages(paper, kind, first, PAGES_AT_ONCE, PIXELS_PER_INCH[zoom])
                said = "" if drawn else NOT_DRAWN
        return pages.show(
            request,
            "paper_frame.html",
            200 if drawn else 503 if said != NOT_DRAWN else 422,
            {"content-security-policy": SANDBOX, "cross-origin-resource-policy": "same-origin"},
            said=said,
            name=name,
            first=first,
            zoom=zoom,
            count=drawn["count"] if drawn else 0,
            pictures=drawn["pictures"] if drawn else [],
        )

    add_page(application, "GET", "/dossiers/{dossier_id}/papers/{file_id}/view", view)
    add_page(application, "GET", "/dossiers/{dossier_id}/papers/{file_id}/frame", frame)


def _asked(request: Request) -> tuple[int, str]:
    """From which page on, and how large; the beginning for anything else."""
    first, zoom = request.query_params.get("from", ""), request.query_params.get("zoom", "")
    return int(first) if FIRST.fullmatch(first) else 1, zoom if zoom in ZOOMS else ZOOMS[0]


def _name(answer: Any) -> str:
    """What the paper is called, as intake gives it out."""
    found = NAME.search(answer.headers.get("content-disposition", ""))
    return unquote(found[1]) if found else ""


def _code(found: Opened) -> str | None:
    return code_of(found.case.known.filing, [event_of(each) for each in found.history], found.history)


async def _kept(answer: Any, paper: IO[bytes]) -> bool:
    """Whether all of it came; the file has no name, and is gone when it is closed."""
    size = 0
    try:
        async for piece in answer.aiter_raw():
            size += len(piece)
            if size > PAPER_BYTES_MAX:
                return False
            paper.write(piece)
    except Exception:  # cut off on the way
        return False
    finally:
        await answer.aclose()
    paper.flush()
    paper.seek(0)
    return True
