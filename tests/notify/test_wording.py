"""What a notice must say by law: dates as they stand, forms by name, how to pay, what may be done against it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from services.notify.incoming import APPLIED, facts
from services.notify.notice import TOLD_BY, Channel
from tests.notify.examples import CODE_KEY, DATA, Life, texts, told


def test_a_date_of_a_year_that_is_not_declared_is_told_as_provisional():
    body = texts().of(told("DossierAccepted", due_on="2027-01-04", provisional=True), Channel.INBOX).body
    assert "Ngày hẹn trả kết quả: 04/01/2027 (tạm tính, do lịch nghỉ của năm đó chưa được công bố)." in body
    assert "4 January 2027 (provisional, as the days off of that year are not declared yet)." in body
    assert "tạm tính" not in texts().of(told("DossierAccepted"), Channel.INBOX).body
    asked = texts().of(told("FeeRequested", deadline_on="2027-01-05", provisional=True), Channel.INBOX).body
    assert "Ngày thuộc năm chưa công bố lịch nghỉ là tạm tính." in asked


def test_a_notice_keeps_of_its_event_that_a_date_is_provisional() -> None:
    """And takes messages of before, which said nothing of it."""
    for about, data in DATA.items():
        if "provisional" in APPLIED[f"{about}.v1"].model_fields:
            heard = Life().hears(about)
            assert orjson.loads(facts(heard, (CODE_KEY,)))["provisional"] is False
            said = heard.data.model_copy(update={"provisional": True})
            assert orjson.loads(facts(heard._replace(data=said), (CODE_KEY,)))["provisional"] is True, data


def test_a_date_that_stays_is_no_longer_provisional():
    stays = told("DueDateChanged", old_due_on="2027-01-04", due_on="2027-01-04", days=[])
    text = texts().of(stays, Channel.INBOX)
    assert text.title == "Thông báo về ngày hẹn trả kết quả | The appointment for your result stays"
    assert "vẫn là 04/01/2027 và không còn là ngày tạm tính" in text.body
    assert "stays 4 January 2027 and is no longer provisional" in text.body


def test_under_restart_the_whole_time_begins_anew():
    asked = texts().of(told("SupplementRequested", rule="restart"), Channel.INBOX).body
    assert "Thời hạn giải quyết được tính lại từ đầu kể từ ngày hồ sơ bổ sung được chấp nhận." in asked
    assert "không tính vào" not in asked and "begins anew on the day" in asked
    taken = texts().of(told("SupplementAccepted", begun_anew=True), Channel.INBOX).body
    assert "Thời hạn giải quyết được tính lại từ đầu kể từ ngày 20/11/2026." in taken
    assert "begins anew on 20 November 2026." in taken
    assert "tính lại" not in texts().of(told("SupplementAccepted"), Channel.INBOX).body


REFUSALS = [
    ("ApologyIssued", {}),
    ("ResultCorrected", {}),
    ("DossierRejected", {}),
    ("ProcessingStopped", {}),
    ("DossierResolved", {"outcome": "refused"}),
    ("WithdrawalRefused", {}),
    ("DossierReversed", {}),
]


@pytest.mark.parametrize(("about", "facts"), REFUSALS)
def test_a_refusal_says_that_and_how_long_one_may_complain(about: str, facts: dict[str, Any]):
    body = texts().of(told(about, **facts), Channel.INBOX).body
    assert "có quyền khiếu nại đến cơ quan đã ban hành trong thời hạn 90 ngày" in body
    assert "within 90 days of receiving this notice" in body
    assert body.count("\n\nMã hồ sơ: ") == body.count("\n\nDossier code: ") == 1, "a paragraph of its own"
    assert "khiếu nại" not in texts().of(told("DossierResolved"), Channel.INBOX).body


def test_forms_bear_their_full_names():
    titles = {about: texts().of(told(about), Channel.INBOX).title for about in TOLD_BY}
    assert titles["DossierAccepted"].startswith("Giấy tiếp nhận hồ sơ và hẹn trả kết quả |")
    assert titles["SupplementRequested"].startswith("Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ |")
    assert titles["DossierRejected"].startswith("Phiếu từ chối tiếp nhận giải quyết hồ sơ |")
    assert titles["ProcessingStopped"].startswith("Thông báo dừng giải quyết hồ sơ |")
    assert titles["ApologyIssued"].startswith("Văn bản xin lỗi và đề nghị gia hạn thời gian giải quyết |")
    before = replace(told("ApologyIssued"), happened_at=datetime(2025, 9, 14, 16, 59, tzinfo=UTC))
    assert texts().of(before, Channel.INBOX).title.startswith("Phiếu xin lỗi và hẹn lại ngày trả kết quả |")


def test_a_fee_notice_says_how_to_pay_and_a_receipt_until_when_the_desk_decides():
    body = texts().of(told("FeeRequested"), Channel.INBOX).body
    assert (
        "Cách nộp: trực tuyến tại nơi đã nộp hồ sơ (ngày cuối đến 24:00), hoặc trực tiếp, chuyển khoản tại bộ phận một cửa"
        in body
    )
    assert "How to pay: online where you filed the dossier" in body
    assert (
        "07:30–11:30 và 13:00–17:00 các ngày làm việc"
        in texts().of(told("DossierSubmitted"), Channel.INBOX).body
    )


def test_a_notice_says_where_the_desk_was_that_day_and_its_telephone():
    before = replace(told("DossierAccepted"), happened_at=datetime(2025, 12, 25, 9, tzinfo=UTC))
    body = texts().of(before, Channel.EMAIL).body
    assert "60 Trương Định, Quận 3, Thành phố Hồ Chí Minh, điện thoại 1022" in body
    assert "60 Truong Dinh, District 3, Ho Chi Minh City, telephone 1022" in body
    assert "Trung tâm Phục vụ hành chính công" in texts().of(told("DossierAccepted"), Channel.EMAIL).body
    nowhere = replace(told("DossierAccepted"), office="H29.999.99")
    assert "điện thoại" not in texts().of(nowhere, Channel.EMAIL).body


@pytest.mark.parametrize(
    ("way", "named", "wanted"),
    [
        ("collected", "nhận trực tiếp tại bộ phận một cửa", "Mời đến nhận kết quả tại nơi tiếp nhận"),
        ("post", "qua dịch vụ bưu chính", "Kết quả được gửi qua dịch vụ bưu chính"),
        ("online", "bản điện tử, trực tuyến", "Kết quả bản điện tử được trả trực tuyến"),
    ],
)
def test_a_notice_says_how_the_result_is_wanted(way: str, named: str, wanted: str):
    """By the way alone; nobody has verified the mail's address, so it says no other one."""
    resolved = texts().of(replace(told("DossierResolved"), result_delivery=way), Channel.EMAIL).body
    assert wanted in resolved and f"Hình thức nhận kết quả: {named}\n" in resolved
    ended = texts().of(replace(told("DossierRejected"), result_delivery=way), Channel.EMAIL).body
    assert "Hình thức nhận kết quả" not in ended and "How you receive" not in ended


