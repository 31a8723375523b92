"""The routes of pages: who may open one is whoever is logged in with its role, and what is typed into one is read once, plain and checked.

Promises that no form acts that was not drawn for this very session, and that nothing of a body is read for a stranger.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from services.chassis.http.access import Require, throttle
from services.chassis.http.forms import FORM, Form
from services.chassis.http.problems import Problem
from services.chassis.http.request_checks import Scope
from services.chassis.http.sessions import Visitor
from services.chassis.http.tokens import Caller
from services.chassis.process import logs

VISITOR = "motcua.visitor"
TYPED = "motcua.form"
MARK_HEADER = "x-session-mark"
"""Where a page's own script sends what its forms send as `csrf`."""
OURS = frozenset({"same-origin", "none"})
"""From where a browser says that a form was sent, when it was a page of ours or the address line."""


class SignedIn(Require):
    """The dependency that a page names its roles by: the visitor who is logged in, or a way to the log-in."""

    async def admit(self, application: Any, scope: Scope, headers: Mapping[bytes, bytes]) -> Caller:
        visitor: Visitor | None = await application.pages.visitor_of(scope)
        # A form of somebody who was away for too long is read all the same: what was typed goes on after the log-in.
        if visitor is None or (visitor.idle and scope["method"] != "POST"):
            raise Problem(401, "log-in-missing")
        logs.actor.set(visitor.caller.actor)
        if visitor.caller.role not in self.roles:
            raise Problem(403, "role-not-allowed")
        throttle(application.limits, visitor.caller.actor, "caller")
        scope[VISITOR] = visitor
        return visitor.caller

    async def __call__(self, request: Request) -> Visitor:  # type: ignore[override]
        if VISITOR not in request.scope:
            await self.admit(request.app, request.scope, dict(request.scope["headers"]))
        visitor: Visitor = request.scope[VISITOR]
        return visitor


def signed_in(*roles: str) -> SignedIn:
    """`Annotated[Visitor, Depends(signed_in("officer"))]` as a page's parameter."""
    return SignedIn(frozenset(roles))


async def if_any(request: Request) -> Visitor | None:
    """`Annotated[Visitor | None, Depends(if_any)]`: who is logged in, on a page that is for everybody."""
    visitor: Visitor | None = await request.app.pages.visitor_of(request.scope)
    if visitor is None or visitor.idle:
        return None
    logs.actor.set(visitor.caller.actor)
    return visitor


def typed(request: Request) -> Form:
    """`Annotated[Form, Depends(typed)]`: what was typed into the page's form."""
    form: Form = request.scope[TYPED]
    return form


class StreamRoute(APIRoute):
    """A route whose endpoint reads its body itself, piece by piece, and bounds it."""


class PageRoute(APIRoute):
    """A route that answers with a page, and takes a form where it takes anything."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Guarantee: a form without this session's token changes nothing. Test: test_a_form_of_another_session_changes_nothing."""
        answer = super().get_route_handler()

        async def checked(request: Request) -> Response:
            if request.method == "POST":
                visitor: Visitor | None = request.scope.get(VISITOR)
                if visitor is not None:
                    sent_from_here(request, request.app.pages.origin)
                form = request.scope[TYPED] = await self.read(request)
                if visitor is not None and not is_own(form, visitor):
                    again: Response = request.app.pages.ask_again(request, visitor, form)
                    return again
            return await answer(request)

        return checked

    async def read(self, request: Request) -> Form:
        """What was typed."""
        return Form.read(await request.body())


class PieceRoute(PageRoute, StreamRoute):
    """What a page's own script sends: a body of any kind, with the session's token in a header. Its answers are data and no pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Guarantee: a piece without this session's token is not taken. Test: test_a_piece_of_another_session_is_not_taken."""
        answer = StreamRoute.get_route_handler(self)

        async def checked(request: Request) -> Response:
            visitor: Visitor = request.scope[VISITOR]
            sent_from_here(request, request.app.pages.origin)
            if visitor.idle:
                raise Problem(401, "log-in-missing")
            if not is_token(request.headers.get(MARK_HEADER, ""), visitor):
                raise Problem(403, "form-from-elsewhere", "it bears no token of this session")
            return await answer(request)

        return checked


def is_own(form: Form, visitor: Visitor) -> bool:
    """Whether the form was drawn for this session, which still lives."""
    return not visitor.idle and is_token(form.get("csrf"), visitor)


def is_token(told: str, visitor: Visitor) -> bool:
    """Whether it is the token of this session, which may have been left alone for too long."""
    return secrets.compare_digest(told.encode(), visitor.csrf.encode())


def sent_from_here(request: Request, origin: str) -> None:
    """Guarantee: a form that another site sends changes nothing. Test: test_a_form_from_elsewhere_changes_nothing."""
    said = request.headers.get("sec-fetch-site")
    if (said is not None and said not in OURS) or request.headers.get("origin", origin) not in (origin, ""):
        raise Problem(403, "form-from-elsewhere", "this form was not sent from a page of this site")


def check_form_type(headers: Mapping[bytes, bytes]) -> None:
    """Problem 415 for a body that is no form."""
    if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != FORM:
        raise Problem(415, detail="send a form")
