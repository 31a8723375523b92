"""What the page of the service-quality index says, in Vietnamese and in English."""

from __future__ import annotations

from typing import Any

from services.reporting.dashboard.texts import Lang

VIEWS: dict[Lang, dict[str, Any]] = {
    "vi": {
        "label": "Các trang số liệu",
        "pages": (("/", "Tình hình giải quyết"), ("/quality", "Chất lượng phục vụ")),
    },
    "en": {"label": "Pages of figures", "pages": (("/", "How it goes"), ("/quality", "Service quality"))},
}

VI: dict[str, str] = {
    "title": "Chất lượng phục vụ người dân, doanh nghiệp",
    "lead": "Bộ chỉ số theo Quyết định số 766/QĐ-TTg, tính từ diễn biến của từng hồ sơ.",
    "measures": "Các chỉ số trong kỳ",
    "measures_note": "Số trong ngoặc đơn là số cột của Biểu số II.06a/VPCP/KSTT. Chỉ số có mẫu số bằng 0 thì không có giá trị.",
    "value": "Giá trị",
    "formula": "Công thức",
    "numerator": "Tử số",
    "denominator": "Mẫu số",
    "exclusions": "Không tính",
    "nothing": "Không phát sinh",
    "not_heard": "Chưa có số liệu",
    "percent": "%",
    "days": "ngày",
    "score": "điểm",
    "procedures": "Thời gian giải quyết theo thủ tục",
    "procedures_note": "Số ngày từ khi tiếp nhận đến khi có kết quả, đã trừ thời gian chờ bổ sung hồ sơ và chờ nộp phí. "
    "Trung vị: một nửa số hồ sơ có kết quả trong thời gian đó. Phân vị 90: chín phần mười số hồ sơ.",
    "procedure": "Thủ tục",
    "results": "Số kết quả",
    "mean": "Trung bình (ngày)",
    "median": "Trung vị (ngày)",
    "p90": "Phân vị 90 (ngày)",
    "withheld": "…: số liệu nhỏ không công bố, cùng các số từ đó suy ra được số liệu ấy.",
    "none": "Chưa có kết quả nào trong kỳ này.",
    "counted_to": "Tính đến hết ngày {day}.",
    "data": "Dữ liệu mở của bộ chỉ số (JSON)",
}

EN: dict[str, str] = {
    "title": "How well citizens and businesses are served",
    "lead": "The index of decision 766/QĐ-TTg, computed from the course of each dossier.",
    "measures": "The measures of the period",
    "measures_note": "In brackets: the number of the column in form II.06a/VPCP/KSTT. A measure over a denominator of 0 has no value.",
    "value": "Value",
    "formula": "Formula",
    "numerator": "Numerator",
    "denominator": "Denominator",
    "exclusions": "Left out",
    "nothing": "n/a: nothing to measure",
    "not_heard": "n/a: no figures",
    "percent": "%",
    "days": "days",
    "score": "points",
    "procedures": "Days to a result, by procedure",
    "procedures_note": "From acceptance to the result, less the days of waiting for supplements and fees. "
    "Median: half of the results took no longer. 90th percentile: nine out of ten.",
    "procedure": "Procedure",
    "results": "Results",
    "mean": "Mean (days)",
    "median": "Median (days)",
    "p90": "90th percentile (days)",
    "withheld": "…: small numbers are withheld, and those that would tell them.",
    "none": "No result in this period yet.",
    "counted_to": "Counted to the end of {day}.",
    "data": "Open data of the index (JSON)",
}

QUALITY: dict[Lang, dict[str, str]] = {"vi": VI, "en": EN}

