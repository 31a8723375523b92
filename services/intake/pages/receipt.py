"""The receipt of a filing as a PDF, to be printed or kept: what was filed, when and by whom, and the code by which anybody follows it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import segno
from fastapi import Request
from fastapi.responses import Response

from services.chassis.http.log_in_routes import add_page
from services.chassis.http.pages import Pages, instant
from services.chassis.http.texts import N_, Lang
from services.chassis.http.typesetting import Typesetting
from services.chassis.http.web import Application
from services.intake.acting import Applicants, find_for
from services.intake.pages.about import named
from services.intake.pages.visitors import Applicant
from services.intake.papers.attached import listed
from services.intake.papers.paper import Paper
from services.intake.shown import shown
from services.intake.usual import ZONE, Usual

TEMPLATE = Path(__file__).with_name("receipt.typ")
TITLE = N_("GIẤY BIÊN NHẬN NỘP HỒ SƠ TRỰC TUYẾN")
CODE, PROCEDURE, OFFICE, FILED_BY = (
    N_("Mã tra cứu"),
    N_("Thủ tục"),
    N_("Cơ quan tiếp nhận"),
    N_("Người nộp"),
)
FILED_AT, OFFICIAL, ANSWERED, PAPERS, NONE = (
    N_("Nộp lúc"),
    N_("Mã hồ sơ"),
    N_("Trả lời việc tiếp nhận chậm nhất"),
    N_("Tệp kèm theo"),
    N_("không có"),
)
FOLLOWED = N_("Quét ô vuông hoặc nhập mã tra cứu tại {address} để xem hồ sơ đã đến đâu, không cần tài khoản.")
NOT_YET = N_("Giấy này xác nhận hồ sơ đã được nộp; việc tiếp nhận được trả lời riêng.")


def add_receipt_page(application: Application, pages: Pages, applicants: Applicants) -> None:
    """Adds it."""
    typesetting, usual = Typesetting(TEMPLATE), Usual(applicants.pool)

    async def receipt(request: Request, dossier_id: UUID, visitor: Applicant) -> Response:
        """For who filed it alone."""
        known = await find_for(applicants, dossier_id, visitor.caller)
        told = await shown(applicants, known, usual, with_words=False)
        papers, lang = await listed(applicants.pool, dossier_id, known.own), pages.lang(request)
        office = applicants.intake.offices.office(
            told["office"], told["submitted_at"].astimezone(ZONE).date()
        )
        name = told["office"] if office is None else (office.name_vi if lang == "vi" else office.name_en)
        said = contents(told, papers, visitor.identity.name, name, f"{pages.origin}/lookup", pages, lang)
        headers = {
            "content-disposition": f'attachment; filename="bien-nhan-{dossier_id}.pdf"',
            "x-content-type-options": "nosniff",
            "cache-control": "no-store",
        }
        return Response(await typesetting.pdf(said), headers=headers, media_type="application/pdf")

    add_page(application, "GET", "/dossiers/{dossier_id}/receipt", receipt)


def contents(
    told: Mapping[str, Any],
    papers: Sequence[Paper],
    who: str,
    office: str,
    address: str,
    pages: Pages,
    lang: Lang,
) -> dict[str, Any]:
    """What the template says, in a language."""

    def say(text: str) -> str:
        return pages.texts.say(lang, text)

    dossier_id = str(told["dossier_id"])
    rows = [
        (CODE, dossier_id),
        (PROCEDURE, f"{told['procedure']} – {named(told['procedure'])[0 if lang == 'vi' else 1]}"),
        (OFFICE, office),
        (FILED_BY, who),
        (FILED_AT, instant(told["submitted_at"], ZONE, lang)),
    ]
    if told["code"]:
        rows.append((OFFICIAL, told["code"]))
    if told["reception_due_at"]:
        rows.append((ANSWERED, instant(told["reception_due_at"], ZONE, lang)))
    rows.append((PAPERS, "; ".join(each.name for each in papers) or say(NONE)))
    return {
        "lang": lang,
        "title": say(TITLE),
        "rows": [[say(label), value] for label, value in rows],
        "square": _square(f"{address}?code={dossier_id}"),
        "notes": [say(FOLLOWED).format(address=address), say(NOT_YET)],
    }


def _square(address: str) -> str:
    drawn = io.BytesIO()
    segno.make(address).save(drawn, kind="svg", scale=4)
    return drawn.getvalue().decode()
