"""What codes that an applicant is told are called, Vietnamese first, English second: one list for notices and the look-up."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.catalogue.refusals import REFUSALS as _REFUSALS

Words = Mapping[str, tuple[str, str]]

OUTCOMES: Words = {
    "granted": ("đồng ý giải quyết", "granted"),
    "refused": ("từ chối giải quyết", "refused"),
}
REJECTIONS: Words = {
    "wrong_office": ("hồ sơ không thuộc thẩm quyền của cơ quan", "another office is competent"),
    "not_eligible": ("không đủ điều kiện theo quy định", "the conditions are not met"),
    "incomplete": ("thành phần hồ sơ không đầy đủ, không hợp lệ", "the dossier is incomplete or not valid"),
    "wrong_procedure": ("không đúng thủ tục hành chính", "another procedure applies"),
    "duplicate": ("trùng với hồ sơ đã nộp", "it repeats a dossier already filed"),
}
REFUSALS: Words = {code: (said.vi, said.en) for code, said in _REFUSALS.reasons.items()}
"""Of every procedure: why a dossier is refused on its merits."""
STOPS: Words = {
    "not_supplemented": (
        "hồ sơ không được bổ sung, hoàn thiện theo yêu cầu trong thời hạn",
        "what was asked for was not supplied in time, or not as it was asked for",
    ),
    "not_paid": (
        "quá thời hạn thực hiện nghĩa vụ tài chính",
        "the financial obligation was not fulfilled in time",
    ),
    "not_competent": ("hồ sơ không thuộc thẩm quyền giải quyết", "another authority is competent"),
    "conditions_changed": ("điều kiện giải quyết đã thay đổi", "the conditions of the matter have changed"),
    "stopped_by_law": ("thủ tục hành chính đã bị bãi bỏ", "the procedure was abolished by law"),
}
