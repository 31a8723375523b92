"""What an officer types in for who stands at the counter: the filing that intake is asked to take, and what is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from contracts.catalogue import drawn
from contracts.catalogue.forms import FORMS
from contracts.catalogue.forms import Form as ProcedureForm
from contracts.catalogue.offices import Names, Offices
from contracts.catalogue.shipped import PROCEDURES, Procedure, Version
from contracts.page_words import CHANNELS, FAULTS, IDENTIFIERS, OTHER_FAULT
from services.chassis.http.forms import Form
from services.chassis.http.texts import N_
from services.processing.clock.working_days import ZONE
from services.processing.pages.shown import place_name, procedure_name

Faults = dict[str, tuple[str, str]]
"""What is wrong with each field of a page: a text of the catalogue, and the label that it speaks of."""
AT_THE_COUNTER = ("in_person", "postal")
FOREIGN = frozenset({"passport", "foreign_registration"})
PLACES = {
    "applicant.name": "name",
    "applicant.identifier.kind": "kind",
    "applicant.identifier.country": "country",
    "applicant.identifier": "number",
    "applicant.email": "email",
    "applicant.phone": "phone",
    "owner.name": "owner_name",
    "owner.identifier.kind": "owner_kind",
    "owner.identifier": "owner_number",
    "channel": "channel",
}
"""Where a member of the body, or what is in it, stands on the page."""
UNANSWERED = N_(
    "Hệ thống tiếp nhận chưa trả lời nên chưa biết hồ sơ đã được ghi hay chưa. Hãy gửi lại: hồ sơ không bị ghi hai lần."
)
SIGNED = "(Ký, ghi rõ họ tên)"


class Filing:
    """What a page of the counter is about: the procedure as it is today and its form, at an office that takes it."""

    def __init__(self, procedure: Procedure, version: Version, form: ProcedureForm) -> None:
        self.procedure, self.version, self.form = procedure, version, form


def filing_of(code: str, office: str, offices: Offices, today: date) -> Filing | None:
    """None for what the office does not take that day."""
    procedure = PROCEDURES.get(code)
    version, form = procedure and procedure.version_on(today), FORMS.on(code, today)
    if procedure is None or not isinstance(version, Version) or form is None:
        return None
    return Filing(procedure, version, form) if offices.takes(office, code, today) else None


def taken_at(office: str, offices: Offices, today: date) -> list[tuple[str, tuple[str, str]]]:
    """The procedures that an office takes that day, each with its name in both languages."""
    found = (code for code in sorted(PROCEDURES) if filing_of(code, office, offices, today))
    return [(code, procedure_name(code)) for code in found]


def body_of(about: Filing, office: str, typed: Form) -> dict[str, Any]:
    """The body that intake's door takes, papers aside. What was left open is left out."""
    told: dict[str, Any] = {
        "procedure": about.procedure.code,
        "office": office,
        "channel": typed.get("channel"),
        "applicant": {"name": typed.get("name"), "identifier": _identifier(typed)}
        | {name: value for name in ("email", "phone") if (value := typed.get(name))},
        "content": drawn.read(about.form, typed),
    }
    if typed.get("for_another") == "yes":
        identifier = {"kind": typed.get("owner_kind"), "number": typed.get("owner_number")}
        told["owner"] = {"name": typed.get("owner_name"), "identifier": identifier}
    return told


def _identifier(typed: Form) -> dict[str, str]:
    kind = typed.get("kind")
    told = {"kind": kind, "number": typed.get("number")}
    return told | ({"country": typed.get("country")} if kind in FOREIGN else {})


def faults_of(about: Filing, told: Mapping[str, Any]) -> Faults:
    """What is missing or does not fit the form; what people are called and numbered is intake's to judge."""
    person, owner = told["applicant"], told.get("owner")
    needed = {
        "channel": told["channel"] in AT_THE_COUNTER,
        "name": bool(person["name"]),
        "kind": person["identifier"]["kind"] in about.version.identifiers,
        "number": bool(person["identifier"]["number"]),
        "country": person["identifier"].get("country") != "",
    }
    if owner is not None:
        needed |= {"owner_name": bool(owner["name"]), "owner_number": bool(owner["identifier"]["number"])}
    found: Faults = {name: (FAULTS["missing"], "") for name, is_there in needed.items() if not is_there}
    for each in about.form.faults(told["content"]):
        name = each.field.partition(".")[0]
        field = about.form.fields.get(name)
        found.setdefault(drawn.PREFIX + name, (_text(each.code), field.label_vi if field else name))
    return found


def refused(answer: Mapping[str, Any]) -> Faults:
    """Why intake did not take it, at the fields that its answer names."""
    named: Iterable[Mapping[str, Any]] = answer.get("errors") or [answer]
    return {_place(each.get("field") or ""): (_text(str(each.get("code"))), "") for each in named}


def _place(field: str) -> str:
    if field.startswith("papers"):
        return "papers"
    if field.startswith(drawn.PREFIX):
        return drawn.PREFIX + field.removeprefix(drawn.PREFIX).partition(".")[0]
    return next((place for member, place in PLACES.items() if field.startswith(member)), "")


def _text(code: str) -> str:
    return FAULTS.get(code, OTHER_FAULT)


def receipt(
    told: Mapping[str, Any], person: Mapping[str, Any], papers: Sequence[str], names: Names, officer: str
) -> dict[str, Any]:
    """The receipt of what was filed at the counter, as the template of forms takes it; form 01 follows with the acceptance.

    Guarantee: who files at the counter goes home with the look-up code. Test: test_a_filing_at_the_counter_has_a_receipt.
    """
    at = datetime.fromisoformat(told["submitted_at"]).astimezone(ZONE)
    due = told.get("reception_due_at")
    owner = person.get("owner") or {}
    kind = IDENTIFIERS.get(person.get("identifier_kind") or "", "Số định danh")
    until = f"{datetime.fromisoformat(due).astimezone(ZONE):%H giờ %M ngày %d/%m/%Y}" if due else "–"
    return {
        "agency": place_name(names, told["office"], "vi").upper(),
        "number": "",
        "place": f"……, ngày {at:%d} tháng {at:%m} năm {at:%Y}",
        "title": "GIẤY BIÊN NHẬN HỒ SƠ",
        "form": f"Mã tra cứu: {told['dossier_id']}",
        "lines": [
            ("Người nộp", person.get("name") or "……"),
            (kind, person.get("identifier_number") or "……"),
            *([("Chủ hồ sơ", str(owner["name"]))] if owner else []),
            ("Thủ tục", f"{procedure_name(told['procedure'])[0]} ({told['procedure']})"),
            ("Nộp lúc", f"{at:%H giờ %M ngày %d/%m/%Y}"),
            ("Cách nộp", CHANNELS[told["channel"]]),
            ("Trả lời việc tiếp nhận chậm nhất", until),
        ],
        "table": {
            "widths": [1, 12],
            "head": ["TT", "Giấy tờ đã nhận"],
            "rows": [[str(n), paper] for n, paper in enumerate(papers, 1)],
        }
        if papers
        else None,
        "closing": [
            "Có mã tra cứu thì xem được hồ sơ đã đến đâu trên trang dịch vụ công, không cần tài khoản."
        ],
        "signs": [("NGƯỜI NỘP HỒ SƠ", SIGNED), ("NGƯỜI NHẬN HỒ SƠ", officer)],
        "notes": ["Giấy này chưa phải giấy tiếp nhận hồ sơ và hẹn trả kết quả (mẫu số 01)."],
    }
