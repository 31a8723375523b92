"""What the codes of intake are called on pages: Vietnamese here, English in the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from services.chassis.http.texts import N_

LEVELS: Mapping[str, str] = {
    "full": N_("Dịch vụ công trực tuyến toàn trình"),
    "partial": N_("Dịch vụ công trực tuyến một phần"),
}
CHANNELS: Mapping[str, str] = {
    "online": N_("Trực tuyến"),
    "in_person": N_("Trực tiếp"),
    "postal": N_("Bưu chính"),
}
UNITS: Mapping[str, str] = {
    "working_days": N_("{n} ngày làm việc"),
    "calendar_days": N_("{n} ngày"),
}
BASES: Mapping[str, str] = {
    "investment": N_("theo tỷ lệ trên tổng mức đầu tư"),
    "construction_cost": N_("theo tỷ lệ trên chi phí xây dựng"),
}
IDENTIFIERS: Mapping[str, str] = {
    "cccd": N_("Số căn cước công dân"),
    "tax_code": N_("Mã số thuế"),
    "passport": N_("Số hộ chiếu"),
    "foreign_registration": N_("Số đăng ký tổ chức nước ngoài"),
}
