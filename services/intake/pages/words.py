"""What the codes of intake are called on pages: Vietnamese here, English in the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.page_words import CHANNELS, DELIVERIES, FAULTS, IDENTIFIERS, OTHER_FAULT, STATUSES
from services.chassis.http.texts import N_
from services.intake.papers.attached import DOSSIER_BYTES_MAX
from services.intake.papers.uploads import FILE_BYTES_MAX

__all__ = [
    "CHANNELS",
    "DELIVERIES",
    "DOSSIER_BYTES_MAX",
    "FAULTS",
    "FILE_BYTES_MAX",
    "IDENTIFIERS",
    "OTHER_FAULT",
    "STATUSES",
]

LEVELS: Mapping[str, str] = {
    "full": N_("Dịch vụ công trực tuyến toàn trình"),
    "partial": N_("Dịch vụ công trực tuyến một phần"),
}
UNITS: Mapping[str, str] = {
    "working_days": N_("{n} ngày làm việc"),
    "calendar_days": N_("{n} ngày"),
}
BASES: Mapping[str, str] = {
    "investment": N_("theo tỷ lệ trên tổng mức đầu tư"),
    "construction_cost": N_("theo tỷ lệ trên chi phí xây dựng"),
}
SENTENCES: Mapping[str, str] = {
    "submitted": N_(
        "Cơ quan đã nhận hồ sơ của bạn và trả lời việc tiếp nhận trong vòng 8 giờ làm việc: chậm nhất {reception}, nếu không có "
        "ngày nghỉ lễ hay ngày làm bù ở giữa. Bạn chưa phải làm gì."
    ),
    "accepted": N_("Hồ sơ đã được tiếp nhận và sẽ có kết quả chậm nhất vào {due}. Bạn chưa phải làm gì."),
    "in_processing": N_("Hồ sơ đang được xử lý và sẽ có kết quả chậm nhất vào {due}. Bạn chưa phải làm gì."),
    "supplement_requested": N_("Bạn cần bổ sung giấy tờ chậm nhất vào {deadline}."),
    "payment_requested": N_("Bạn cần nộp phí, lệ phí chậm nhất vào {deadline}."),
    "withdrawal_requested": N_("Bạn đã đề nghị rút hồ sơ; cơ quan sẽ trả lời."),
    "rejected": N_("Hồ sơ không được tiếp nhận."),
    "withdrawn": N_("Hồ sơ đã được rút theo đề nghị của bạn."),
    "stopped": N_("Cơ quan đã dừng giải quyết hồ sơ và trả lại hồ sơ."),
    "returned": N_("Kết quả đã được trả. Hồ sơ đã xong."),
}
"""What now, who must act, until when."""
UNTIL = N_("{day} (trực tuyến đến 24:00, tại quầy đến {hour})")
UNTIL_OPEN = N_("{day} (trực tuyến đến 24:00, tại quầy theo giờ làm việc của ngày đó)")
"""The last day of what is asked for."""
RESULTS: Mapping[str, str] = {
    "collected": N_("Đã có kết quả. Mời bạn đến nhận tại bộ phận một cửa."),
    "post": N_("Đã có kết quả. Kết quả được gửi qua bưu chính đến địa chỉ bạn đã ghi."),
    "online": N_("Đã có kết quả. Bản điện tử được trả trực tuyến."),
}
"""The sentence of a resolved dossier, by the way in which the result is wanted."""
OUTCOMES: Mapping[str, str] = {
    "granted": N_("Đồng ý giải quyết"),
    "refused": N_("Từ chối giải quyết"),
}
TOLD_BY: Mapping[str, str] = {
    "": N_("Thư điện tử và tin nhắn"),
    "email": N_("Chỉ thư điện tử"),
    "sms": N_("Chỉ tin nhắn"),
    "none": N_("Không gửi, tôi tự xem trên trang này"),
}
"""By which of the addresses that were typed somebody wants to be told."""
DONE: Mapping[str, str] = {
    "draft": N_("Đã xóa bản nháp."),
    "supplement": N_("Đã gửi phần bổ sung."),
    "withdrawal": N_("Đã gửi đề nghị rút hồ sơ."),
    "payment": N_("Đã nộp phí, lệ phí."),
    "contact": N_("Đã lưu cách liên lạc."),
}
REASONS: Mapping[str, str] = {
    "no_longer_needed": N_("Không còn nhu cầu"),
    "filed_by_mistake": N_("Nộp nhầm"),
    "will_file_again": N_("Sẽ nộp lại hồ sơ khác"),
    "other": N_("Lý do khác"),
}
PAPER_FAULTS: Mapping[str, str] = {
    "missing": N_("còn thiếu"),
    "unreadable": N_("không đọc được"),
    "wrong": N_("không đúng quy định"),
    "expired": N_("đã hết hiệu lực"),
    "not_signed": N_("chưa ký, đóng dấu"),
}
EVENTS: Mapping[str, str] = {
    "DossierSubmitted": N_("Bạn nộp hồ sơ"),
    "SupplementProvided": N_("Bạn bổ sung giấy tờ"),
    "WithdrawalRequested": N_("Bạn đề nghị rút hồ sơ"),
    "FeePaid": N_("Bạn nộp phí, lệ phí"),
    "DossierAccepted": N_("Hồ sơ được tiếp nhận"),
    "DossierRejected": N_("Hồ sơ không được tiếp nhận"),
    "DossierForwarded": N_("Hồ sơ được chuyển bước"),
    "DossierHandedOver": N_("Hồ sơ được giao cho cán bộ"),
    "SupplementRequested": N_("Cơ quan yêu cầu bổ sung"),
    "SupplementAccepted": N_("Cơ quan chấp nhận phần bổ sung"),
    "SupplementLapsed": N_("Quá thời hạn bổ sung"),
    "FeeRequested": N_("Cơ quan yêu cầu nộp phí, lệ phí"),
    "FeeConfirmed": N_("Cơ quan xác nhận đã nộp phí"),
    "FeeWaived": N_("Được miễn phí, lệ phí"),
    "OpinionRequested": N_("Lấy ý kiến cơ quan khác"),
    "OpinionGiven": N_("Có ý kiến của cơ quan được hỏi"),
    "ConsentDeemed": N_("Cơ quan được hỏi không trả lời, coi như đồng ý"),
    "DueDateChanged": N_("Hạn trả thay đổi theo lịch nghỉ"),
    "DeadlineChanged": N_("Hạn bổ sung, nộp phí thay đổi theo lịch nghỉ"),
    "DueDateExtended": N_("Thời hạn được gia hạn"),
    "ApologyIssued": N_("Cơ quan xin lỗi và hẹn lại"),
    "DossierWithdrawn": N_("Hồ sơ được rút"),
    "WithdrawalRefused": N_("Cơ quan không đồng ý cho rút"),
    "ProcessingStopped": N_("Dừng giải quyết"),
    "DossierResolved": N_("Có kết quả"),
    "ResultReturned": N_("Trả kết quả"),
    "ResultCorrected": N_("Kết quả được đính chính"),
    "DossierReversed": N_("Cơ quan hủy bước đã làm"),
}
OTHER_EVENT = N_("Cập nhật hồ sơ")
FILE_FAULTS: Mapping[str, str] = {
    code: text for code, text in FAULTS.items() if code.startswith(("file", "papers", "uploads"))
}
