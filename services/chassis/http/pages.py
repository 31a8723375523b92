"""The pages of a service: its templates in the common shell, in Vietnamese and English, with the headers that keep a page to itself.

Promises that a page works without script, loads nothing from outside and no script but its own, is kept by no cache, and that a
refusal is a page too where a page was asked for. Never decides anything: what a page shows and does is its service's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from babel.dates import format_date
from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, select_autoescape

from services.chassis.http.assets import SHELL, script_of, style_sheet
from services.chassis.http.forms import Form
from services.chassis.http.oidc import Client, Provider
from services.chassis.http.page_routes import VISITOR, PageRoute, PieceRoute
from services.chassis.http.problems import Problem
from services.chassis.http.request_checks import Scope
from services.chassis.http.sessions import Sessions, Visitor
from services.chassis.http.texts import LANGS, N_, Lang, Texts
from services.chassis.process.ids import uuid7
from services.chassis.process.settings import PagesSettings

LANG_COOKIE = "motcua-lang"
A_YEAR_SECONDS = 365 * 86_400
PATH_CHARACTERS_MAX = 1_000
PROBLEMS: Mapping[str, str] = {
    "not-found": N_("Không có trang này. Có thể địa chỉ được gõ sai hoặc trang đã được chuyển."),
    "log-in-missing": N_("Bạn chưa đăng nhập, hoặc phiên làm việc đã hết."),
    "method-not-allowed": N_("Trang này không nhận thao tác đó."),
    "query-member-twice": N_("Địa chỉ có một mục được ghi hai lần."),
    "not-now": N_("Việc này không còn làm được ở trạng thái hiện tại, hoặc không thuộc quyền của bạn."),
    "role-not-allowed": N_("Tài khoản của bạn không được mở trang này."),
    "form-from-elsewhere": N_("Biểu mẫu không được gửi từ trang này nên không có gì được thực hiện."),
    "too-many-requests": N_("Bạn đã gửi quá nhiều yêu cầu. Hãy đợi một lát rồi thử lại."),
    "body-too-large": N_("Nội dung gửi lên quá lớn. Không có gì được lưu."),
    "unavailable": N_("Hệ thống tạm thời chưa trả lời được. Hãy thử lại sau giây lát; không có gì bị mất."),
    "internal-error": N_("Hệ thống gặp lỗi ngoài dự kiến. Lỗi đã được ghi lại; hãy thử lại sau."),
    "log-in-not-set-up": N_("Hệ thống này chưa được nối với nơi đăng nhập."),
    "log-in-away": N_("Nơi đăng nhập hiện không trả lời. Hãy thử lại sau giây lát."),
    "log-in-failed": N_("Đăng nhập chưa thành công. Hãy đăng nhập lại."),
}
OTHERWISE = N_("Yêu cầu này không thực hiện được.")


class Link(NamedTuple):
    """An entry of a page's navigation: its text stands in the catalogue."""

    path: str
    text: str


Navigation = Callable[[Visitor | None], Sequence[Link]]