def test_of_a_dossier_that_was_heard_of_before_no_way_is_made_up():
    resolved = texts().of(told("DossierResolved"), Channel.EMAIL).body
    assert "theo hình thức đã chọn khi nộp hồ sơ" in resolved and "Hình thức nhận kết quả" not in resolved


def test_a_notice_names_the_unit_that_has_the_dossier():
    held = replace(told("SupplementRequested"), unit="H29.015.00/QLXD")
    body = texts().of(held, Channel.EMAIL).body
    assert "Đơn vị giải quyết: Phòng Quản lý xây dựng\n" in body
    assert "Handling unit: Construction Management Division\n" in body
    for nobody in (None, "H29.015.00/NOBODY"):
        assert "Đơn vị" not in texts().of(replace(held, unit=nobody), Channel.EMAIL).body


def test_an_amount_is_not_read_as_another_in_english():
    body = texts().of(told("FeeRequested"), Channel.INBOX).body
    assert "300.000 đồng" in body and "VND 300,000" in body


def test_a_refusal_on_the_merits_says_why_and_by_which_document():
    refused = told(
        "DossierResolved", outcome="refused", refusal_reason="against_planning", document="45/SXD-QLXD"
    )
    body = texts().of(refused, Channel.INBOX).body
    assert "Lý do: không phù hợp quy hoạch được duyệt.\nVăn bản trả lời số 45/SXD-QLXD.\n" in body
    assert "Reason: it does not agree with the approved planning.\nWritten answer no. 45/SXD-QLXD.\n" in body
    of_before = texts().of(told("DossierResolved", outcome="refused"), Channel.INBOX).body
    assert "Lý do" not in of_before and "Văn bản trả lời" not in of_before


def test_a_waiver_of_the_rest_and_a_step_back_are_told_as_such():
    assert "miễn phần phí, lệ phí còn lại" in texts().of(told("FeeWaived", payment=3), Channel.INBOX).body
    back = texts().of(told("DossierForwarded", reason="wrong_step"), Channel.INBOX)
    assert back.title.startswith("Hồ sơ được chuyển lại bước thẩm tra | Your dossier went back to")
    assert "Lý do: chuyển nhầm bước." in back.body and "The clock runs on." in back.body
