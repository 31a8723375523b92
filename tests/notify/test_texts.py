"""What people read: every event in both languages, from codes and dates alone."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from contracts import intake, processing, processing_codes
from contracts.catalogue.refusals import REFUSALS
from services.notify.notice import TOLD_BY, Channel
from services.notify.wording import words
from services.notify.wording.html import html_of
from services.notify.wording.texts import TEMPLATES
from services.processing.dossier.history import REVERSIBLE
from tests.notify.examples import CODE, texts, told

# What nobody may read: an ISO date, a value of the program's, a placeholder, a code in snake_case or in CamelCase.
UNREADABLE = re.compile(
    r"\d{4}-\d\d-\d\d|\bNone\b|[{}%]|\b[a-z]+_[a-z_]+\b|\b[A-Z][a-z]+[A-Z][A-Za-z]+\b|\(\s*\)|  "
)
CODES: dict[tuple[str, str], object] = {
    ("DossierRejected", "reason"): processing_codes.RejectionReason,
    ("DossierForwarded", "step"): processing_codes.Step,
    ("DossierForwarded", "reason"): processing_codes.BackReason,
    ("DossierResolved", "outcome"): processing_codes.Outcome,
    ("ResultReturned", "method"): processing_codes.ReturnMethod,
    ("ProcessingStopped", "reason"): processing_codes.StopReason,
    ("ApologyIssued", "reason"): processing_codes.LateReason,
    ("ResultCorrected", "reason"): processing_codes.CorrectionReason,
    ("SupplementRequested", "clock"): processing_codes.Clock,
    ("SupplementAccepted", "status"): processing_codes.OpenStatus,
    ("FeeRequested", "clock"): processing_codes.Clock,
    ("FeeWaived", "reason"): processing_codes.WaiverReason,
    ("OpinionGiven", "opinion"): processing_codes.Opinion,
    ("DueDateExtended", "reason"): processing_codes.ExtensionReason,
    ("WithdrawalRefused", "reason"): processing_codes.RefusalOfWithdrawal,
    ("WithdrawalRefused", "status"): processing_codes.OpenStatus,
    ("DossierReversed", "reason"): processing_codes.ReversalReason,
    ("DossierReversed", "status"): processing_codes.OpenStatus,
}
WITHOUT_DATE = [
    model.type_name.removesuffix(".v1")
    for model in (*intake.MESSAGES, *processing.MESSAGES)
    if "due_on" in model.model_fields and type(None) in get_args(model.model_fields["due_on"].annotation)
]
WRITTEN = [Channel.EMAIL, Channel.INBOX]
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    *((about, {}) for about in sorted(TOLD_BY)),
    *((about, {fact: code}) for (about, fact), kind in CODES.items() for code in get_args(kind)),
    *((about, {"due_on": due_on}) for about in WITHOUT_DATE for due_on in (None, "2026-12-14")),
    *(("DossierReversed", {"event": event.__name__}) for event in REVERSIBLE),
    ("DossierReversed", {"status": "resolved", "due_on": "2026-12-14"}),
    (
        "SupplementRequested",
        {"papers": [{"paper": 1, "fault": fault} for fault in get_args(processing_codes.PaperFault)]},
    ),
    *((about, {"days": []}) for about in ("DueDateChanged", "DeadlineChanged", "OpinionDeadlineChanged")),
    ("DeadlineChanged", {"asked": "fee"}),
    ("FeeWaived", {"payment": 3}),
    *(
        ("DossierResolved", {"outcome": "refused", "refusal_reason": reason, "document": "45/SXD-QLXD"})
        for reason in REFUSALS.reasons
    ),
]


@pytest.mark.parametrize("about", sorted(TOLD_BY))
@pytest.mark.parametrize("channel", WRITTEN)
def test_every_notice_has_both_languages_and_the_code(about: str, channel: Channel):
    text = texts().of(told(about), channel)
    vietnamese, english = text.title.split(" | ")
    assert vietnamese and english
    assert text.body.index("Mã hồ sơ: " + CODE) < text.body.index("Dossier code: " + CODE)
    assert "Sở Xây dựng" in text.body and "Department of Construction" in text.body
    # 02:00 UTC is nine in the morning in Ho Chi Minh City.
    assert "09:00, 20/11/2026" in text.body and "09:00, 20 November 2026" in text.body
    assert "None" not in text.title + text.body


@pytest.mark.parametrize(("about", "facts"), VARIANTS)
@pytest.mark.parametrize("channel", WRITTEN)
def test_no_text_shows_what_only_programs_read(about: str, facts: dict[str, Any], channel: Channel):
    known = told(about, **facts)
    text = texts().of(known, channel)
    assert not UNREADABLE.findall((text.title + "\n" + text.body).replace(str(known.dossier_id), ""))


def test_a_text_has_codes_and_dates_only():
    """No template asks for a name or an address: strict templates fail on what they are not given."""
    assert not [
        path.name
        for path in TEMPLATES.iterdir()
        if re.search(r"\b(name|email|phone)\b *[}|%]", path.read_text())
    ]
    body = texts().of(told("DossierAccepted"), Channel.EMAIL).body
    assert body.startswith("Kính gửi Quý cá nhân, tổ chức nộp hồ sơ,\n")
    assert "\nDear applicant,\n" in body


def test_the_appointment_is_a_date_of_vietnam():
    assert "Ngày hẹn trả kết quả: 10/12/2026." in texts().of(told("DossierAccepted"), Channel.INBOX).body
    assert "hẹn" not in texts().of(told("DossierAccepted", due_on=None), Channel.INBOX).body


@pytest.mark.parametrize(("about", "facts"), VARIANTS)
def test_each_language_has_its_own_dates_and_nobody_is_taken_for_a_person(about: str, facts: dict[str, Any]):
    """Companies file, too; 17/12/2026 and 12/17/2026 are one date to readers of English."""
    text = texts().of(told(about, **facts), Channel.EMAIL)
    _, english = text.body.split("Dear applicant,")
    assert not re.search(r"\d{1,2}/\d{1,2}/\d{4}", english)
    assert "Ông/Bà" not in text.title + text.body


def test_an_apology_tells_why_and_the_new_appointment():
    body = texts().of(told("ApologyIssued"), Channel.INBOX).body
    assert "Ngày hẹn trả kết quả mới: 17/12/2026." in body and "khối lượng hồ sơ lớn" in body


def test_a_supplement_names_each_paper_of_the_version_and_what_is_wrong_with_it():
    body = texts().of(told("SupplementRequested"), Channel.INBOX).body
    assert "- Đơn đề nghị cấp chứng chỉ hành nghề hoạt động xây dựng: còn thiếu" in body
    assert "- Application for a practising certificate in construction: is missing" in body
    assert "Hạn bổ sung: hết ngày 18/12/2026." in body and "không tính vào thời hạn" in body
    of_old = replace(told("SupplementRequested"), submitted_on=None)
    assert "- giấy tờ số 1: còn thiếu" in texts().of(of_old, Channel.INBOX).body
    running = told("SupplementRequested", clock="runs", due_on="2026-12-10")
    assert "Ngày hẹn trả kết quả: 10/12/2026." in texts().of(running, Channel.INBOX).body


@pytest.mark.parametrize(
    ("about", "vietnamese", "english"),
    [
        ("SupplementRequested", "hồ sơ bổ sung được chấp nhận", "an officer has accepted your supplement"),
        ("FeeRequested", "khoản nộp được xác nhận", "your payment is confirmed"),
    ],
)
def test_a_request_says_whether_the_clock_stands_still_and_until_when(
    about: str, vietnamese: str, english: str
):
    """A pause ends with the officer's acceptance, not with what arrives."""
    paused = texts().of(told(about), Channel.INBOX).body
    assert f"đến khi {vietnamese} không tính vào" in paused and f"until {english};" in paused
    assert "vẫn được tính" not in paused and "runs on" not in paused
    for due_on in (None, "2026-12-10"):
        running = texts().of(told(about, clock="runs", due_on=due_on), Channel.INBOX).body
        assert "Thời hạn giải quyết vẫn được tính." in running and "The clock runs on." in running
        assert ("10/12/2026" in running) == (due_on is not None)


