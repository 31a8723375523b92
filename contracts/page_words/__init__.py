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
FAULTS: Mapping[str, str] = {
    "missing": N_("Hãy điền mục này."),
    "not-a-choice": N_("Hãy chọn một mục trong danh sách."),
    "wrong-type": N_("Hãy ghi bằng số."),
    "too-small": N_("Số này quá nhỏ."),
    "too-large": N_("Số này quá lớn."),
    "too-short": N_("Nội dung quá ngắn."),
    "too-long": N_("Nội dung quá dài."),
    "twice": N_("Mỗi mục chỉ chọn một lần."),
    "wrong-form": N_("Mục này viết chưa đúng mẫu; ngày viết như 17/05/1990."),
    "email-implausible": N_("Địa chỉ thư điện tử viết như ten@example.vn."),
    "phone-implausible": N_("Số điện thoại của Việt Nam, hoặc bắt đầu bằng + và mã nước."),
    "name-implausible": N_("Họ tên chỉ có chữ, dấu cách và ' - . ,"),
    "cccd-implausible": N_("Số căn cước công dân có 12 chữ số."),
    "tax-code-implausible": N_("Mã số thuế có 10 chữ số; chi nhánh thêm - và 3 chữ số."),
    "office-implausible": N_("Hãy chọn cơ quan tiếp nhận."),
    "identifier-not-taken": N_("Thủ tục này không nhận loại giấy tờ định danh này."),
    "file-empty": N_("Tệp không có gì bên trong."),
    "file-kind-not-taken": N_("Chỉ nhận PDF, JPEG, PNG, TIFF và ZIP, theo nội dung của tệp."),
    "file-ambiguous": N_("Tệp này có thể đọc thành hai loại khác nhau nên không nhận."),
    "file-truncated": N_("Tệp thiếu phần cuối. Hãy lưu lại tệp rồi tải lên lại."),
    "file-encrypted": N_("Tệp PDF có mật khẩu nên cán bộ không mở được. Hãy bỏ mật khẩu."),
    "file-infected": N_("Máy quét phát hiện mã độc trong tệp."),
    "file-too-large": N_("Mỗi tệp không quá 50 MB."),
    "file-changed": N_("Tệp đã bị sửa hoặc dời đi trong khi tải lên. Hãy chọn lại tệp."),
    "file-unknown": N_("Tệp không còn ở đây. Hãy tải lên lại."),
    "file-taken": N_("Tệp này đã thuộc về một hồ sơ khác. Hãy tải lên lại."),
    "file-being-filed": N_(
        "Tệp này đang được nộp ở một yêu cầu khác. Hãy đợi một lát rồi thử lại, hoặc tải lên lại."
    ),
    "files-away": N_("Nơi lưu tệp chưa trả lời. Hãy thử lại sau giây lát."),
    "files-not-set-up": N_("Hệ thống này chưa nhận tệp."),
    "papers-too-large": N_("Tất cả tệp của một hồ sơ không quá 200 MB."),
    "too-many-papers": N_("Mỗi lần không quá 50 tệp."),
    "uploads-waiting": N_("Bạn đã tải lên quá nhiều tệp mà chưa nộp hồ sơ. Hãy nộp, hoặc đợi một ngày."),
    "country-missing": N_("Hộ chiếu và đăng ký nước ngoài phải có nước cấp; hãy nộp tại quầy."),
}
"""What is wrong with a filing, in words, by the code that doors answer."""
OTHER_FAULT = N_("Mục này chưa đúng.")
