"""The pages that every service with pages has: log-in, log-out, and the style sheet. The provider does the asking."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import Response

from services.chassis.http.access import client_address, throttle
from services.chassis.http.assets import style_sheet
from services.chassis.http.forms import Form
from services.chassis.http.front import Application
from services.chassis.http.multipart import UploadRoute
from services.chassis.http.oidc import LOG_IN_SECONDS, LogInRefused, Provider, ProviderAway, Question
from services.chassis.http.page_routes import PageRoute, PieceRoute, signed_in, typed
from services.chassis.http.pages import Pages, safe_path
from services.chassis.http.problems import Problem
from services.chassis.http.sessions import Visitor
from services.chassis.http.tokens import ROLES

log = logging.getLogger(__name__)

PUBLIC = {
    "/log-in": "whoever is to log in has not yet; it leads to the provider and nowhere else",
    "/log-in/back": "the provider sends the browser back here; only its signed answer to this browser's question counts",
    "/log-out/told": "the provider tells of its own log-outs here; each is authorised by its signature",
    "/assets/{name}": "the style sheet and the script of pages; they are the same for everybody",
}
Anybody = Annotated[Visitor, Depends(signed_in(*ROLES))]
Typed = Annotated[Form, Depends(typed)]


def add_page(
    application: Application,
    method: str,
    path: str,
    endpoint: Any,
    *,
    brings_files: bool = False,
    by_script: bool = False,
) -> None:
    """Adds a page, or what its script asks for. It stands in REFERENCE.md and not in the OpenAPI document: no program is to call it."""
    kind = PieceRoute if by_script else UploadRoute if brings_files else PageRoute
    application.router.add_api_route(
        path,
        endpoint,
        methods=[method],
        response_model=None,
        include_in_schema=False,
        route_class_override=kind,
    )


def add_pages(application: Application, pages: Pages) -> None:
    """Makes them the application's pages, and adds those that every service has."""
    application.pages = pages
    application.public |= PUBLIC
    waiting = f"{pages.cookie}-log-in"

    def provider() -> Provider:
        if pages.provider is None:
            raise Problem(503, "log-in-not-set-up")
        return pages.provider

    async def log_in(request: Request) -> Response:
        throttle(application.refusals, client_address(request), "log-in")
        going_to = safe_path(request.query_params.get("next", "/"))
        try:
            url, question = await provider().begin(going_to)
        except ProviderAway as away:
            raise _away(away) from None
        return pages.go(url, pages.cookie_said(waiting, question.cookie, LOG_IN_SECONDS))

    async def back(request: Request) -> Response:
        throttle(application.refusals, client_address(request), "log-in")
        question = Question.of_cookie(request.cookies.get(waiting, ""))
        try:
            identity = await provider().finish(question, request.query_params)
        except LogInRefused as refused:
            log.warning("log-in-refused", extra={"fields": {"code": refused.code}})
            raise Problem(400, "log-in-failed") from None
        except ProviderAway as away:
            raise _away(away) from None
        assert question is not None
        cookie = await pages.sessions.open(identity, await pages.visitor_of(request.scope))
        said = (pages.cookie_said(pages.cookie, cookie), pages.cookie_said(waiting, "", 0))
        return pages.go(safe_path(question.going_to), *said)

    async def log_out(visitor: Anybody) -> Response:
        await pages.sessions.end_all(visitor)
        onwards = await provider().over(visitor.identity.id_token, f"{pages.origin}/")
        return pages.go(onwards or "/", pages.cookie_said(pages.cookie, "", 0))

    async def told_to_end(request: Request, form: Typed) -> Response:
        throttle(application.refusals, client_address(request), "log-in")
        try:
            subject, session = await provider().ended(form.get("logout_token"))
        except LogInRefused as refused:
            log.warning("log-out-refused", extra={"fields": {"code": refused.code}})
            raise Problem(400, refused.code) from None
        except ProviderAway as away:
            raise _away(away) from None
        await pages.sessions.end_those(subject, session)
        return Response(status_code=200)

    add_page(application, "GET", "/log-in", log_in)
    add_page(application, "GET", "/log-in/back", back)
    add_page(application, "POST", "/log-out", log_out)
    add_page(application, "POST", "/log-out/told", told_to_end)
    add_assets(application)


def add_assets(application: Application) -> None:
    """Adds the style sheet, all that pages of a service need where nobody logs in, and the script of those that have one."""
    script = application.pages.script if application.pages else None

    async def asset(name: str) -> Response:
        found = next((each for each in (style_sheet(), script) if each and each.name == name), None)
        if found is None:
            raise Problem(404, "not-found")
        kept = {"cache-control": "public, max-age=31536000, immutable"}
        return Response(found.text, headers=kept, media_type=found.media_type)

    add_page(application, "GET", "/assets/{name}", asset)


def _away(away: ProviderAway) -> Problem:
    log.warning("provider-away", extra={"fields": {"error": str(away)}})
    return Problem(503, "log-in-away", headers={"Retry-After": "2"})