def test_a_reversal_names_the_act_and_what_now_holds():
    body = texts().of(told("DossierReversed"), Channel.INBOX).body
    assert "việc tiếp nhận được hủy bỏ theo quyết định 1234/QĐ-SXD" in body
    assert "(its acceptance) was reversed by decision 1234/QĐ-SXD" in body
    assert "Hồ sơ trở lại trạng thái: chờ tiếp nhận." in body and "hẹn" not in body
    running = told("DossierReversed", event="ProcessingStopped", status="accepted", due_on="2026-12-14")
    assert "Ngày hẹn trả kết quả: 14/12/2026." in texts().of(running, Channel.INBOX).body
    resolved = told("DossierReversed", event="ResultReturned", status="resolved", due_on="2026-12-14")
    assert "hẹn" not in texts().of(resolved, Channel.INBOX).body


def test_a_deadline_that_moved_says_of_what_and_because_of_which_days():
    supplement = texts().of(told("DeadlineChanged"), Channel.INBOX)
    assert "Hạn bổ sung hồ sơ được chuyển từ hết ngày 18/12/2026 sang hết ngày 21/12/2026" in supplement.body
    assert (
        "The time to supplement your dossier ends with 21 December 2026 now, not with 18 December 2026"
        in supplement.body
    )
    assert "(ngày 01/12/2026, 02/12/2026)" in supplement.body
    fee = texts().of(told("DeadlineChanged", asked="fee", days=[]), Channel.EMAIL)
    assert fee.title == "Thông báo thay đổi hạn nộp phí, lệ phí | The last day to pay your fee has moved"
    assert "Hạn nộp phí, lệ phí được chuyển" in fee.body and "The time to pay your fee ends" in fee.body
    assert "bổ sung" not in fee.title + fee.body and "(ngày" not in fee.body


