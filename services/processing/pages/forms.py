"""The forms of the one-stop shop that go with a dossier (01 to 06), as officials know them: which there are, and what each says. Pure.

They are Vietnamese, whatever the page. Their numbers are those of the day of the act: the forms were numbered anew on 2025-09-15.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from contracts.catalogue.offices import Names
from contracts.catalogue.procedure import Version
from contracts.page_words import DELIVERIES, IDENTIFIERS
from contracts.processing_words import REJECTIONS, STOPS
from services.chassis.http.texts import N_
from services.processing.clock.working_days import ZONE, local_day
from services.processing.desk.control_slip import Slip
from services.processing.desk.control_slip_answers import (
    NUMBERED_ANEW_ON,
    STEPS,
    TIMELINESS,
    duration,
    form_number,
)
from services.processing.dossier.act import words_of
from services.processing.dossier.asked import version_of
from services.processing.dossier.events import (
    ApologyIssued,
    DossierAccepted,
    DossierRejected,
    Event,
    ProcessingStopped,
    SupplementRequested,
)
from services.processing.dossier.reversal_events import struck_out
from services.processing.dossier.state import Filing
from services.processing.pages.act_words import OPTIONS, PAPER_FAULTS
from services.processing.pages.shown import place_name, procedure_name

NAMES: Mapping[str, str] = {
    "receipt": N_("Giấy tiếp nhận hồ sơ và hẹn trả kết quả"),
    "supplement": N_("Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ"),
    "refusal": N_("Phiếu từ chối giải quyết hồ sơ"),
    "apology": N_("Phiếu xin lỗi và hẹn lại ngày trả kết quả"),
    "stop": N_("Thông báo dừng giải quyết hồ sơ"),
    "control-slip": N_("Phiếu kiểm soát quá trình giải quyết hồ sơ"),
}
SIGNED = "(Ký, ghi rõ họ tên)"


class Act(NamedTuple):
    """An act that stands, and when it was done."""

    event: Event
    at: datetime


class Told(NamedTuple):
    """What a form is made from. `person` is what intake tells of who filed it; None where it was not read."""

    filing: Filing
    code: str | None
    acts: Sequence[Act]
    person: Mapping[str, Any] | None
    result_delivery: str | None
    names: Names
    today: date


def standing(events: Sequence[Event], times: Sequence[datetime]) -> list[Act]:
    """The acts that no reversal took back."""
    struck = struck_out(events)
    pairs = enumerate(zip(events, times, strict=True), 1)
    return [Act(event, at) for version, (event, at) in pairs if version not in struck]


def available(acts: Sequence[Act]) -> Iterator[str]:
    """The forms that a dossier has, by what was done with it.

    Guarantee: there is a form for what was done, and for nothing that was reversed. Test: test_a_dossier_has_the_forms_of_its_acts.
    """
    for name, (kind, _) in _OF.items():
        if _last(acts, kind) is not None:
            yield name
    yield "control-slip"


def form_of(name: str, told: Told) -> dict[str, Any] | None:
    """What a form says, None where the dossier has none of it."""
    kind, say = _OF[name]
    act = _last(told.acts, kind)
    if act is None:
        return None
    return _head(name, told, local_day(act.at)) | say(told, act)


def control_slip(told: Told, slip: Slip) -> dict[str, Any]:
    """Each step with who had it, its limit and how late it was."""
    rows = [
        [
            STEPS[step.step].vi,
            ", ".join(dict.fromkeys(place_name(told.names, spell.unit, "vi") for spell in step.spells)),
            _instant(step.begun_at),
            _instant(step.ended_at) if step.ended_at else "–",
            _instant(step.due_at) if step.due_at else "–",
            (TIMELINESS[step.timeliness].vi if step.timeliness else "–")
            + (f" {duration(step.late_by).vi}" if step.timeliness == "late" else ""),
        ]
        for step in slip.steps
    ]
    head = _head("control-slip", told, told.today) | {"form": f"Mẫu số {form_number(slip)}"}
    return head | {
        "flipped": True,
        "lines": [("Mã hồ sơ", told.code or "–"), ("Thủ tục", _procedure(told))],
        "table": {
            "widths": [3, 4, 3, 3, 3, 3],
            "head": ["Bước", "Đơn vị thực hiện", "Nhận lúc", "Xong lúc", "Hạn", "Kết quả"],
            "rows": rows,
        },
        "closing": [
            f"Tổng thời gian làm việc: {duration(slip.worked).vi}; tạm dừng: {duration(slip.paused).vi}."
        ],
        "signs": [("NGƯỜI GIAO", SIGNED), ("NGƯỜI NHẬN", SIGNED)],
        "notes": [f"Lập lúc {_instant(slip.as_of)}."],
    }


def _head(name: str, told: Told, on: date) -> dict[str, Any]:
    numbers = {"receipt": "01", "supplement": "02", "refusal": "03", "apology": "04"}
    if on >= NUMBERED_ANEW_ON:
        numbers["stop"] = "05"
    return {
        "agency": place_name(told.names, told.filing.office, "vi").upper(),
        "number": f"Số: {told.code or '……'}",
        "place": f"……, ngày {on:%d} tháng {on:%m} năm {on:%Y}",
        "title": NAMES[name].upper(),
        "form": f"Mẫu số {numbers[name]}" if name in numbers else "",
        "signs": [("THỦ TRƯỞNG CƠ QUAN", "(Ký, đóng dấu)")],
        "notes": [],
    }


def _who(told: Told) -> list[tuple[str, str]]:
    person = told.person or {}
    kind = IDENTIFIERS.get(person.get("identifier_kind") or "", "Số định danh")
    owner = person.get("owner") or {}
    lines = [
        ("Họ tên, tên tổ chức", person.get("name") or "……"),
        (kind, person.get("identifier_number") or "……"),
        ("Điện thoại", person.get("phone") or "……"),
        ("Thư điện tử", person.get("email") or "……"),
    ]
    if owner:
        lines.append(("Chủ hồ sơ", str(owner["name"])))
    return [*lines, ("Nội dung yêu cầu giải quyết", _procedure(told))]


def _receipt(told: Told, act: Act) -> dict[str, Any]:
    accepted = act.event
    assert isinstance(accepted, DossierAccepted)
    papers = _papers(told)
    return {
        "lines": [("Tiếp nhận hồ sơ của", ""), *_who(told)],
        "table": {
            "widths": [1, 12],
            "head": ["TT", "Thành phần hồ sơ theo quy định"],
            "rows": [[str(n), paper] for n, paper in enumerate(papers, 1)],
        }
        if papers
        else None,
        "closing": [
            f"Thời gian tiếp nhận hồ sơ: {_instant(act.at)}.",
            f"Ngày hẹn trả kết quả: {_day(accepted.due_on)}.",
            f"Nhận kết quả: {DELIVERIES.get(told.result_delivery or 'collected', '')}.",
        ],
        "signs": [("NGƯỜI NỘP HỒ SƠ", SIGNED), ("NGƯỜI TIẾP NHẬN HỒ SƠ", SIGNED)],
        "notes": ["Ngày hẹn còn có thể đổi: lịch nghỉ của năm đó chưa được khai báo."]
        if accepted.provisional
        else [],
    }


def _words(told: Told, act: Act) -> list[tuple[str, str]]:
    """What the officer said with the act in words, as intake keeps it."""
    name = words_of(act.event)
    kept = (told.person or {}).get("words", ())
    return [("Nội dung cụ thể", each["words"]) for each in kept if each["commitment"] == name]


def _supplement(told: Told, act: Act) -> dict[str, Any]:
    asked = act.event
    assert isinstance(asked, SupplementRequested)
    papers = _papers(told)
    rows = [
        [
            str(n),
            papers[each.paper - 1] if each.paper <= len(papers) else f"Giấy tờ số {each.paper}",
            PAPER_FAULTS[each.fault],
        ]
        for n, each in enumerate(asked.papers, 1)
    ]
    return {
        "lines": [("Hồ sơ của", ""), *_who(told), *_words(told, act)],
        "table": {"widths": [1, 8, 4], "head": ["TT", "Giấy tờ cần bổ sung", "Lý do"], "rows": rows},
        "closing": [f"Hạn bổ sung: {_day(asked.deadline_on)}. Lần yêu cầu: {asked.number}."],
    }


def _refusal(told: Told, act: Act) -> dict[str, Any]:
    assert isinstance(act.event, DossierRejected)
    reason = REJECTIONS.get(act.event.reason, (act.event.reason, ""))[0]
    return {"lines": [("Hồ sơ của", ""), *_who(told), ("Lý do không tiếp nhận", reason), *_words(told, act)]}


def _apology(told: Told, act: Act) -> dict[str, Any]:
    issued = act.event
    assert isinstance(issued, ApologyIssued)
    accepted = _last(told.acts, DossierAccepted)
    due_on = accepted.event.due_on if accepted and isinstance(accepted.event, DossierAccepted) else None
    return {
        "lines": [
            ("Kính gửi", ""),
            *_who(told),
            ("Ngày hẹn trả kết quả lúc tiếp nhận", _day(due_on)),
            ("Lý do chưa giải quyết xong", OPTIONS.get(issued.reason, issued.reason)),
            ("Ngày hẹn lại", _day(issued.appointment_on)),
        ],
        "closing": ["Cơ quan xin lỗi ông/bà, tổ chức vì sự chậm trễ này."],
    }


def _stop(told: Told, act: Act) -> dict[str, Any]:
    assert isinstance(act.event, ProcessingStopped)
    reason = STOPS.get(act.event.reason, (act.event.reason, ""))[0]
    return {"lines": [("Hồ sơ của", ""), *_who(told), ("Lý do dừng giải quyết", reason), *_words(told, act)]}


Say = Callable[[Told, Act], dict[str, Any]]
_OF: Mapping[str, tuple[type[Any], Say]] = {
    "receipt": (DossierAccepted, _receipt),
    "supplement": (SupplementRequested, _supplement),
    "refusal": (DossierRejected, _refusal),
    "apology": (ApologyIssued, _apology),
    "stop": (ProcessingStopped, _stop),
}


def _last(acts: Sequence[Act], kind: type[Any]) -> Act | None:
    return next((act for act in reversed(acts) if isinstance(act.event, kind)), None)


def _papers(told: Told) -> list[str]:
    terms = version_of(told.filing)
    return [paper.name_vi for paper in terms.papers] if isinstance(terms, Version) else []


def _procedure(told: Told) -> str:
    return f"{procedure_name(told.filing.procedure)[0]} ({told.filing.procedure})"


def _day(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else "–"


def _instant(at: datetime) -> str:
    local = at.astimezone(ZONE)
    return f"{local:%H} giờ {local:%M} ngày {local:%d/%m/%Y}"
