"""What the codes of events are called in the texts of notices: Vietnamese first, English second."""

from __future__ import annotations

from datetime import date

from contracts.processing_words import OUTCOMES, REFUSALS, REJECTIONS, STOPS

__all__ = ["OUTCOMES", "REFUSALS", "STOPS"]

TENTATIVE = (
    " (tạm tính, do lịch nghỉ của năm đó chưa được công bố)",
    " (provisional, as the days off of that year are not declared yet)",
)
COUNTER = ("ngày cuối đến {}", "until {} on the last day")
COUNTER_OTHERWISE = ("ngày cuối theo giờ làm việc của ngày đó", "on the last day during its working hours")
FORMS_RENAMED_ON = date(2025, 9, 15)
APOLOGIES = (
    "Phiếu xin lỗi và hẹn lại ngày trả kết quả",
    "Văn bản xin lỗi và đề nghị gia hạn thời gian giải quyết",
)
"""Form 04 before and since that day (Thông tư 01/2018/TT-VPCP, Thông tư 03/2025/TT-VPCP)."""

STEPS = {
    "tiep_nhan": ("tiếp nhận", "reception"),
    "thu_ly": ("thụ lý", "examination"),
    "tham_tra": ("thẩm tra", "verification"),
    "ky_duyet": ("ký duyệt", "approval"),
    "phat_hanh": ("phát hành", "issue"),
    "tra_ket_qua": ("trả kết quả", "hand-over of the result"),
}
BACK = {
    "incomplete_file": ("hồ sơ trình chưa hoàn chỉnh", "the file was not complete"),
    "wrong_assessment": ("kết quả thẩm định cần xem lại", "the assessment has to be looked at again"),
    "needs_verification": ("cần thẩm tra thêm", "more has to be verified"),
    "wrong_step": ("chuyển nhầm bước", "it had been forwarded to the wrong step"),
}
METHODS = {
    "in_person": ("trực tiếp tại bộ phận một cửa", "in person at the one-stop desk"),
    "postal": ("qua dịch vụ bưu chính", "by post"),
    "online": ("trực tuyến", "online"),
}
DELIVERIES = {
    "collected": ("nhận trực tiếp tại bộ phận một cửa", "collected at the one-stop desk"),
    "post": ("qua dịch vụ bưu chính", "by post"),
    "online": ("bản điện tử, trực tuyến", "electronically, online"),
}
WITHOUT_RESULT = frozenset({"DossierRejected", "DossierWithdrawn", "ProcessingStopped", "ResultReturned"})
"""After these there is no result to receive."""
RESULTS = {
    "collected": (
        "Mời đến nhận kết quả tại nơi tiếp nhận và trả kết quả ghi dưới đây, mang theo giấy tiếp nhận hồ sơ hoặc mã hồ sơ.",
        "Please collect the result at the desk named below, and bring the receipt or the dossier code.",
    ),
    "post": (
        "Kết quả được gửi qua dịch vụ bưu chính đến địa chỉ đã đăng ký.",
        "The result is sent by post to the address that was given.",
    ),
    "online": (
        "Kết quả bản điện tử được trả trực tuyến tại nơi đã nộp hồ sơ.",
        "The result is returned electronically where the dossier was filed.",
    ),
    "as_filed": (
        "Kết quả được trả theo hình thức đã chọn khi nộp hồ sơ.",
        "The result is given in the way that was chosen when the dossier was filed.",
    ),
}
"""What to do about a result, by the way in which it is wanted; `as_filed` of a dossier that was heard of before that was told."""
REASONS = REJECTIONS
DELAYS = {
    "workload": ("khối lượng hồ sơ lớn", "the amount of work"),
    "waiting_for_agency": ("chờ ý kiến của cơ quan phối hợp", "waiting for another agency's opinion"),
    "complex_case": ("hồ sơ phức tạp, cần thêm thời gian thẩm tra", "the matter is complex"),
    "system_outage": ("sự cố hệ thống thông tin", "an outage of the information system"),
    "other": ("nguyên nhân khách quan khác", "another cause"),
}
CORRECTIONS = {
    "clerical_error": ("sai sót về câu chữ, đánh máy", "a clerical error"),
    "wrong_data": ("sai thông tin trong kết quả", "wrong data in the result"),
    "wrong_document": ("nhầm văn bản kết quả", "the wrong document was issued"),
}
FAULTS = {
    "missing": ("còn thiếu", "is missing"),
    "unreadable": ("không đọc được", "cannot be read"),
    "wrong": ("không đúng quy định", "is not the right one"),
    "expired": ("đã hết hiệu lực", "has expired"),
    "not_signed": ("chưa ký, đóng dấu", "is not signed"),
}
WAIVERS = {
    "exempt_by_law": ("thuộc trường hợp được miễn theo quy định", "exempt by law"),
    "poor_household": ("thuộc hộ nghèo, cận nghèo", "a poor household"),
    "agency_error": ("do lỗi của cơ quan", "an error of the authority"),
}
OPINIONS = {
    "agreed": ("đồng ý", "it agrees"),
    "disagreed": ("không đồng ý", "it does not agree"),
    "no_comment": ("không có ý kiến", "it has no comment"),
}
EXTENSIONS = {
    "complex_case": ("hồ sơ phức tạp", "the matter is complex"),
    "waiting_for_agency": ("chờ ý kiến của cơ quan phối hợp", "waiting for another agency's opinion"),
    "site_check": ("cần kiểm tra thực địa", "a check on site is needed"),
    "force_majeure": ("sự kiện bất khả kháng", "force majeure"),
}
WITHDRAWALS = {
    "already_signed": ("kết quả đã được ký", "the result is signed already"),
    "others_concerned": ("liên quan đến quyền lợi của người khác", "others are concerned"),
    "not_the_owner": ("người yêu cầu không phải là chủ hồ sơ", "whoever asked is not the owner"),
}
# The acts that a supervisor can reverse, by their events.
ACTS = {
    "DossierAccepted": ("tiếp nhận", "its acceptance"),
    "DossierRejected": ("từ chối tiếp nhận", "its refusal at reception"),
    "DossierForwarded": ("chuyển bước xử lý", "a step forward"),
    "SupplementRequested": ("yêu cầu bổ sung", "a request to supplement it"),
    "SupplementAccepted": ("chấp nhận hồ sơ bổ sung", "the acceptance of your supplement"),
    "FeeRequested": ("yêu cầu nộp phí, lệ phí", "a request to pay"),
    "FeeConfirmed": ("xác nhận nộp phí, lệ phí", "the confirmation of your payment"),
    "FeeWaived": ("miễn phí, lệ phí", "the waiver of the fee"),
    "DossierWithdrawn": ("xác nhận rút hồ sơ", "its withdrawal"),
    "ProcessingStopped": ("dừng giải quyết", "the stop of its processing"),
    "DossierResolved": ("ra kết quả giải quyết", "the decision on it"),
    "ResultReturned": ("trả kết quả", "the hand-over of its result"),
}
REVERSALS = {
    "wrong_dossier": ("nhầm hồ sơ", "it was meant for another dossier"),
    "wrong_decision": ("quyết định không đúng", "the decision was wrong"),
    "wrong_data": ("sai thông tin", "its data were wrong"),
    "court_decision": ("theo bản án, quyết định của Tòa án", "a court decided so"),
}
STATUSES = {
    "submitted": ("chờ tiếp nhận", "waiting for acceptance"),
    "accepted": ("đã tiếp nhận", "accepted"),
    "in_processing": ("đang xử lý", "in processing"),
    "supplement_requested": ("chờ bổ sung hồ sơ", "waiting for your supplement"),
    "payment_requested": ("chờ thực hiện nghĩa vụ tài chính", "waiting for your payment"),
    "resolved": ("đã giải quyết xong", "resolved"),
}