def test_an_amount_is_written_as_the_authority_writes_it():
    assert "300.000 đồng" in texts().of(told("FeeRequested"), Channel.INBOX).body


def test_a_code_sealed_with_another_key_is_left_out():
    text = texts().of(replace(told("DossierAccepted"), sealed_code="bm90IGEgc2VhbGVkIGNvZGU="), Channel.EMAIL)
    assert "Mã hồ sơ" not in text.body and "Mã tra cứu" in text.body


@pytest.mark.parametrize(
    ("names", "contract"),
    [
        (words.REASONS, processing_codes.RejectionReason),
        (words.STEPS, processing_codes.Step),
        (words.BACK, processing_codes.BackReason),
        (words.OUTCOMES, processing_codes.Outcome),
        (words.METHODS, processing_codes.ReturnMethod),
        (words.STOPS, processing_codes.StopReason),
        (words.DELAYS, processing_codes.LateReason),
        (words.CORRECTIONS, processing_codes.CorrectionReason),
        (words.FAULTS, processing_codes.PaperFault),
        (words.WAIVERS, processing_codes.WaiverReason),
        (words.OPINIONS, processing_codes.Opinion),
        (words.EXTENSIONS, processing_codes.ExtensionReason),
        (words.WITHDRAWALS, processing_codes.RefusalOfWithdrawal),
        (words.REVERSALS, processing_codes.ReversalReason),
        (
            words.STATUSES | dict.fromkeys(("rejected", "withdrawn", "stopped", "returned"), ("", "")),
            processing_codes.Status,
        ),
    ],
)
def test_every_code_that_may_come_has_its_words(names: dict[str, tuple[str, str]], contract: object):
    assert set(names) == set(get_args(contract))


def test_every_act_that_can_be_reversed_has_its_words():
    assert set(words.ACTS) == {event.__name__ for event in REVERSIBLE}


def test_every_template_is_used():
    frames = {
        "email",
        "inbox",
        "dossier.vi",
        "dossier.en",
        "complaint.vi",
        "complaint.en",
        "words.vi",
        "words.en",
    }
    assert {path.name.removesuffix(".txt") for path in TEMPLATES.iterdir()} == set(TOLD_BY) | frames


