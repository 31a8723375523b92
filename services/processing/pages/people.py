"""The person behind a dossier and its papers, as pages show them or say why they cannot: intake is asked in the officer's own name and
for a purpose, which it writes down."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from fastapi.responses import Response, StreamingResponse
from starlette.background import BackgroundTask

from services.chassis.http.sessions import Visitor
from services.chassis.http.texts import N_
from services.processing.desk.at_intake import AtIntake, Purpose

SCAN_SECONDS = 75.0
"""Intake has a paper scanned before it gives it out, which may take it a minute."""
AWAY = N_("Chưa đọc được thông tin người nộp: hệ thống tiếp nhận không trả lời. Hãy thử lại.")
REFUSED = N_("Bạn không được đọc thông tin người nộp của hồ sơ này.")
TOO_OFTEN = N_("Bạn đã đọc thông tin của nhiều người trong một phút. Hãy đợi một lát.")
LIST_ITEMS_MAX = 50
"""So many people intake names at once."""
LIST_WAIT_SECONDS, LIST_WAITS_MAX = 2.0, 30
SEARCH_AWAY = N_("Chưa tìm được: hệ thống tiếp nhận không trả lời. Hãy thử lại.")
TOO_MANY_PAPERS = N_("Bạn đã mở nhiều tệp trong một phút. Hãy đợi một lát.")
LOG_IN_AGAIN = N_("Lần đăng nhập này không còn đọc được thông tin người nộp. Hãy đăng nhập lại.")
DESTROYED = N_("Tệp này không còn mở được: khóa của hồ sơ đã bị hủy, hoặc máy quét phát hiện mã độc.")
PAPER_AWAY = N_("Chưa mở được tệp: nơi lưu tệp hoặc máy quét chưa trả lời. Hãy thử lại.")
PAPER_HEADERS = (
    "content-type",
    "content-length",
    "content-disposition",
    "content-security-policy",
    "x-content-type-options",
    "cross-origin-resource-policy",
)
UNREAD = {401: LOG_IN_AGAIN, 403: REFUSED, 404: REFUSED, 409: DESTROYED, 429: TOO_OFTEN}


async def read_person(
    intake: AtIntake, dossier_id: UUID, visitor: Visitor, purpose: Purpose
) -> tuple[Any, str]:
    """Who filed it and what, or why that cannot be shown."""
    status, told = await intake.read_person(dossier_id, visitor.identity.access_token, purpose)
    return (told, "") if status == 200 and told is not None else (None, UNREAD.get(status, AWAY))


async def search(intake: AtIntake, visitor: Visitor, asked: Mapping[str, str]) -> tuple[Any, str]:
    """The dossiers of the officer's office that are looked for, or why that cannot be told."""
    token = visitor.identity.access_token
    status, told = await intake.ask_whole("POST", "/v1/people-searches", token, json=asked)
    if status == 200 and told is not None:
        return told, ""
    return None, {401: LOG_IN_AGAIN, 429: TOO_OFTEN}.get(status, SEARCH_AWAY)


async def read_many(
    intake: AtIntake, visitor: Visitor, dossier_ids: Sequence[UUID], purpose: str
) -> tuple[Mapping[UUID, Any] | None, str]:
    """Who filed each of the dossiers, asked in batches; or why that cannot be told. Waits while the officer reads many at once.

    Guarantee: a register names all of its people or none. Test: test_a_register_without_intake_says_so.
    """
    found: dict[UUID, Any] = {}
    token = visitor.identity.access_token
    for first in range(0, len(dossier_ids), LIST_ITEMS_MAX):
        asked = {
            "dossier_ids": [str(each) for each in dossier_ids[first : first + LIST_ITEMS_MAX]],
            "purpose": purpose,
        }
        for _ in range(LIST_WAITS_MAX):
            status, told = await intake.ask_whole("POST", "/v1/people-lists", token, json=asked)
            if status != 429:
                break
            await asyncio.sleep(LIST_WAIT_SECONDS)
        if status != 200 or told is None:
            return None, {401: LOG_IN_AGAIN, 429: TOO_OFTEN}.get(status, AWAY)
        found |= {UUID(each["dossier_id"]): each for each in told["items"]}
    return found, ""


async def fetch_paper(
    intake: AtIntake, dossier_id: UUID, file_id: UUID, visitor: Visitor, purpose: Purpose
) -> tuple[Any, str]:
    """Intake's answer with a paper, whose bytes are still to be read; or why it cannot be had."""
    path, token = f"/v1/dossiers/{dossier_id}/papers/{file_id}", visitor.identity.access_token
    answer = await intake.ask("GET", path, token, params={"purpose": purpose}, answer_seconds=SCAN_SECONDS)
    if answer is None:
        return None, AWAY
    if answer.status_code != 200:
        await answer.aclose()
        unread = TOO_MANY_PAPERS if answer.status_code == 429 else UNREAD.get(answer.status_code, PAPER_AWAY)
        return None, unread
    return answer, ""


async def open_paper(
    intake: AtIntake, dossier_id: UUID, file_id: UUID, visitor: Visitor, purpose: Purpose
) -> tuple[Response | None, str]:
    """A paper as intake gives it out, piece by piece, or why it cannot be had."""
    answer, unread = await fetch_paper(intake, dossier_id, file_id, visitor, purpose)
    if answer is None:
        return None, unread
    headers = {name: answer.headers[name] for name in PAPER_HEADERS if name in answer.headers}
    given = StreamingResponse(answer.aiter_raw(), headers=headers, background=BackgroundTask(answer.aclose))
    return given, ""
