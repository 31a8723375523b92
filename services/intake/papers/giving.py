"""How a paper is given out: as a file to be saved, which no page can use and no browser guesses at."""

from __future__ import annotations

from urllib.parse import quote

from fastapi.responses import StreamingResponse

from services.intake.papers.attached import Opened


def given_out(paper: Opened) -> StreamingResponse:
    """Guarantee: no paper is shown as a page of this site. Test: test_a_paper_is_given_out_to_be_saved."""
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(paper.name, safe='')}",
        "content-length": str(paper.size),
        "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
    }
    return StreamingResponse(paper.content, headers=headers, media_type=paper.media_type)