def test_an_inbox_text_reads_like_this():
    known = replace(told("DossierResolved"), result_delivery="collected")
    assert texts().of(known, Channel.INBOX).body == (
        "Hồ sơ đã xử lý xong lúc 09:00, 20/11/2026. Kết quả: đồng ý giải quyết.\n"
        "Mời đến nhận kết quả tại nơi tiếp nhận và trả kết quả ghi dưới đây, mang theo giấy tiếp nhận hồ sơ hoặc mã hồ sơ.\n"
        "\n"
        f"Mã hồ sơ: {CODE}\n"
        f"Mã tra cứu: {known.dossier_id}\n"
        "Thủ tục: 1.009982 – Cấp chứng chỉ hành nghề lần đầu\n"
        "Cơ quan tiếp nhận: Sở Xây dựng Thành phố Hồ Chí Minh\n"
        "Nơi tiếp nhận và trả kết quả: Trung tâm Phục vụ hành chính công Thành phố Hồ Chí Minh, điện thoại 1022\n"
        "Hình thức nhận kết quả: nhận trực tiếp tại bộ phận một cửa\n"
        "\n"
        "Your dossier was decided at 09:00, 20 November 2026. Result: granted.\n"
        "Please collect the result at the desk named below, and bring the receipt or the dossier code.\n"
        "\n"
        f"Dossier code: {CODE}\n"
        f"Reference: {known.dossier_id}\n"
        "Procedure: 1.009982 – First practising certificate\n"
        "Receiving office: Ho Chi Minh City Department of Construction\n"
        "Desk: Ho Chi Minh City Public Administration Service Centre, telephone 1022\n"
        "How you receive the result: collected at the one-stop desk\n"
    )


def test_who_has_it_is_told_by_name_with_the_unit_and_whom_to_call():
    """The unit's own telephone, else that of the desk; without a name the unit alone."""
    known = replace(told("SupplementRequested"), unit="H29.015.00/QLXD", officer="Trần Thị Thử")
    for channel in WRITTEN:
        body = texts().of(known, channel).body
        assert "Cán bộ phụ trách: Trần Thị Thử, Phòng Quản lý xây dựng, điện thoại 1022\n" in body
        assert "Officer in charge: Trần Thị Thử, Construction Management Division, telephone 1022\n" in body
        assert "Đơn vị giải quyết" not in body
    assert "Cán bộ phụ trách: Trần Thị Thử, Phòng Quản lý xây dựng, điện thoại 1022" in html_of(body)
    nameless = texts().of(replace(known, officer=None), Channel.EMAIL).body
    assert "Đơn vị giải quyết: Phòng Quản lý xây dựng\n" in nameless and "phụ trách" not in nameless
    nowhere = texts().of(replace(known, unit=None), Channel.EMAIL).body
    assert "phụ trách" not in nowhere and "Đơn vị" not in nowhere


def test_the_receipt_says_until_which_minute_the_desk_answers():
    """By ordinary weeks, and it says so: 20 November 2026 is a Friday."""
    friday = replace(told("DossierSubmitted"), happened_at=datetime(2026, 11, 20, 9, 59, tzinfo=UTC))
    body = texts().of(friday, Channel.EMAIL).body
    assert "chậm nhất 16:59, 23/11/2026, nếu không có ngày nghỉ lễ hay ngày làm bù ở giữa." in body
    assert "by 16:59, 23 November 2026, unless a day off or a worked Saturday lies in between." in body
    assert "chậm nhất 09:00, 23/11/2026" in texts().of(told("SupplementProvided"), Channel.INBOX).body


@pytest.mark.parametrize("about", ["SupplementRequested", "FeeRequested", "DeadlineChanged"])
def test_a_last_day_says_until_which_hour(about: str):
    body = texts().of(told(about, deadline_on="2026-12-18"), Channel.EMAIL).body
    assert "ngày cuối đến 24:00" in body and "ngày cuối đến 17:00" in body
    assert "until 24:00 on the last day" in body and "until 17:00 on the last day" in body
    worked = texts().of(told(about, deadline_on="2026-12-19"), Channel.EMAIL).body
    assert "ngày cuối theo giờ làm việc của ngày đó" in worked and "17:00 on the last day" not in worked


def test_offices_units_and_agencies_are_called_as_in_the_register():
    about = ("DossierSubmitted", "DossierForwarded", "DossierHandedOver", "OpinionRequested")
    bodies = [texts().of(told(each), Channel.INBOX).body for each in about]
    assert all("Sở Xây dựng Thành phố Hồ Chí Minh" in body for body in bodies)
    assert all("Phòng Quản lý xây dựng" in body and "Management Division" in body for body in bodies[1:3])
    assert "Phòng Cảnh sát phòng cháy" in bodies[3] and not any("H29.020.00" in body for body in bodies)