class Pages:
    """One service's pages. `folders` hold its templates and catalogue; `navigation` is what a visitor may go to."""

    def __init__(
        self,
        service: str,
        settings: PagesSettings,
        sessions: Sessions,
        title: str,
        folders: Sequence[Path],
        navigation: Navigation,
        zone: tzinfo,
        claims: Sequence[str] = (),
        script: Path | None = None,
    ) -> None:
        self.service, self.sessions, self._title, self._navigation = service, sessions, title, navigation
        self._zone = zone
        self.origin = settings.public_url.rstrip("/")
        self.secure = self.origin.startswith("https://")
        self.provider = Provider(client) if (client := _client(settings, self.origin, claims)) else None
        self.texts = Texts([SHELL, *folders])
        self.script = script and script_of(script)
        self.files: Any = None  # who takes files that forms bring (multipart.py)
        self._environments = {lang: self._environment(lang, folders) for lang in LANGS}
        self._headers = self._said(settings.oidc_issuer)

    def _environment(self, lang: Lang, folders: Sequence[Path]) -> Environment:
        made = Environment(
            loader=ChoiceLoader([*(FileSystemLoader(folder) for folder in folders), FileSystemLoader(SHELL)]),
            autoescape=select_autoescape(),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        made.globals |= {"_": partial(self._text, lang), "lang": lang, "service_title": self._title}
        made.filters |= {
            "day": partial(day, lang=lang),
            "instant": partial(instant, zone=self._zone, lang=lang),
            "number": partial(number, lang=lang),
            "megabytes": partial(megabytes, lang=lang),
        }
        return made

    def _text(self, lang: Lang, text: str, **values: object) -> str:
        said = self.texts.say(lang, text)
        return said.format(**values) if values else said

    def _said(self, issuer: str) -> Mapping[str, str]:
        """What every page's head says: nothing from outside, no script, in no frame. A log-out may go on to the provider."""
        parts = urlsplit(issuer)
        leads_to = f" {parts.scheme}://{parts.netloc}" if issuer else ""
        told = {
            "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; "
            f"form-action 'self'{leads_to}; base-uri 'none'; frame-ancestors 'none'",
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "x-content-type-options": "nosniff",
            "cache-control": "no-store",
        }
        return told | ({"strict-transport-security": "max-age=31536000"} if self.secure else {})

    @property
    def framing(self) -> Mapping[str, str]:
        """What the head of a page says that frames another one of this site."""
        policy = self._headers["content-security-policy"]
        return {"content-security-policy": f"{policy}; frame-src 'self'"}

    @property
    def cookie(self) -> str:
        """The name of the session's cookie; where it is https, one that no other host and no plain connection can set."""
        return f"{'__Host-' if self.secure else ''}motcua-{self.service}"

    def cookie_said(self, name: str, value: str, seconds: int | None = None) -> str:
        """A cookie that no script reads and no other site's request bears."""
        lasts = "" if seconds is None else f"; Max-Age={seconds}"
        return f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{lasts}{'; Secure' if self.secure else ''}"

    async def visitor_of(self, scope: Scope) -> Visitor | None:
        """Who is logged in, asked of the database once for a request."""
        if VISITOR not in scope:
            cookie = Request(scope).cookies.get(self.cookie, "")
            scope[VISITOR] = await self.sessions.find(cookie) if cookie else None
        found: Visitor | None = scope[VISITOR]
        return found

    def lang(self, request: Request) -> Lang:
        """The language that was asked for just now, or before; Vietnamese otherwise."""
        asked = request.query_params.get("lang") or request.cookies.get(LANG_COOKIE)
        return "en" if asked == "en" else "vi"

    def show(
        self,
        request: Request,
        template: str,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        with_script: bool = False,
        **shown: Any,
    ) -> Response:
        """A page; `shown` is what its template names. `with_script`: the service's script makes it easier to use."""
        lang = self.lang(request)
        visitor: Visitor | None = request.scope.get(VISITOR)
        if visitor is not None and visitor.idle:
            visitor = None
        text = (
            self._environments[lang]
            .get_template(template)
            .render(
                visitor=visitor,
                asked_who=VISITOR in request.scope,
                csrf=visitor.csrf if visitor else "",
                new_key=lambda: str(uuid7()),
                here=request.url.path,
                other=_with_lang(request, "vi" if lang == "en" else "en"),
                navigation=self._navigation(visitor),
                sheet=style_sheet().name,
                script=self.script.name if with_script and self.script else "",
                **shown,
            )
        )
        said = {**self._headers, **(headers or {})}
        if with_script:
            said["content-security-policy"] += "; script-src 'self'; connect-src 'self'"
        page = Response(text, status, headers=said, media_type="text/html")
        if request.query_params.get("lang") in LANGS:
            page.raw_headers.append(
                (b"set-cookie", self.cookie_said(LANG_COOKIE, lang, A_YEAR_SECONDS).encode())
            )
        return page

    def go(self, path: str, *cookies: str) -> Response:
        """On to another page; a form that was sent is not sent again by going back."""
        answer = RedirectResponse(path, 303, headers=dict(self._headers))
        answer.raw_headers += [(b"set-cookie", cookie.encode()) for cookie in cookies]
        return answer

    def ask_again(self, request: Request, visitor: Visitor, form: Form) -> Response:
        """What was typed, to be sent once more: the form is of another session, or this one was left alone for too long.

        Guarantee: what was typed into a form outlives the session that it was drawn for. Test: test_what_was_typed_outlives_the_session.
        """
        status = 401 if visitor.idle else 403
        return self.show(
            request, "ask_again.html", status, idle=visitor.idle, typed=list(form.typed()), form_key=form.key
        )

    def of_problem(self, scope: Scope, problem: Problem) -> Response | None:
        """A refusal as a page, where a page was asked for: at a page's address, or at none by a browser."""
        request = Request(scope)
        route = scope.get("route")
        if isinstance(route, PieceRoute):
            return None
        asked_by_browser = route is None and "text/html" in request.headers.get("accept", "")
        if not isinstance(route, PageRoute) and not asked_by_browser:
            return None
        if problem.code == "log-in-missing" and scope["method"] == "GET":
            return self.go(f"/log-in?{urlencode({'next': here_of(request)})}")
        text = PROBLEMS.get(problem.code, OTHERWISE)
        headers = {name: value for name, value in problem.headers.items() if name.lower() == "retry-after"}
        return self.show(
            request, "problem.html", problem.status, headers, text=text, code=problem.code, problem=problem
        )


def _client(settings: PagesSettings, origin: str, claims: Sequence[str]) -> Client | None:
    if not settings.oidc_issuer or not origin:
        return None
    return Client(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret.get_secret_value(),
        f"{origin}/log-in/back",
        settings.oidc_discovery,
        settings.oidc_role,
        claims,
    )


def here_of(request: Request) -> str:
    """The address of a page within its site."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def safe_path(path: str) -> str:
    """An address within this site; the first page in the place of any other.

    Guarantee: a log-in leads to no other site. Test: test_a_log_in_leads_to_no_other_site.
    """
    inside = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if inside and path.isascii() and len(path) <= PATH_CHARACTERS_MAX else "/"


def _with_lang(request: Request, lang: Lang) -> str:
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return f"{request.url.path}?{urlencode([*kept, ('lang', lang)])}"


def day(value: date | None, lang: Lang) -> str:
    """17/12/2026, and in English 17 December 2026: there the numbers alone may be read as another day. A dash for none."""
    if value is None:
        return "–"
    return format_date(value, "d MMMM y", "en") if lang == "en" else f"{value:%d/%m/%Y}"


def instant(value: datetime | None, zone: tzinfo, lang: Lang) -> str:
    """An instant in local time; a dash for none."""
    if value is None:
        return "–"
    local = value.astimezone(zone)
    return f"{local:%H:%M}, {day(local.date(), lang)}"


def number(value: int, lang: Lang) -> str:
    """A whole number with its thousands apart."""
    return f"{value:,}".replace(",", "." if lang == "vi" else ",")


def megabytes(size: int, lang: Lang) -> str:
    """So many bytes as people say it."""
    said = f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{max(size // 1000, 1)} kB"
    return said.replace(".", ",") if lang == "vi" else said


def utc_now() -> datetime:
    """The clock of sessions."""
    return datetime.now(UTC)
