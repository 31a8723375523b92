"""What codes that applicant and officer both see are called on pages: Vietnamese here, English in the catalogue beside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parent
N_ = str  # marks a text that is said later, so that its translation is looked for

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
DELIVERIES: Mapping[str, str] = {
    "collected": N_("Nhận trực tiếp tại bộ phận một cửa"),
    "post": N_("Qua dịch vụ bưu chính"),
    "online": N_("Bản điện tử, trực tuyến"),
}
"""How the result is wanted; where nothing was said it is collected."""
IDENTIFIERS: Mapping[str, str] = {
    "cccd": N_("Số căn cước công dân"),
    "tax_code": N_("Mã số thuế"),
    "passport": N_("Số hộ chiếu"),
    "foreign_registration": N_("Số đăng ký tổ chức nước ngoài"),
}
