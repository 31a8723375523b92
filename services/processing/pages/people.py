"""The person behind a dossier and its papers, as pages show them or say why they cannot: intake is asked in the officer's own name and
for a purpose, which it writes down."""

from __future__ import annotations

from collections.abc import Mapping
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


async def open_paper(
    intake: AtIntake, dossier_id: UUID, file_id: UUID, visitor: Visitor, purpose: Purpose
) -> tuple[Response | None, str]:
    """A paper as intake gives it out, piece by piece, or why it cannot be had."""
    path, token = f"/v1/dossiers/{dossier_id}/papers/{file_id}", visitor.identity.access_token
    answer = await intake.ask("GET", path, token, params={"purpose": purpose}, answer_seconds=SCAN_SECONDS)
    if answer is None:
        return None, AWAY
    if answer.status_code != 200:
        await answer.aclose()
        unread = TOO_MANY_PAPERS if answer.status_code == 429 else UNREAD.get(answer.status_code, PAPER_AWAY)
        return None, unread
    headers = {name: answer.headers[name] for name in PAPER_HEADERS if name in answer.headers}
    given = StreamingResponse(answer.aiter_raw(), headers=headers, background=BackgroundTask(answer.aclose))
    return given, ""
