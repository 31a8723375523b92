"""What the public page says, in Vietnamese and in English, and how each writes numbers, days and instants."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, cast

from services.reporting.book.lines import ZONE

Lang = Literal["vi", "en"]

VI: dict[str, str] = {
    "product": "Một Cửa",
    "slogan": "Dịch vụ công trực tuyến",
    "title": "Tình hình giải quyết thủ tục hành chính",
    "lead": "Số liệu hồ sơ dịch vụ công trực tuyến, công khai và cập nhật liên tục.",
    "skip": "Chuyển đến nội dung",
    "language": "Ngôn ngữ",
    "period": "Kỳ báo cáo",
    "everything": "Toàn bộ thời gian",
    "quarter": "Quý I năm {year}",
    "half": "6 tháng đầu năm {year}",
    "nine_months": "9 tháng đầu năm {year}",
    "year": "Năm {year}",
    "years": "Năm",
    "periods": "Chọn kỳ báo cáo",
    "made_up": "SỐ LIỆU MINH HỌA",
    "made_up_note": "Hệ thống này có dữ liệu trình diễn: số liệu được tạo ra để minh họa, không phải số liệu thật.",
    "wrong_period": "Không xem được kỳ này: ngày viết như 2023-09-30, và “đến ngày” không sớm hơn “từ ngày”.",
    "cut_from": "từ ngày {first}",
    "cut_to": "đến ngày {last}",
    "swipe": "Vuốt ngang để xem hết bảng",
    "thereof": "trong đó:",
    "unit_of_count": "Đơn vị tính: số hồ sơ TTHC",
    "in_the_period": "Trong kỳ",
    "from": "Từ ngày",
    "to": "Đến ngày",
    "show": "Xem",
    "reset": "Toàn bộ thời gian",
    "since": "Từ {first}",
    "until": "Đến hết {last}",
    "between": "Từ {first} đến hết {last}",
    "received": "Tiếp nhận",
    "received_hint": "gồm {carried_over} kỳ trước chuyển sang và {received_new} tiếp nhận mới",
    "resolved": "Đã giải quyết",
    "resolved_hint": "{early} trước hạn, {on_time} đúng hạn, {late} quá hạn",
    "pending": "Đang giải quyết",
    "pending_hint": "{share} số hồ sơ tiếp nhận",
    "overdue_hint": "trong đó {overdue} quá hạn, tính đến hết ngày {day}",
    "submitted": "Đã nộp",
    "waiting": "Chờ tiếp nhận",
    "not_accepted": "Không tiếp nhận",
    "in_time_rate": "Giải quyết trước và đúng hạn",
    "late": "Giải quyết quá hạn",
    "carried_over": "Kỳ trước chuyển sang",
    "received_new": "Tiếp nhận mới",
    "dossiers": "Số hồ sơ",
    "figures": "Số liệu chung",
    "official": "Biểu số II.06a/VPCP/KSTT",
    "official_title": "Tình hình, kết quả giải quyết TTHC tại cơ quan, đơn vị trực tiếp giải quyết TTHC",
    "official_note": "{period}. Trong hạn hay quá hạn của hồ sơ đang giải quyết tính đến hết ngày {day}. "
    "Số trong ngoặc là số cột của biểu.",
    "of_received": "Số lượng hồ sơ tiếp nhận",
    "of_resolved": "Số lượng hồ sơ đã giải quyết",
    "of_pending": "Số lượng hồ sơ đang giải quyết",
    "col_total": "Tổng số",
    "col_online": "Trực tuyến",
    "col_otherwise": "Trực tiếp, dịch vụ bưu chính",
    "col_carried_over": "Từ kỳ trước",
    "col_early": "Trước hạn",
    "col_on_time": "Đúng hạn",
    "col_late": "Quá hạn",
    "col_in_due": "Trong hạn",
    "col_overdue": "Quá hạn",
    "beside": "Số liệu kèm theo",
    "item": "Chỉ tiêu",
    "pending_overdue": "Đang giải quyết quá hạn",
    "with_apology": "đã xin lỗi và hẹn lại",
    "without_apology": "chưa xin lỗi",
    "accepted_late": "Tiếp nhận trễ",
    "rejected": "từ chối tiếp nhận",
    "withdrawn_before": "rút trước khi tiếp nhận",
    "withdrawn_after": "rút sau khi tiếp nhận",
    "stopped": "dừng xử lý",
    "received_online": "Tiếp nhận trực tuyến trong kỳ",
    "online_full": "dịch vụ công toàn trình",
    "online_partial": "dịch vụ công một phần",
    "official_data": "Biểu tổng hợp theo thủ tục (JSON)",
    "does_not_add_up": "Biểu này chưa khớp, đang kiểm tra, nên chưa công bố.",
    "by_month": "Theo tháng",
    "by_month_note": "Cột là số hồ sơ tiếp nhận trong tháng, gồm cả hồ sơ tháng trước chuyển sang: "
    "tiếp nhận = đã giải quyết + đang giải quyết. Tháng chỉ có một phần trong kỳ được ghi rõ, trên biểu đồ có dấu *.",
    "by_procedure": "Theo thủ tục",
    "by_procedure_note": "Xếp theo số hồ sơ tiếp nhận. Độ dài thanh là số tiếp nhận: đã giải quyết + đang giải quyết.",
    "by_channel": "Theo hình thức nộp",
    "month": "Tháng",
    "procedure": "Thủ tục",
    "channel": "Hình thức",
    "online": "Trực tuyến",
    "in_person": "Trực tiếp",
    "postal": "Bưu chính công ích",
    "share": "Tỷ lệ",
    "total": "Tổng số",
    "full": "toàn trình",
    "partial": "một phần",
    "plot_of": "Biểu đồ: {what}. Cùng số liệu trong bảng bên cạnh.",
    "complete": "Số liệu đầy đủ đến",
    "complete_unknown": "Đang xác định mức độ đầy đủ",
    "behind": "cách hiện tại {age}",
    "fresh": "Đang cập nhật trực tiếp",
    "stale": "Đang chờ số liệu mới",
    "held": "{count} hồ sơ tạm giữ, chưa tính vào số liệu",
    "checked": "Đã đối chiếu {compared} số liệu với danh sách {dossiers} hồ sơ: khớp",
    "differs": "Đối chiếu {compared} số liệu: {violations} sai lệch, đang kiểm tra",
    "unchecked": "Chưa đối chiếu với danh sách hồ sơ",
    "empty": "Chưa có hồ sơ nào trong kỳ này.",
    "data": "Dữ liệu mở (JSON)",
    "definitions": "Cách tính",
    "definition_waiting": "Chờ đầu kỳ + đã nộp = chờ tiếp nhận + không tiếp nhận + tiếp nhận mới.",
    "definition_received": "Tiếp nhận (kỳ trước chuyển sang + tiếp nhận mới) = đã giải quyết + đang giải quyết.",
    "definition_days": "Ngày tính theo giờ Việt Nam ({zone}). Trước hạn, đúng hạn, quá hạn so theo ngày với hạn trả kết quả.",
    "illustrative": "Dữ liệu minh họa: một số thủ tục và thời hạn chưa được kiểm chứng từ văn bản công khai.",
    "version": "Phiên bản",
    "hash": "Mã kết quả",
    "scroll": "Bảng số liệu, cuộn được",
    "withheld": "…: số liệu nhỏ không công bố, cùng các số từ đó suy ra được số liệu ấy.",
}

EN: dict[str, str] = {
    "product": "Một Cửa",
    "slogan": "Online public services",
    "title": "How administrative procedures are being resolved",
    "lead": "Dossiers of online public services: open figures, continuously updated.",
    "skip": "Skip to content",
    "language": "Language",
    "period": "Reporting period",
    "everything": "All time",
    "quarter": "First quarter of {year}",
    "half": "First half of {year}",
    "nine_months": "First nine months of {year}",
    "year": "Year {year}",
    "years": "Year",
    "periods": "Choose a reporting period",
    "made_up": "MADE-UP FIGURES",
    "made_up_note": "This system holds the demonstration: its figures were made up to show how it works. They are nobody's.",
    "wrong_period": "This period cannot be shown: a day is written 2023-09-30, and “to” is not before “from”.",
    "cut_from": "from day {first}",
    "cut_to": "to day {last}",
    "swipe": "Swipe sideways to see the whole table",
    "thereof": "thereof:",
    "unit_of_count": "Unit: dossiers",
    "in_the_period": "In the period",
    "from": "From",
    "to": "To",
    "show": "Show",
    "reset": "All time",
    "since": "From {first}",
    "until": "Up to and including {last}",
    "between": "{first} to {last}",
    "received": "Received",
    "received_hint": "{carried_over} carried over and {received_new} newly accepted",
    "resolved": "Resolved",
    "resolved_hint": "{early} early, {on_time} on time, {late} late",
    "pending": "In progress",
    "pending_hint": "{share} of those received",
    "overdue_hint": "thereof {overdue} overdue at the end of {day}",
    "submitted": "Submitted",
    "waiting": "Waiting for acceptance",
    "not_accepted": "Not accepted",
    "in_time_rate": "Resolved early or on time",
    "late": "Resolved late",
    "carried_over": "Carried over",
    "received_new": "Newly accepted",
    "dossiers": "Dossiers",
    "figures": "Overall figures",
    "official": "Official report II.06a/VPCP/KSTT",
    "official_title": "How procedures are resolved at the agency that resolves them",
    "official_note": "{period}. In progress in due or overdue is told at the end of {day}. In brackets: the number of the form's column.",
    "of_received": "Dossiers received",
    "of_resolved": "Dossiers resolved",
    "of_pending": "Dossiers in progress",
    "col_total": "Total",
    "col_online": "Online",
    "col_otherwise": "In person, by post",
    "col_carried_over": "Carried over",
    "col_early": "Early",
    "col_on_time": "On time",
    "col_late": "Late",
    "col_in_due": "In due",
    "col_overdue": "Overdue",
    "beside": "Figures beside it",
    "item": "Figure",
    "pending_overdue": "In progress and overdue",
    "with_apology": "with an apology and new appointment",
    "without_apology": "without an apology",
    "accepted_late": "Accepted late",
    "rejected": "rejected at reception",
    "withdrawn_before": "withdrawn before acceptance",
    "withdrawn_after": "withdrawn after acceptance",
    "stopped": "processing stopped",
    "received_online": "Received online in the period",
    "online_full": "full online services",
    "online_partial": "partial online services",
    "official_data": "The report by procedure (JSON)",
    "does_not_add_up": "This report does not add up yet; it is being examined and not told.",
    "by_month": "By month",
    "by_month_note": "A column is what was received in the month, with what the month before carried over: "
    "received = resolved + in progress. A month of which only a part lies in the period says so; in the plot it has a *.",
    "by_procedure": "By procedure",
    "by_procedure_note": "Ordered by dossiers received. A bar's length is what was received: resolved + in progress.",
    "by_channel": "By way of filing",
    "month": "Month",
    "procedure": "Procedure",
    "channel": "Filed",
    "online": "Online",
    "in_person": "In person",
    "postal": "By post",
    "share": "Share",
    "total": "Total",
    "full": "full online service",
    "partial": "partial online service",
    "plot_of": "Plot: {what}. The same figures stand in the table beside it.",
    "complete": "Complete up to",
    "complete_unknown": "Completeness not yet known",
    "behind": "{age} behind now",
    "fresh": "Live",
    "stale": "Waiting for newer figures",
    "held": "{count} dossiers held back, not in the figures yet",
    "checked": "{compared} figures compared with the list of {dossiers} dossiers: all equal",
    "differs": "{compared} figures compared: {violations} differ, being examined",
    "unchecked": "Not yet compared with the list of dossiers",
    "empty": "No dossier in this period yet.",
    "data": "Open data (JSON)",
    "definitions": "How it is counted",
    "definition_waiting": "Waiting before + submitted = waiting + not accepted + newly accepted.",
    "definition_received": "Received (carried over + newly accepted) = resolved + in progress.",
    "definition_days": "Days are days in Viet Nam ({zone}). Early, on time and late compare dates with the due date.",
    "illustrative": "Illustrative data: some procedures and limits are not verified from public texts.",
    "version": "Version",
    "hash": "Result hash",
    "scroll": "Table of figures, scrollable",
    "withheld": "…: small numbers are withheld, and those that would tell them.",
}

TEXTS: dict[Lang, dict[str, str]] = {"vi": VI, "en": EN}


def language(asked: str | None) -> Lang:
    """Vietnamese unless English was asked for."""
    return cast(Lang, asked) if asked == "en" else "vi"


def number(value: int | None, lang: Lang) -> str:
    """What is withheld is three dots."""
    if value is None:
        return "…"
    text = f"{value:,}"
    return text.replace(",", ".") if lang == "vi" else text


def percent(part: int | None, whole: int, lang: Lang) -> str:
    """One decimal; without a whole there is no share."""
    if part is None or whole == 0:
        return "…" if part is None else "–"
    text = f"{100 * part / whole:.1f}\u202f%" if lang == "vi" else f"{100 * part / whole:.1f}%"
    return text.replace(".", ",") if lang == "vi" else text


def day(value: date, lang: Lang) -> str:
    return f"{value:%d/%m/%Y}" if lang == "vi" else f"{value.day} {value:%b %Y}"


def month(key: str, lang: Lang) -> str:
    """A report's month key, 2023-01, as people write it."""
    first = date.fromisoformat(f"{key}-01")
    return f"{first:%m/%Y}" if lang == "vi" else f"{first:%b %Y}"


def cut_month(key: str, lang: Lang, first: int | None, last: int | None) -> str:
    """The same, with the days of it that are counted where they are not all."""
    words = TEXTS[lang]
    said = [words["cut_from"].format(first=first)] if first else []
    said += [words["cut_to"].format(last=last)] if last else []
    return f"{month(key, lang)} ({', '.join(said)})" if said else month(key, lang)


def instant(value: datetime, lang: Lang) -> str:
    local = value.astimezone(ZONE)
    return (
        f"{local:%H:%M:%S} ngày {local:%d/%m/%Y}" if lang == "vi" else f"{local:%H:%M:%S}, {day(local, lang)}"
    )


def age(seconds: float, lang: Lang) -> str:
    """How long ago, in the largest unit that leaves at least two."""
    for size, vi, en in ((86400, "ngày", "days"), (3600, "giờ", "hours"), (60, "phút", "minutes")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {vi if lang == 'vi' else en}"
    return f"{int(seconds)} {'giây' if lang == 'vi' else 'seconds'}"
