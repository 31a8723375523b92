"""What an error is to the caller: the problem that it becomes, as an answer. One that nobody foresaw is logged and stays a secret."""

import logging

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from services.chassis.http.access import denied
from services.chassis.http.hot_routes import Answer
from services.chassis.http.problems import CODES, PROBLEM_TYPE, Problem, invalid
from services.chassis.http.request_checks import Scope, template_of
from services.chassis.http.tokens import KeysUnavailable
from services.chassis.log.databases import TRANSIENT
from services.chassis.log.event_store import StoreUnavailable
from services.chassis.process import logs, metrics

log = logging.getLogger(__name__)


def problem_of(error: Exception) -> Problem:
    """What an exception is to the caller; one that nobody foresaw is logged and stays a secret."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        let_go(error)
        return invalid({**fault, "loc": fault["loc"][1:]} for fault in error.errors())
    if isinstance(error, HTTPException):
        return Problem(error.status_code, CODES.get(error.status_code, ""), headers=error.headers)
    if isinstance(error, (StoreUnavailable, KeysUnavailable, *TRANSIENT)):
        log.warning("unavailable", extra={"fields": logs.describe(error)})
        code, headers = getattr(error, "code", ""), {"Retry-After": "1"}
        return Problem(503, code, detail="try again, under the same Idempotency-Key", headers=headers)
    log.error("unforeseen", extra={"fields": logs.describe(error)})
    return Problem(500)


def let_go(error: RequestValidationError) -> None:
    """What was wrong with a member may have been an exception, whose traceback holds the list in which it stands: a cycle, some 70
    objects a request, which the collector takes a quarter of a second for, once there are enough.

    Guarantee: nothing of a wrong question is left to the collector. Test: test_a_wrong_question_leaves_nothing_to_the_collector.
    """
    for fault in error.errors():
        if isinstance(cause := fault.get("ctx", {}).get("error"), Exception):
            cause.__traceback__ = None


def _problem_at(route: str, error: Exception) -> Problem:
    """The same where it is answered: it is counted, and a denial leaves its line."""
    problem = problem_of(error)
    metrics.PROBLEMS_ANSWERED.labels(route, problem.code).inc()
    if problem.denied:
        denied(problem.code, route)
    return problem


def told(error: Exception, route: str) -> Answer:
    """Where it is caught it must stand in no variable: its traceback holds the frame, which would hold it and the request's body
    until the garbage collector comes, which we let come seldom.

    Guarantee: what was refused is let go of at once. Test: test_what_was_refused_is_let_go_of_at_once.
    """
    problem = _problem_at(route, error)
    return Answer(problem.status, problem.body(), problem.raw_headers())


def refuse(error: Exception, scope: Scope) -> Response:
    """As a page where a page was asked for, else as problem+json."""
    problem = _problem_at(template_of(scope), error)
    pages = scope["app"].pages
    if pages is not None and (page := pages.of_problem(scope, problem)) is not None:
        shown: Response = page
        return shown
    return Response(
        problem.body(), problem.status, headers=dict(problem.headers), media_type=PROBLEM_TYPE.decode()
    )


async def answer_problem(request: Request, error: Exception) -> Response:
    return refuse(error, request.scope)