MEASURES: dict[Lang, dict[str, tuple[str, str, str]]] = {
    "vi": {
        "on_time_rate": (
            "Tỷ lệ hồ sơ giải quyết đúng hạn",
            "[(8) + (9) + (12) − hồ sơ yêu cầu bổ sung từ hai lần] / [(7) + (11)]",
            "hồ sơ bị yêu cầu bổ sung từ hai lần trở lên được tính là quá hạn, chỉ riêng ở chỉ số này",
        ),
        "days_to_result": (
            "Thời gian giải quyết trung bình",
            "tổng số ngày từ tiếp nhận đến khi có kết quả / số kết quả",
            "thời gian tạm dừng; hồ sơ dừng xử lý hoặc được rút",
        ),
        "procedures_online": (
            "Tỷ lệ thủ tục phát sinh hồ sơ trực tuyến",
            "số thủ tục có hồ sơ trực tuyến được tiếp nhận trong kỳ / số thủ tục cung cấp trực tuyến",
            "thủ tục không còn hiệu lực vào ngày cuối kỳ",
        ),
        "online_share": ("Tỷ lệ hồ sơ trực tuyến", "(4) / [(4) + (5)]", "hồ sơ từ kỳ trước chuyển sang"),
        "paid_online": (
            "Tỷ lệ thanh toán trực tuyến",
            "hồ sơ tiếp nhận trong kỳ đã thanh toán trực tuyến / hồ sơ tiếp nhận trong kỳ có phí, lệ phí",
            "hồ sơ không phát sinh phí, lệ phí",
        ),
        "score_timeliness": (
            "Điểm thời hạn giải quyết",
            "[2 × (8) + 1 × (9) + 0 × (10)] / (7)",
            "hồ sơ đang giải quyết",
        ),
        "score_supplements": (
            "Điểm yêu cầu bổ sung hồ sơ",
            "[2 × hồ sơ không phải bổ sung + 1 × bổ sung một lần + 0 × nhiều lần] / (7)",
            "hồ sơ đang giải quyết",
        ),
        "satisfaction": ("Mức độ hài lòng", "kết quả khảo sát", "hệ thống chưa tiếp nhận khảo sát"),
        "complaints": (
            "Xử lý phản ánh, kiến nghị",
            "phản ánh, kiến nghị được xử lý đúng hạn",
            "hệ thống chưa tiếp nhận phản ánh, kiến nghị",
        ),
    },
    "en": {
        "on_time_rate": (
            "Resolved in time",
            "[(8) + (9) + (12) − dossiers with a second supplement] / [(7) + (11)]",
            "nothing; a dossier of which a supplement was asked for twice counts as overdue, in this measure alone",
        ),
        "days_to_result": (
            "Mean time to a result",
            "days from acceptance to the result / results",
            "days on which the clock stood still; dossiers that were stopped or taken back",
        ),
        "procedures_online": (
            "Procedures with online dossiers",
            "procedures of which an online dossier was accepted in the period / procedures offered online",
            "procedures that were not in force on the last day",
        ),
        "online_share": ("Dossiers that came online", "(4) / [(4) + (5)]", "what was carried over"),
        "paid_online": (
            "Paid online",
            "accepted in the period and paid for online / accepted in it with a fee",
            "dossiers without a fee",
        ),
        "score_timeliness": (
            "Score of timeliness",
            "[2 × (8) + 1 × (9) + 0 × (10)] / (7)",
            "dossiers in progress",
        ),
        "score_supplements": (
            "Score of supplements",
            "[2 × none asked for + 1 × one + 0 × more] / (7)",
            "dossiers in progress",
        ),
        "satisfaction": ("Satisfaction", "the result of surveys", "no survey is taken in here"),
        "complaints": (
            "Complaints and proposals",
            "answered in time",
            "no complaint and no proposal is taken in here",
        ),
    },
}
"""Of each measure its name, its formula and what it leaves out."""


def decimal(value: float | None, lang: Lang) -> str:
    """Two decimals; what is withheld is three dots."""
    if value is None:
        return "…"
    text = f"{value:,.2f}"
    return text.translate(str.maketrans(",.", ".,")) if lang == "vi" else text
