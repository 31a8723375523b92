"""What the codes of processing are called on pages: Vietnamese here, English in the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from services.chassis.http.texts import N_
from services.processing.desk.queues import QueueName

QUEUES: Mapping[QueueName, str] = {
    "waiting-late": N_("Chờ tiếp nhận, đã quá thời hạn tiếp nhận"),
    "waiting-in-time": N_("Chờ tiếp nhận, còn trong hạn"),
    "withdrawals": N_("Đề nghị rút hồ sơ"),
    "brought": N_("Đã bổ sung, chờ xem xét"),
    "overdue": N_("Quá hạn trả kết quả"),
    "apology-due": N_("Phải gửi phiếu xin lỗi"),
    "due-soon": N_("Sắp đến hạn trả kết quả"),
    "mine": N_("Hồ sơ tôi đang giữ"),
    "held": N_("Đang giải quyết tại đơn vị"),
    "applicant": N_("Chờ người nộp bổ sung hoặc nộp phí"),
    "results": N_("Chờ trả kết quả"),
}
"""In the order in which a desk looks at them."""
URGENT: frozenset[QueueName] = frozenset({"waiting-late", "overdue", "apology-due"})
STATUSES: Mapping[str, tuple[str, str]] = {
    "submitted": (N_("Chờ tiếp nhận"), "blue"),
    "accepted": (N_("Đã tiếp nhận"), "turquoise"),
    "in_processing": (N_("Đang xử lý"), "turquoise"),
    "supplement_requested": (N_("Chờ bổ sung"), "yellow"),
    "payment_requested": (N_("Chờ nộp phí, lệ phí"), "yellow"),
    "withdrawal_requested": (N_("Đề nghị rút"), "orange"),
    "rejected": (N_("Không tiếp nhận"), "grey"),
    "withdrawn": (N_("Đã rút"), "grey"),
    "stopped": (N_("Dừng giải quyết"), "grey"),
    "resolved": (N_("Đã có kết quả"), "green"),
    "returned": (N_("Đã trả kết quả"), "green"),
}
"""Each with the colour of its tag."""
CHANNELS: Mapping[str, str] = {
    "online": N_("Trực tuyến"),
    "in_person": N_("Trực tiếp"),
    "postal": N_("Bưu chính"),
}
REFUSED = N_("Không làm được lúc này vì trạng thái hồ sơ hoặc quyền của bạn.")
IDENTIFIERS: Mapping[str, str] = {
    "cccd": N_("Số căn cước công dân"),
    "tax_code": N_("Mã số thuế"),
    "passport": N_("Số hộ chiếu"),
    "foreign_registration": N_("Số đăng ký tổ chức nước ngoài"),
}
CHANGED: Mapping[str, str] = {
    "status": N_("Trạng thái"),
    "due_on": N_("Hạn trả kết quả"),
    "deadline_on": N_("Hạn của người nộp"),
    "unit": N_("Đơn vị giữ"),
    "officer": N_("Cán bộ giữ"),
    "appointment_on": N_("Ngày hẹn lại"),
}
"""What an act may change, in words."""
