"""Writes the texts of notices from codes and dates, Vietnamese first and English second, one template per event in a frame per channel.

It is given an applicant's name only by whoever sends an e-mail, and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from contracts.sealed import Unsealable, unseal
from services.notify.notice import Channel

TEMPLATES = Path(__file__).parent / "templates"
VIETNAM = timezone(timedelta(hours=7))

OFFICES = {
    "H29.015.00": ("Sở Xây dựng Thành phố Hồ Chí Minh", "Ho Chi Minh City Department of Construction"),
}
STEPS = {
    "tiep_nhan": ("tiếp nhận", "reception"),
    "thu_ly": ("thụ lý", "examination"),
    "tham_tra": ("thẩm tra", "verification"),
    "ky_duyet": ("ký duyệt", "approval"),
    "phat_hanh": ("phát hành", "issue"),
    "tra_ket_qua": ("trả kết quả", "hand-over of the result"),
}
OUTCOMES = {
    "granted": ("đồng ý giải quyết", "granted"),
    "refused": ("từ chối giải quyết", "refused"),
}
METHODS = {
    "in_person": ("trực tiếp tại bộ phận một cửa", "in person at the one-stop desk"),
    "postal": ("qua dịch vụ bưu chính", "by post"),
    "online": ("trực tuyến", "online"),
}
REASONS = {
    "wrong_office": ("hồ sơ không thuộc thẩm quyền của cơ quan", "another office is competent"),
    "not_eligible": ("không đủ điều kiện theo quy định", "the conditions are not met"),
    "incomplete": ("thành phần hồ sơ không đầy đủ, không hợp lệ", "the dossier is incomplete or not valid"),
    "wrong_procedure": ("không đúng thủ tục hành chính", "another procedure applies"),
    "duplicate": ("trùng với hồ sơ đã nộp", "it repeats a dossier already filed"),
}
STOPS = {
    "not_supplemented": (
        "quá thời hạn bổ sung hồ sơ theo yêu cầu",
        "what was asked for was not supplied in time",
    ),
    "not_paid": (
        "quá thời hạn thực hiện nghĩa vụ tài chính",
        "the financial obligation was not fulfilled in time",
    ),
    "not_competent": ("hồ sơ không thuộc thẩm quyền giải quyết", "another authority is competent"),
    "conditions_changed": ("điều kiện giải quyết đã thay đổi", "the conditions of the matter have changed"),
    "stopped_by_law": ("thủ tục hành chính đã bị bãi bỏ", "the procedure was abolished by law"),
}
DELAYS = {
    "workload": ("khối lượng hồ sơ lớn", "the amount of work"),
    "waiting_for_agency": ("chờ ý kiến của cơ quan phối hợp", "waiting for another agency's opinion"),
    "complex_case": ("hồ sơ phức tạp, cần thêm thời gian thẩm tra", "the matter is complex"),
    "system_outage": ("sự cố hệ thống thông tin", "an outage of the information system"),
    "other": ("nguyên nhân khách quan khác", "another cause"),
}
CORRECTIONS = {
    "clerical_error": ("sai sót về câu chữ, đánh máy", "a clerical error"),
    "wrong_data": ("sai thông tin trong kết quả", "wrong data in the result"),
    "wrong_document": ("nhầm văn bản kết quả", "the wrong document was issued"),
}


@dataclass(frozen=True, slots=True)
class Text:
    """A notice as people read it: `title` is one line, `body` plain text."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a text may say: codes, dates and times, nothing about a person. The official code is still sealed."""

    about: str
    dossier_id: UUID
    happened_at: datetime
    facts: Mapping[str, str | None]
    procedure: str | None
    office: str | None
    sealed_code: str | None


class Texts:
    """Writes texts. `code_key` opens sealed codes; `procedures` gives both names of a procedure by its code."""

    def __init__(self, *, code_key: bytes, procedures: Mapping[str, tuple[str, str]]) -> None:
        self._code_key = code_key
        self._procedures = procedures

    def of(self, told: Told, channel: Channel, name: str | None = None) -> Text:
        """The text of one notice; the first line of each frame is its title.

        Guarantee: without a name there is no word about a person in it. Test: test_an_inbox_text_has_codes_and_dates_only.
        """
        whole = _environment.get_template(f"{told.about}.txt").render(
            frame=f"{channel}.txt",
            told=told,
            facts=told.facts,
            code=self._code(told),
            PROCEDURES=self._procedures,
            name=name,
        )
        title, _, body = whole.partition("\n")
        return Text(title.strip(), body.strip() + "\n")

    def _code(self, told: Told) -> str | None:
        """The official code; without one when it was sealed with another key: the rest of the text is still worth sending."""
        if told.sealed_code is None:
            return None
        try:
            return unseal(self._code_key, told.sealed_code, told.dossier_id)
        except Unsealable:
            return None


def _vi(code: str, names: Mapping[str, tuple[str, str]]) -> str:
    return names[code][0] if code in names else code


def _en(code: str, names: Mapping[str, tuple[str, str]]) -> str:
    return names[code][1] if code in names else code


def _on(day: str | None) -> str:
    return date.fromisoformat(day).strftime("%d/%m/%Y") if day else ""


def _at(instant: datetime) -> str:
    return instant.astimezone(VIETNAM).strftime("%H:%M, %d/%m/%Y")


# Plain text, never HTML: nothing is escaped because nothing is interpreted.
_environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=False,
)
_environment.filters |= {"vi": _vi, "en": _en, "on": _on, "at": _at}
_environment.globals |= {
    "OFFICES": OFFICES,
    "STEPS": STEPS,
    "OUTCOMES": OUTCOMES,
    "METHODS": METHODS,
    "REASONS": REASONS,
    "STOPS": STOPS,
    "DELAYS": DELAYS,
    "CORRECTIONS": CORRECTIONS,
}
