"""The page to which the link of a letter leads: which notices the applicant wants, by e-mail and by text message. Nobody logs in.

Whoever has the letter may choose for its dossier. Opening the page changes nothing, for programs open links to look at them; pressing
its button does, and so does a mail program that unsubscribes by itself (RFC 8058).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from email import message_from_bytes
from pathlib import Path
from typing import Annotated, Any

import asyncpg
from fastapi import Depends, Request
from fastapi.responses import Response

from contracts.sealed import Unsealable, unseal
from services.chassis.http.access import client_address, throttle
from services.chassis.http.forms import Form
from services.chassis.http.limits import Buckets
from services.chassis.http.log_in_routes import PUBLIC as OF_PAGES
from services.chassis.http.log_in_routes import add_assets
from services.chassis.http.multipart import MULTIPART
from services.chassis.http.page_routes import PageRoute, StreamRoute, check_form_type, typed
from services.chassis.http.pages import Pages, utc_now
from services.chassis.http.problems import Problem
from services.chassis.http.request_checks import read_body
from services.chassis.http.sessions import Sessions
from services.chassis.http.texts import N_
from services.chassis.http.web import Application
from services.chassis.process import logs
from services.chassis.process.settings import PagesSettings
from services.notify.choices import rows
from services.notify.choices.kinds import CHANNELS, KIND_OF, KINDS, Links
from services.notify.choices.rows import ALL, OfLetter
from services.notify.wording.texts import VIETNAM

FOLDER = Path(__file__).parent
ROUTE = "/choices/{link}"
PUBLIC = {
    "/": "who opens the site's first page learns from where its pages are opened, and nothing else",
    ROUTE: "whoever has the letter of a dossier may choose what it tells; its link is signed, for that alone",
    "/assets/{name}": OF_PAGES["/assets/{name}"],
}
FORM_BYTES_MAX = 8_192
OPENED_PER_SECOND, OPENED_BURST = 10.0, 200
"""How often one address may open or use links: the servers of mail programs do so for many people."""
KIND_WORDS = {
    "receipts": N_("Biên nhận việc bạn vừa làm: bổ sung giấy tờ, nộp phí, lệ phí"),
    "confirmations": N_("Xác nhận đã xong: xác nhận hoặc miễn phí, lệ phí; đã trả kết quả"),
}
CHANNEL_WORDS = {"email": N_("Thư điện tử"), "sms": N_("Tin nhắn")}
Typed = Annotated[Form, Depends(typed)]


class LinkRoute(PageRoute, StreamRoute):
    """A page whose form a browser sends, or a mail program, which may send it as multipart/form-data (RFC 8058 §3.2)."""

    async def read(self, request: Request) -> Form:
        headers = dict(request.scope["headers"])
        body = await read_body(request.receive, headers.get(b"content-length"), FORM_BYTES_MAX)
        kind = headers.get(b"content-type", b"")
        if kind.partition(b";")[0].strip().lower() != MULTIPART:
            check_form_type(headers)
            return Form.read(body)
        parts = message_from_bytes(b"Content-Type: %s\r\n\r\n%s" % (kind, body)).walk()
        return Form.of(
            (str(part.get_param("name", "", "content-disposition")), content.decode("utf-8", "replace"))
            for part in parts
            if isinstance(content := part.get_payload(decode=True), bytes)
        )


def add_pages(
    application: Application,
    pool: asyncpg.Pool[Any],
    url: str,
    code_keys: Sequence[bytes],
    *,
    clock: Callable[[], datetime],
) -> None:
    """Adds them, and the shell that they stand in; without `url` no letter has a link."""
    links, limit = Links(url, code_keys), Buckets(OPENED_PER_SECOND, OPENED_BURST, clock=time.monotonic)
    settings = PagesSettings.model_construct(public_url=url)
    # Nobody logs in here, so that no session is ever looked for.
    sessions = Sessions(pool, utc_now)
    title = N_("Thông báo về hồ sơ")
    pages = Pages("notify", settings, sessions, title, [FOLDER], lambda _: [], VIETNAM)
    application.pages = pages
    add_assets(application)

    async def opened(request: Request, link: str) -> OfLetter:
        """Guarantee: a link that is made up, of another letter or of an earlier address is as if it were not.
        Test: test_a_link_is_of_its_letter_and_address.
        """
        throttle(limit, client_address(request), "choices")
        notice_id = links.notice_of(link)
        found = await rows.of_letter(pool, notice_id) if notice_id else None
        if found is None or not links.is_true(link, found.email):
            raise Problem(404, "not-found")
        logs.subject.set(str(found.dossier_id))
        return found

    def page(request: Request, found: OfLetter, done: str = "") -> Response:
        try:
            code = unseal(code_keys, found.sealed_code, found.dossier_id) if found.sealed_code else None
        except Unsealable:
            code = None
        return pages.show(
            request,
            "choices.html",
            reference=code or found.dossier_id,
            kinds=[(kind, KIND_WORDS[kind]) for kind in KINDS],
            channels=[(each, CHANNEL_WORDS[each]) for each in CHANNELS if each != "sms" or found.has_phone],
            off=found.off,
            done=done,
        )

    async def choices(request: Request, link: str) -> Response:
        """Guarantee: opening the link changes nothing. Test: test_opening_the_link_changes_nothing."""
        return page(request, await opened(request, link))

    async def choose(request: Request, link: str, form: Typed) -> Response:
        """What is ticked is wanted. A mail program that unsubscribes switches off the kind of its letter, by e-mail alone."""
        found = await opened(request, link)
        if form.get("List-Unsubscribe") == "One-Click":
            kind = KIND_OF.get(found.about)
            off = {(kind, "email")} if kind else set()
            on = set[rows.Choice]()
        else:
            asked = {each for each in ALL if each[1] != "sms" or found.has_phone}
            on = {each for each in asked if form.get("-".join(each))}
            off = asked - on
        await rows.choose(pool, found.applicant_id, off, on, clock())
        stands = found._replace(off=(found.off | off) - on)
        return page(request, stands, N_("Đã ghi nhận lựa chọn của bạn."))

    async def first(request: Request) -> Response:
        return pages.show(request, "first.html")

    for method, path, endpoint in (("GET", "/", first), ("GET", ROUTE, choices), ("POST", ROUTE, choose)):
        application.router.add_api_route(
            path,
            endpoint,
            methods=[method],
            response_model=None,
            include_in_schema=False,
            route_class_override=LinkRoute,
        )
