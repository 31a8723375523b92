"""What the codes of processing are called on pages: Vietnamese here, English in the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contracts.page_words import CHANNELS, DELIVERIES, IDENTIFIERS, STATUSES
from services.chassis.http.texts import N_
from services.processing.desk.queues import QueueName

__all__ = ["CHANNELS", "DELIVERIES", "IDENTIFIERS", "STATUSES"]

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
THIS_WEEK = N_("Đến hạn trong tuần này")
_HELD = ("take", "assign", "hand-over", "transfer")
AT_ONCE: Mapping[QueueName, Sequence[str]] = {
    "waiting-late": ("accept",),
    "waiting-in-time": ("accept",),
    "withdrawals": (),
    "brought": _HELD,
    "overdue": _HELD,
    "apology-due": _HELD,
    "due-soon": _HELD,
    "mine": ("hand-over",),
    "held": _HELD,
    "applicant": _HELD,
    "results": ("return",),
}
"""What may be done with many dossiers of a queue at once."""
SUPERVISORS = frozenset({"assign", "transfer"})
OUT_OF_REACH = N_("Ở đơn vị không còn trong danh mục; cần điều chuyển")
URGENT: frozenset[QueueName] = frozenset({"waiting-late", "overdue", "apology-due"})
REFUSED = N_("Không làm được lúc này vì trạng thái hồ sơ hoặc quyền của bạn.")
CHANGED: Mapping[str, str] = {
    "status": N_("Trạng thái"),
    "due_on": N_("Hạn trả kết quả"),
    "deadline_on": N_("Hạn của người nộp"),
    "unit": N_("Đơn vị giữ"),
    "officer": N_("Cán bộ giữ"),
    "appointment_on": N_("Ngày hẹn lại"),
}
"""What an act may change, in words."""
