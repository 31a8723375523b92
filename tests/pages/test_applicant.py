"""An applicant's journey by pages alone: find, file, follow, bring papers, pay, withdraw, look up."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from contracts.catalogue.filled import in_words
from contracts.catalogue.forms import FORMS
from contracts.catalogue.shipped import PROCEDURES
from services.chassis.http.forms import Form
from services.intake import incoming
from services.intake.pages import filled
from tests.intake.test_following import delivered
from tests.pages.test_officer import act as officers_act
from tests.pages.town import Town, Visitor, form_of
from tests.processing.conftest import CODE_KEY

Visit = Callable[[str], Visitor]
CODE = "1.009982"
FILE = f"/procedures/{CODE}/file"
UNIT = "H29.015.00/QLXD"


def example(code: str) -> dict[str, Any]:
    """What somebody types into the form of a procedure: the example of each field, days as people write them."""
    form = next(each for each in FORMS.all() if each.procedure == code)
    typed: dict[str, Any] = {"office": "H29.015.00"}
    for name, field in form.fields.items():
        value = field.schema_["examples"][0]
        if field.schema_.get("format") == "date":
            year, month, day = value.split("-")
            value = f"{day}/{month}/{year}"
        typed[filled.PREFIX + name] = value
    return typed


async def filed(who: Visitor, code: str = CODE, **changes: Any) -> httpx.Response:
    """The answer to the form as somebody fills it in: what it would file, or what is wrong."""
    path = f"/procedures/{code}/file"
    page = await who.get(path)
    assert page.status_code == 200, page.text
    fields = [(name, value) for name, value in form_of(page, path) if name in ("csrf", "key")]
    for name, value in (example(code) | changes).items():
        fields += [(name, str(each)) for each in (value if isinstance(value, list) else [value])]
    papers = await who.post(path, fields)
    return papers if papers.status_code != 200 else await who.send(papers, path, step="check")


async def file(who: Visitor, **changes: Any) -> UUID:
    check = await filed(who, **changes)
    assert check.status_code == 200, check.text
    done = await who.send(check, FILE, confirmed="1")
    assert done.status_code == 303, done.text
    return UUID(done.headers["location"].split("/")[2].split("?")[0])


async def told_back(town: Town) -> None:
    """Intake hears what processing has done, as its reader would."""
    await town.tell_intake()


async def test_a_dossier_is_found_filed_and_followed(town: Town, visit: Visit) -> None:
    applicant = visit("intake")
    found = await applicant.get("/?q=cap+chung+chi+hanh+nghe+lan+dau")
    assert f"/procedures/{CODE}" in found.text
    assert f'href="{FILE}"' in (await applicant.get(f"/procedures/{CODE}")).text
    assert (await applicant.get(FILE)).headers["location"].startswith("/log-in?next=")
    await applicant.log_in("nguoi-nop-1", FILE)
    check = await filed(applicant, email="nop@example.vn")
    assert (
        "Kiểm tra trước khi nộp" in check.text
        and "097190000001" in check.text
        and "nop@example.vn" in check.text
    )
    assert "17/05/1990" in check.text and "1990-05-17</dd>" not in check.text
    assert re.search(r"Việt Nam\s*</dd>", check.text)
    changed = await applicant.send(check, FILE, change="1")
    assert 'value="nop@example.vn"' in changed.text, "what was typed is still there"
    done = await applicant.send(check, FILE, confirmed="1")
    again = await applicant.send(check, FILE, confirmed="1")
    assert (done.status_code, done.headers["location"]) == (303, again.headers["location"]), (
        "sent twice, filed once"
    )
    receipt = await applicant.get(done.headers["location"])
    dossier_id = done.headers["location"].split("/")[2].split("?")[0]
    assert "Đã nộp hồ sơ" in receipt.text and dossier_id in receipt.text
    assert re.search(
        r"trong vòng 8 giờ làm việc: chậm nhất \d\d:\d\d, \d\d/\d\d/\d{4}, nếu không", receipt.text
    )
    assert f"/dossiers/{dossier_id}" in (await applicant.get("/dossiers")).text
    stranger = visit("intake")
    looked = await stranger.get(f"/lookup?code={dossier_id.replace('-', ' ').upper()}")
    assert (
        looked.status_code == 200 and "Chờ tiếp nhận" in looked.text and "nop@example.vn" not in looked.text
    )
    assert "Không có hồ sơ nào có mã này" in (await stranger.get("/lookup?code=H29.015.00-000000-0000")).text
    other = visit("intake")
    await other.log_in("nguoi-nop-2")
    for path in (f"/dossiers/{dossier_id}", f"/dossiers/{dossier_id}/withdrawal"):
        theirs, absent = await other.get(path), await other.get(path.replace(dossier_id, str(UUID(int=1))))
        assert theirs.status_code == absent.status_code == 404
        assert theirs.text.replace(dossier_id, str(UUID(int=1))) == absent.text
    assert dossier_id not in (await other.get("/dossiers")).text


async def test_papers_are_brought_and_a_fee_is_paid(town: Town, visit: Visit) -> None:
    applicant, desk = visit("intake"), visit("processing")
    await applicant.log_in("nguoi-nop-1")
    await desk.log_in("chuyen-vien-1")
    dossier_id = await file(applicant)
    page = f"/dossiers/{dossier_id}"
    await town.tell()
    await officers_act(desk, dossier_id, "request-supplement", **{"paper-2": "unreadable"})
    await told_back(town)
    shown = await applicant.get(page)
    assert "Bạn cần bổ sung giấy tờ chậm nhất vào" in shown.text and "không đọc được" in shown.text
    assert re.search(
        r"\(trực tuyến đến 24:00, tại quầy (đến 17:00|theo giờ làm việc của ngày đó)\)", shown.text
    )
    form = await applicant.get(f"{page}/supplement")
    refused = await applicant.send(form, f"{page}/supplement")
    assert refused.status_code == 422 and 'href="#paper-2"' in refused.text
    brought = {"paper-2": "ảnh chụp lại ngày 1/3"}
    for _ in range(2):
        assert (await applicant.send(form, f"{page}/supplement", **brought)).status_code == 303
    await town.tell()
    await officers_act(desk, dossier_id, "accept-supplement")
    await officers_act(desk, dossier_id, "accept", unit=UNIT)
    await officers_act(desk, dossier_id, "request-fee")
    await told_back(town)
    assert "Bạn cần nộp phí, lệ phí chậm nhất vào" in (await applicant.get(page)).text
    pay = await applicant.get(f"{page}/payment")
    assert "chỉ để trình diễn" in pay.text
    for _ in range(2):
        assert (await applicant.send(pay, f"{page}/payment")).status_code == 303
    history = (await applicant.get(page)).text
    assert history.count("Bạn nộp phí, lệ phí") == 1 and history.count("Bạn bổ sung giấy tờ") == 1
    await town.tell()
    content = (await desk.get(f"/dossiers/{dossier_id}?people=1")).text
    assert "ảnh chụp lại ngày 1/3" in content


async def test_a_withdrawal_is_asked_for_and_answered(town: Town, visit: Visit) -> None:
    applicant, desk = visit("intake"), visit("processing")
    await applicant.log_in("nguoi-nop-2")
    await desk.log_in("mot-cua")
    dossier_id = await file(applicant)
    page = f"/dossiers/{dossier_id}/withdrawal"
    form = await applicant.get(page)
    assert (await applicant.send(form, page)).status_code == 422
    assert (await applicant.send(form, page, reason="filed_by_mistake")).status_code == 303
    assert "Bạn đã đề nghị rút hồ sơ" in (await applicant.get(f"/dossiers/{dossier_id}")).text
    assert (await applicant.get(page)).status_code == 409
    await town.tell()
    await officers_act(desk, dossier_id, "withdraw")
    await told_back(town)
    assert "Hồ sơ đã được rút theo đề nghị của bạn" in (await applicant.get(f"/dossiers/{dossier_id}")).text


async def test_a_refusal_says_why_and_who_has_it_can_be_called(town: Town, visit: Visit) -> None:
    applicant, desk = visit("intake"), visit("processing")
    await applicant.log_in("nguoi-nop-1")
    await desk.log_in("mot-cua")
    refused, held = await file(applicant), await file(applicant)
    await town.tell()
    await officers_act(desk, refused, "reject", reason="duplicate")
    await officers_act(desk, held, "accept", unit=UNIT)
    await told_back(town)
    page = (await applicant.get(f"/dossiers/{refused}")).text
    assert "Lý do: trùng với hồ sơ đã nộp." in page
    page = (await applicant.get(f"/dossiers/{held}")).text
    assert "Phòng Quản lý xây dựng, điện thoại 1022" in page and "Nhận trực tiếp tại bộ phận" in page
    english = (await applicant.get(f"/dossiers/{held}?lang=en")).text
    handler, answer = visit("processing"), {"refusal_reason": "not_qualified", "document": "45/SXD-QLXD"}
    await handler.log_in("chuyen-vien-1")
    await officers_act(handler, held, "forward", unit=UNIT, step="ky_duyet")
    await officers_act(handler, held, "resolve", outcome="refused", **answer)
    await told_back(town)
    page = (await applicant.get(f"/dossiers/{held}?lang=vi")).text
    assert "Từ chối giải quyết" in page and "Văn bản trả lời số 45/SXD-QLXD." in page
    assert "Lý do: cá nhân không đáp ứng điều kiện cấp chứng chỉ." in page
    assert "Construction Management Division, telephone 1022" in english
    assert re.search(r"[0-9]{2}:[0-9]{2}, [0-9]{1,2} [A-Z][a-z]+ 20[0-9]{2}", english)
    assert not re.search(r"[0-9]{2}/[0-9]{2}/20[0-9]{2}", english), "numbers alone may be read as another day"


async def test_a_day_that_may_still_move_is_told_as_such(town: Town, visit: Visit) -> None:
    applicant = visit("intake")
    await applicant.log_in("nguoi-nop-1")
    dossier_id = await file(applicant)
    told = delivered(dossier_id, 1, "DueDateChanged", due_on="2027-01-04", provisional=True)
    async with town.intake_pool.acquire() as connection, connection.transaction():
        await incoming.tracking([CODE_KEY])(connection, [told])
    page = (await applicant.get(f"/dossiers/{dossier_id}")).text
    assert "04/01/2027" in page and "Tạm tính: lịch nghỉ Tết" in page


async def test_each_fault_names_its_field_and_what_was_typed_stays(visit: Visit) -> None:
    applicant = visit("intake")
    await applicant.log_in("nguoi-nop-1")
    name = next(
        n for n, f in next(f for f in FORMS.all() if f.procedure == CODE).fields.items() if not f.choices
    )
    for typed, place in (
        ({"email": "không phải thư"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"for_another": "yes", "owner_name": "", "owner_kind": "cccd", "owner_number": "1"}, "owner_number"),
        ({f"{filled.PREFIX}{name}": "x" * 10_000}, f"{filled.PREFIX}{name}"),
        ({f"{filled.PREFIX}{name}": "<script>alert(1)</script>", "phone": "0"}, "phone"),
        ({"office": "H99.999.99"}, "office"),
    ):
        answer = await filed(applicant, **typed)
        assert answer.status_code == 422, (typed, answer.text)
        assert f'<a href="#{place}">' in answer.text, (typed, answer.text[:6_000])
        assert "<script>" not in answer.text
        assert example(CODE)[f"{filled.PREFIX}certificate_class"] in answer.text


@pytest.mark.parametrize("code", sorted(code for code, each in PROCEDURES.items() if each.abolition is None))
def test_every_form_is_drawn_and_read_as_it_is_filled_in(code: str) -> None:
    form = next(each for each in FORMS.all() if each.procedure == code)
    members = []
    for name, value in example(code).items():
        members += [(name, str(each)) for each in (value if isinstance(value, list) else [value])]
    content = filled.read(form, Form(members))
    assert form.faults(content) == []
    for lang in ("vi", "en"):
        drawn = filled.items(form, lang)  # type: ignore[arg-type]
        assert [item.name for item in drawn] == list(form.fields)
        assert len(in_words(form, content, lang)) == len(content)  # type: ignore[arg-type]
    assert filled.read(form, Form([])) == {}


@pytest.mark.parametrize("form", [*FORMS.all()], ids=lambda form: form.procedure)
def test_help_asks_for_days_as_they_are_taken(form: Any) -> None:
    """Both ways of writing are taken here, and doors take the one that their schema names: the help says neither."""
    for name, field in form.fields.items():
        assert not re.search("năm-tháng|year-month", field.help_vi + field.help_en), name
        if field.schema_.get("format") == "date":
            for typed in ("17/05/1990", "17-5-1990", "1990-05-17"):
                content = filled.read(form, Form([(filled.PREFIX + name, typed)]))
                assert content.get(name, "1990-05-17") == "1990-05-17"


async def test_contact_wishes_are_asked_for_shown_and_kept(town: Town, visit: Visit) -> None:
    applicant = visit("intake")
    await applicant.log_in("nguoi-nop-1")
    for way, field in (("email", "email"), ("sms", "phone")):
        refused = await filed(applicant, told_by=way)
        assert refused.status_code == 422 and f'<a href="#{field}">' in refused.text, "it needs an address"
    check = await filed(applicant, told_by="email", email="nop@example.vn", phone="0912345678")
    assert re.search(r"Nhận thông báo\s*</dt>\s*<dd[^>]*>\s*Chỉ thư điện tử", check.text)
    assert (await applicant.send(check, FILE, confirmed="1")).status_code == 303
    wishes = "SELECT by_email, by_phone FROM contact_wishes ORDER BY made_at DESC LIMIT 1"
    assert tuple(await town.intake_pool.fetchrow(wishes)) == (True, False)
    before = await town.intake_pool.fetchval("SELECT count(*) FROM contact_wishes")
    await file(applicant, told_by="")
    await file(applicant, told_by="nobody-knows")
    assert await town.intake_pool.fetchval("SELECT count(*) FROM contact_wishes") == before


def test_what_is_no_number_or_day_stays_a_text() -> None:
    form = next(each for each in FORMS.all() if each.procedure == CODE)
    for typed in ("31/02/2020", "hôm qua", "1/1/20", "2020-01-01"):
        content = filled.read(form, Form([("content.date_of_birth", typed)]))
        assert content == {"date_of_birth": typed}
    assert filled.read(form, Form([("content.experience_years", "1.200")])) == {"experience_years": 1200}
    assert filled.read(form, Form([("content.experience_years", "mười")])) == {"experience_years": "mười"}


def test_intake_hears_every_act_that_is_told_back() -> None:
    assert "DossierAccepted.v1" in incoming.APPLIED
