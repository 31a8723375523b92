"""Forms and pages at large: whose form acts, what becomes of what was typed, and what every page says of itself."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from services.chassis.http.answers import refuse
from services.chassis.http.pages import safe_path
from services.chassis.http.problems import Problem
from tests.pages.town import Town, Visitor, form_of

Visit = Callable[[str], Visitor]
SESSION = "motcua-processing"


async def test_a_form_of_another_session_changes_nothing(visit: Visit) -> None:
    """Without the token, with another's, or with one from before the last log-in: it is asked for again, and what was typed stays."""
    officer, colleague = visit("processing"), visit("processing")
    await officer.log_in("mot-cua")
    await colleague.log_in("mot-cua")
    theirs = dict(form_of(await colleague.get("/"), "/log-out"))["csrf"]
    for csrf in ({}, {"csrf": ""}, {"csrf": theirs}, {"csrf": "hồ sơ"}):
        answer = await officer.post("/log-out", {**csrf, "note": "đã <gõ>", "key": "k-1"})
        assert answer.status_code == 403
        assert 'name="note" value="đã &lt;gõ&gt;"' in answer.text and 'name="key" value="k-1"' in answer.text
        assert (await officer.get("/")).status_code == 200
    # What the page asks to be sent again is good now.
    assert (await officer.send(answer, "/log-out")).headers["location"].endswith("client_id=processing")


async def test_a_form_from_elsewhere_changes_nothing(visit: Visit) -> None:
    officer = visit("processing")
    await officer.log_in("mot-cua")
    fields = dict(form_of(await officer.get("/"), "/log-out"))
    for said in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
    ):
        answer = await officer.post("/log-out", fields, said)
        assert answer.status_code == 403 and "form-from-elsewhere" in answer.text
    assert (await officer.get("/")).status_code == 200


async def test_what_was_typed_outlives_the_session(town: Town, visit: Visit) -> None:
    officer = visit("processing")
    await officer.log_in("mot-cua")
    fields = dict(form_of(await officer.get("/"), "/log-out")) | {"note": "đang gõ dở"}
    await town.house.pool.execute("UPDATE sessions SET seen_at = seen_at - interval '31 minutes'")
    assert (await officer.get("/")).headers["location"].startswith("/log-in"), (
        "what is only looked at begins anew"
    )
    answer = await officer.post("/log-out", fields)
    assert answer.status_code == 401 and "đang gõ dở" in answer.text and "Đăng nhập lại" in answer.text
    await officer.log_in("mot-cua")
    shown = await officer.post("/log-out", form_of(answer, "/log-out"))
    assert shown.status_code == 403 and "đang gõ dở" in shown.text
    assert (await officer.send(shown, "/log-out")).status_code == 303


async def test_a_stranger_sends_nothing(visit: Visit) -> None:
    stranger = visit("processing")
    answer = await stranger.post("/log-out", {"csrf": "x", "note": "y"})
    assert answer.status_code == 401 and "log-in-missing" in answer.text
    for body, kind, status in (
        (b"{}", "application/json", 415),
        (b"%ff%fe=%zz&&&=", "application/x-www-form-urlencoded", 400),
        (b"a=" + b"x" * 100_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"a=1" for _ in range(600)), "application/x-www-form-urlencoded", 400),
    ):
        sent = await stranger.http.post(
            f"{stranger.origin}/log-out/told", content=body, headers={"content-type": kind}
        )
        assert sent.status_code == status, sent.text


def test_a_log_in_leads_to_no_other_site() -> None:
    assert safe_path("/dossiers/1?a=b#c") == "/dossiers/1?a=b#c"
    for wrong in (
        "//x.example",
        "/\\x.example",
        "https://x.example",
        "",
        "x",
        "/\r\nset-cookie: a",
        "/é",
        "/" + "a" * 2_000,
    ):
        assert safe_path(wrong) == "/"


async def test_every_page_keeps_to_itself(town: Town, visit: Visit) -> None:
    """Public or not, a refusal or not: nothing from outside, no script, in no frame, kept by nobody, and the provider says what it is."""
    officer = visit("processing")
    away = await officer.get("/log-in")
    await officer.log_in("mot-cua")
    applicant = visit("intake")
    told: list[httpx.Response] = [
        await officer.get("/"),
        await officer.get("/queues/nothing"),
        await officer.http.get(f"{officer.origin}/nothing", headers={"accept": "text/html"}),
        await applicant.get("/"),
        await applicant.get("/procedures/1.009982"),
        away,
    ]
    for page in told:
        policy = page.headers["content-security-policy"]
        assert (
            policy.startswith("default-src 'none'; style-src 'self'; ") and "frame-ancestors 'none'" in policy
        )
        assert "script" not in policy and "<script" not in page.text and "style=" not in page.text
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["cache-control"] == "no-store"
        assert "http" not in page.text.replace("http://www.w3.org/2000/svg", ""), "nothing from outside"
    chosen = await officer.http.get(away.headers["location"])
    assert (
        "chỉ để trình diễn" in chosen.text
        and "frame-ancestors 'none'" in chosen.headers["content-security-policy"]
    )
    assert "chỉ để trình diễn" in (await officer.http.get(town.provider)).text


async def test_a_page_is_for_its_roles_alone(visit: Visit) -> None:
    applicant = visit("intake")
    await applicant.log_in("nguoi-nop-1")
    stranger = visit("processing")
    stranger.http.cookies.update({SESSION: applicant.http.cookies["motcua-intake"]})
    assert (await stranger.get("/")).status_code == 303, "a session of another service is none here"


async def test_pages_speak_both_languages(visit: Visit) -> None:
    somebody = visit("intake")
    assert 'lang="vi"' in (await somebody.get("/")).text
    english = await somebody.get("/?lang=en&q=a")
    assert 'lang="en"' in english.text and 'href="/?q=a&amp;lang=vi"' in english.text
    assert 'lang="en"' in (await somebody.get("/procedures/1.009982")).text, "it is kept"
    assert 'lang="vi"' in (await somebody.get("/?lang=vi")).text


async def test_what_is_asked_wrongly_is_answered_with_a_page(town: Town, visit: Visit) -> None:
    for service in ("intake", "processing"):
        somebody = visit(service)
        somebody.http.headers["accept"] = "text/html,application/xhtml+xml,*/*;q=0.8"
        for answer, status, code in (
            (await somebody.get("/nowhere"), 404, "not-found"),
            (await somebody.get("/?q=a&q=b"), 422, "query-member-twice"),
            (await somebody.post("/", {}), 405, "method-not-allowed"),
            (await somebody.http.delete(somebody.origin + "/"), 405, "method-not-allowed"),
        ):
            assert (answer.status_code, f"<code>{code}</code>" in answer.text) == (status, True), answer.text
            assert "<html" in answer.text and "Yêu cầu này không thực hiện được" not in answer.text
    asked = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "app": town.intake_application,
    }
    often = refuse(
        Problem(429, headers={"Retry-After": "7"}), asked | {"headers": [(b"accept", b"text/html")]}
    )
    assert (often.status_code, often.headers["retry-after"]) == (429, "7")
    assert "quá nhiều yêu cầu" in bytes(often.body).decode()
