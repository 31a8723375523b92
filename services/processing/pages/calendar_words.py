"""What the pages of the calendar say: Vietnamese here, English in the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from services.chassis.http.texts import N_

KINDS: Mapping[str, str] = {"off": N_("Ngày nghỉ"), "worked": N_("Ngày làm việc bù")}
ACTS: Mapping[str, str] = {"declare": N_("Khai báo"), "withdraw": N_("Thu hồi khai báo")}
DONE: Mapping[str, str] = {
    "declare": N_("Đã đề nghị khai báo. Ngày này chỉ được tính khi người thứ hai xác nhận."),
    "withdraw": N_("Đã đề nghị thu hồi. Khai báo vẫn được tính cho đến khi người thứ hai xác nhận."),
    "confirm": N_("Đã xác nhận. Các hạn đang chạy được tính lại ngay."),
    "refuse": N_("Đề nghị không còn nữa; không có hạn nào thay đổi."),
}
"""What was done, by what was asked for."""
REFUSALS: Mapping[str, str] = {
    "announced-in-the-future": N_("Văn bản phải được ban hành trước khi khai báo."),
    "declared-otherwise": N_("Cùng thời điểm ban hành đã có khai báo khác về ngày này."),
    "day-too-far": N_("Ngày này cách hôm nay quá mười năm."),
    "worked-day-not-in-the-future": N_("Ngày làm việc bù phải sau hôm nay."),
    "day-not-off": N_("Chỉ ngày đang được nghỉ mới khai báo làm việc bù."),
    "day-not-declared": N_("Không có khai báo nào như vậy về ngày này."),
    "declaration-overruled": N_("Đã có văn bản ban hành sau về ngày này; hãy thu hồi văn bản đó."),
    "proposal-unknown": N_("Không có đề nghị nào như vậy đang chờ xác nhận."),
    "proposed-by-yourself": N_("Người đề nghị không tự xác nhận được."),
    "contended": N_("Người khác đang sửa lịch; hãy thử lại."),
    "idempotency-key-reused": N_("Biểu mẫu này đã được gửi với nội dung khác."),
    "missing": N_("Hãy chọn ngày nghỉ hoặc ngày làm việc bù."),
}
OTHER_REFUSAL = N_("Chưa khai báo được như vậy.")
FAULTS: Mapping[str, str] = {
    "day": N_("Hãy chọn ngày."),
    "kind": N_("Hãy chọn ngày nghỉ hoặc ngày làm việc bù."),
    "document": N_("Hãy ghi số ký hiệu văn bản, ví dụ Công văn 12729/VPCP-KGVX."),
    "announced_at": N_("Hãy chọn ngày ban hành văn bản."),
}
"""What is wrong with each field."""
