"""Routes that people read: what is wrong with a question is answered as a page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute

from services.chassis.http.answers import let_go
from services.chassis.http.problems import Problem

Answering = Callable[[Request, Exception], Awaitable[Response]]


def html_faults(answer: Answering) -> type[APIRoute]:
    """A kind of route whose wrong questions are answered as a page: people type them, and no program reads them.

    Guarantee: a wrong period is answered with a page that says so. Test: test_a_wrong_period_is_a_page.
    """

    class PageRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def handled(request: Request) -> Response:
                try:
                    return await handle(request)
                except RequestValidationError as error:
                    let_go(error)
                    return await answer(request, error)
                except Problem as problem:
                    if problem.status != 422:
                        raise
                    return await answer(request, problem)

            return handled

    return PageRoute
