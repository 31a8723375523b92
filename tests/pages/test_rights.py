"""Every page of every service, for every role and for nobody: written here from what each is for, not from the code."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest

from deploy import generate
from services.chassis.http.page_routes import PageRoute
from services.chassis.http.sessions import Identity, Sessions
from services.chassis.http.tokens import ROLES
from tests.pages.town import Town
from tests.processing.examples import OFFICE, UNIT

STAFF = frozenset({"officer", "supervisor"})
SUPERVISORS, KEEPERS = frozenset({"supervisor"}), frozenset({"calendar"})
APPLICANTS = frozenset({"portal"})
CLERKS = frozenset({"officer"})
"""Who files for somebody at the counter: intake takes it from officers alone."""
EVERYBODY_KNOWN = ROLES
ANYBODY = None
"""A page without a log-in."""
OF_EVERY_SERVICE: dict[str, frozenset[str] | None] = {
    "GET /log-in": ANYBODY,
    "GET /log-in/back": ANYBODY,
    "POST /log-out": EVERYBODY_KNOWN,
    "POST /log-out/told": ANYBODY,
    "GET /assets/{name}": ANYBODY,
}
PAGES: dict[str, dict[str, frozenset[str] | None]] = {
    "intake": OF_EVERY_SERVICE
    | {
        "GET /": ANYBODY,
        "GET /procedures/{code}": ANYBODY,
        "GET /lookup": ANYBODY,
        "GET /procedures/{code}/file": APPLICANTS,
        "POST /procedures/{code}/file": APPLICANTS,
        "POST /procedures/{code}/draft": APPLICANTS,
        "GET /drafts/{draft_id}": APPLICANTS,
        "GET /drafts/{draft_id}/delete": APPLICANTS,
        "POST /drafts/{draft_id}/delete": APPLICANTS,
        "POST /uploads": APPLICANTS,
        "PATCH /uploads/{file_id}": APPLICANTS,
        "GET /dossiers": APPLICANTS,
        "GET /dossiers/{dossier_id}/receipt": APPLICANTS,
        "GET /dossiers/{dossier_id}": APPLICANTS,
        "GET /dossiers/{dossier_id}/contact": APPLICANTS,
        "POST /dossiers/{dossier_id}/contact": APPLICANTS,
        "GET /dossiers/{dossier_id}/{act}": APPLICANTS,
        "POST /dossiers/{dossier_id}/{act}": APPLICANTS,
        "GET /dossiers/{dossier_id}/papers/{file_id}": APPLICANTS,
    },
    "processing": OF_EVERY_SERVICE
    | {
        "GET /": STAFF | KEEPERS,
        "GET /queues/{name}": STAFF,
        "GET /dossiers/{dossier_id}/forms/{name}": STAFF,
        "GET /search": STAFF,
        "POST /search": STAFF,
        "POST /many": STAFF,
        "GET /absences": STAFF,
        "POST /absences": STAFF,
        "GET /unit": SUPERVISORS,
        "GET /unit/{name}": SUPERVISORS,
        "GET /calendar": STAFF | KEEPERS,
        "GET /calendar/preview": STAFF | KEEPERS,
        "POST /calendar": KEEPERS,
        "GET /out-of-reach": STAFF,
        "GET /dossiers/{dossier_id}": STAFF,
        "GET /dossiers/{dossier_id}/{act}": STAFF,
        "POST /dossiers/{dossier_id}/{act}": STAFF,
        "GET /dossiers/{dossier_id}/papers/{file_id}": STAFF,
        "GET /dossiers/{dossier_id}/papers/{file_id}/view": STAFF,
        "GET /dossiers/{dossier_id}/papers/{file_id}/frame": STAFF,
        "GET /unit/transfers": SUPERVISORS,
        "GET /register": STAFF,
        "GET /register/{kind}": STAFF,
        "GET /counter": CLERKS,
        "GET /counter/{code}": CLERKS,
        "POST /counter/{code}": CLERKS,
        "GET /counter/filed/{dossier_id}": CLERKS,
        "GET /counter/filed/{dossier_id}/receipt": CLERKS,
    },
}
OF_LETTERS = ("GET /", "GET /choices/{link}", "POST /choices/{link}", "GET /assets/{name}")
"""At notify nobody logs in: the link of a letter opens its choices, and nothing else is there (tests/notify/choices)."""
EXAMPLES = {
    "{name}": "overdue",
    "{code}": "1.009982",
    "{dossier_id}": str(UUID(int=1)),
    "{draft_id}": str(UUID(int=3)),
    "{act}": "accept",
    "{kind}": "csv",
    "{file_id}": str(UUID(int=2)),
}
EACH = [(service, page) for service, pages in PAGES.items() for page in pages]


def test_the_matrix_has_every_page() -> None:
    found = {
        service: {f"{next(iter(route.methods))} {route.path}" for route in application.routes if isinstance(route, PageRoute)}
        for service, application in generate.applications().items()
    }  # fmt: skip
    assert {service: pages for service, pages in found.items() if pages} == {
        service: set(pages) for service, pages in {**PAGES, "notify": OF_LETTERS}.items()
    }


@pytest.fixture(scope="module")
async def cookies(town: Town) -> dict[tuple[str, str], str]:
    """A session of each role at each service."""
    pools = {"intake": town.intake_pool, "processing": town.house.pool}
    made = {}
    for service, pool in pools.items():
        for role in sorted(ROLES):
            identity = Identity(f"matrix-{role}", role, UNIT, OFFICE, "", {}, "", "", "")
            made[service, role] = await Sessions(pool, lambda: datetime.now(UTC)).open(identity)
    return made


@pytest.mark.parametrize(("service", "page"), EACH)
async def test_a_page_opens_for_its_roles_alone(
    town: Town, cookies: dict[tuple[str, str], str], service: str, page: str
) -> None:
    method, path = page.split()
    for place, example in EXAMPLES.items():
        path = path.replace(place, example)
    roles = PAGES[service][page]
    for role in (*sorted(ROLES), ""):
        kept = {f"motcua-{service}": cookies[service, role]} if role else {}
        async with httpx.AsyncClient(base_url=town.origin(service), cookies=kept) as http:
            # Without the session's token nothing is done: who is let in is asked to send it again.
            sent = {"content": b"a=1", "headers": {"content-type": "application/x-www-form-urlencoded"}}
            answer = await http.request(method, path, **(sent if method == "POST" else {}))  # type: ignore[arg-type]
        to_log_in = answer.headers.get("location", "").startswith("/log-in?next=")
        assert answer.status_code < 500, (role, answer.text)
        if roles is ANYBODY:
            assert (
                not to_log_in
                and "log-in-missing" not in answer.text
                and "role-not-allowed" not in answer.text
            )
        elif not role:
            assert to_log_in if method == "GET" else answer.status_code == 401
        else:
            refused = answer.status_code == 403 and "role-not-allowed" in answer.text
            assert refused is (role not in roles), role
            assert not to_log_in
