"""What the public page's site answers to a browser that asked for something that is not there, or not so."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from services.chassis.http.problems import Problem
from services.chassis.http.request_checks import Scope, template_of
from services.reporting.dashboard import texts
from services.reporting.dashboard.page import CONTENT_SECURITY_POLICY, STYLE
from services.reporting.dashboard.templating import templates

READ_BY_PEOPLE = frozenset({"/", "/live", "/quality"})

PROBLEMS: Mapping[texts.Lang, Mapping[str, str]] = {
    "vi": {
        "not-found": "Không có trang này. Có thể địa chỉ được gõ sai.",
        "method-not-allowed": "Trang này chỉ để xem.",
        "too-many-requests": "Có quá nhiều yêu cầu từ địa chỉ của bạn. Hãy đợi một lát rồi thử lại.",
        "query-member-twice": "Địa chỉ có một mục được ghi hai lần.",
        "index-not-begun": "Các chỉ số chưa được tính: số liệu từ trước bản phần mềm này đang chờ được tính lại.",
        "otherwise": "Không xem được trang này lúc này.",
    },
    "en": {
        "not-found": "There is no such page. The address may be mistyped.",
        "method-not-allowed": "This page is to be read only.",
        "too-many-requests": "Too many requests came from your address. Wait a moment and try again.",
        "query-member-twice": "The address names one thing twice.",
        "index-not-begun": "The index is not told yet: what was recorded before this release waits to be counted anew.",
        "otherwise": "This page cannot be shown now.",
    },
}
"""Why a page cannot be shown, by the code of the problem."""


class ProblemPages:
    """Refusals as pages where a browser asks. It reads nothing, so that it can always answer."""

    def __init__(self) -> None:
        self._template = templates().get_template("problem.html")

    def of_problem(self, scope: Scope, problem: Problem) -> Response | None:
        """None for a program: the script of the page is one, and every door of data is read by one.

        Guarantee: a browser is refused with a page. Test: test_a_browser_is_refused_with_a_page.
        """
        request = Request(scope)
        route = template_of(scope) if "route" in scope else None
        if "text/html" not in request.headers.get("accept", "") or (route and route not in READ_BY_PEOPLE):
            return None
        lang = texts.language(request.query_params.get("lang"))
        said = PROBLEMS[lang].get(problem.code, PROBLEMS[lang]["otherwise"])
        text = self._template.render(
            lang=lang, t=texts.TEXTS[lang], said=said, code=problem.code, style=STYLE
        )
        headers = {"content-security-policy": CONTENT_SECURITY_POLICY, "cache-control": "no-store"}
        headers |= {name: value for name, value in problem.headers.items() if name.lower() == "retry-after"}
        return Response(text, problem.status, headers=headers, media_type="text/html")
