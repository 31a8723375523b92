"""The control slip over HTTP: its shapes, and its words in Vietnamese and English."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from contracts.intake import ResultDelivery
from services.processing.clock.working_days import ZONE, local_day
from services.processing.desk.control_slip import INTAKE, PauseKind, Slip, Spell, Step, Timeliness
from services.processing.desk.words import Said
from services.processing.dossier.explanation import Sentence, plainly, provisional
from services.processing.dossier.state import Filing

FORM = Sentence("Phiếu kiểm soát quá trình giải quyết hồ sơ", "Control slip of the dossier's processing")
NUMBERED_ANEW_ON = date(2025, 9, 15)
STEPS = {
    "intake": Sentence("Chờ tiếp nhận", "Waiting for acceptance"),
    "tiep_nhan": Sentence("Tiếp nhận", "Reception"),
    "thu_ly": Sentence("Thụ lý", "Examination"),
    "tham_tra": Sentence("Thẩm tra", "Verification"),
    "ky_duyet": Sentence("Ký duyệt", "Approval"),
    "phat_hanh": Sentence("Phát hành", "Issue"),
    "tra_ket_qua": Sentence("Trả kết quả", "Return of the result"),
}
PAUSES: dict[PauseKind, Sentence] = {
    "supplement": Sentence("Tạm dừng chờ bổ sung giấy tờ", "Paused for papers of the applicant's"),
    "fee": Sentence("Tạm dừng chờ nộp phí, lệ phí", "Paused for the applicant's payment"),
}
TIMELINESS: dict[Timeliness, Sentence] = {
    "early": Sentence("trước hạn", "early"),
    "on_time": Sentence("đúng hạn", "on time"),
    "late": Sentence("quá hạn", "late"),
    "running": Sentence("đang xử lý, trong hạn", "in progress, in due"),
    "paused": Sentence("đang tạm dừng", "paused"),
}
NOT_MEASURED = Sentence("không tính hạn", "nothing to be late for")


class Form(BaseModel):
    """`number` changed on 2025-09-15; it is that of the day of acceptance."""

    number: Literal["05", "06"]
    vi: str
    en: str


class StepLimit(BaseModel):
    """From the catalogue's version of the dossier."""

    amount: int
    unit: Literal["working_hours"] = "working_hours"


class Holding(BaseModel):
    """Who had it from when to when; `officer` is null while nobody of the unit had taken it. A pause counts for nobody."""

    unit: str
    officer: str | None
    begun_at: datetime
    ended_at: datetime | None
    worked_seconds: int


class SlipStep(BaseModel):
    """One step, with its label and what became of its limit as a sentence. `ended_by` is the officer whose act ended it.

    `provisional`: `due_at` reaches a year that is not declared; the sentence says so.
    """

    step: str
    label: dict[Literal["vi", "en"], str]
    unit: str
    begun_at: datetime
    ended_at: datetime | None
    ended_by: str | None
    limit: StepLimit | None
    due_at: datetime | None
    timeliness: Timeliness | None
    late_seconds: int
    worked_seconds: int
    paused_seconds: int
    provisional: bool
    holders: list[Holding]
    vi: str
    en: str


class SlipPause(BaseModel):
    """Time in which the clock stood still; `worked_seconds` is the working time of it."""

    kind: PauseKind
    begun_at: datetime
    ended_at: datetime | None
    worked_seconds: int
    vi: str
    en: str


class SlipPerson(BaseModel):
    """Everything that an officer worked on it for one unit; null is the time in which nobody had taken it."""

    unit: str
    officer: str | None
    worked_seconds: int


class SlipWords(BaseModel):
    """What the officer said to the applicant in words, with an act that stands."""

    sequence: int
    event: str
    at: datetime
    words: str | None = Field(
        description="Null where the slip was asked for without a purpose, where they are erased, and while intake does not answer."
    )


class ControlSlip(BaseModel):
    """Every second is of working time. `worked_seconds` is the sum of the steps' and of the people's, the pauses left out."""

    dossier_id: UUID
    procedure: str
    form: Form
    result_delivery: ResultDelivery | None
    as_of: datetime
    steps: list[SlipStep]
    pauses: list[SlipPause]
    people: list[SlipPerson]
    worked_seconds: int
    paused_seconds: int
    words: list[SlipWords]


def form_number(slip: Slip) -> str:
    """The form's number on the day of acceptance, today before it: the forms were numbered anew on 2025-09-15."""
    accepted_at = next((step.begun_at for step in slip.steps if step.step != INTAKE), slip.as_of)
    return "05" if local_day(accepted_at) < NUMBERED_ANEW_ON else "06"


def told(
    dossier_id: UUID, filing: Filing, slip: Slip, result_delivery: str | None, said: Sequence[Said] = ()
) -> dict[str, Any]:
    """The members of ControlSlip."""
    last = slip.steps[-1]
    lasting = None if last.ended_at else last.spells[-1]

    def end_of(spell: Spell) -> datetime | None:
        lasts = (
            lasting is not None and spell._replace(begins=lasting.begins, worked=lasting.worked) == lasting
        )
        return None if lasts else spell.ends.astimezone(ZONE)

    return {
        "dossier_id": str(dossier_id),
        "procedure": filing.procedure,
        "form": {"number": form_number(slip), **FORM._asdict()},
        "result_delivery": result_delivery,
        "as_of": slip.as_of.astimezone(ZONE),
        "steps": [
            _step(step) | {"holders": [_had(spell) | {"ended_at": end_of(spell)} for spell in step.spells]}
            for step in slip.steps
        ],
        "pauses": [
            {
                "kind": pause.pause,
                "begun_at": pause.begins.astimezone(ZONE),
                "ended_at": end_of(pause),
                "worked_seconds": _seconds(pause.worked),
                **PAUSES[pause.pause]._asdict(),
            }
            for pause in slip.pauses
            if pause.pause
        ],
        "people": [
            {"unit": each.unit, "officer": each.officer, "worked_seconds": _seconds(each.worked)}
            for each in slip.people
        ],
        "worked_seconds": _seconds(slip.worked),
        "paused_seconds": _seconds(slip.paused),
        "words": [
            {
                "sequence": each.stored.version,
                "event": each.stored.type,
                "at": each.stored.occurred_at.astimezone(ZONE),
                "words": each.words,
            }
            for each in said
        ],
    }


def _had(spell: Spell) -> dict[str, Any]:
    return {
        "unit": spell.unit,
        "officer": spell.officer,
        "begun_at": spell.begins.astimezone(ZONE),
        "worked_seconds": 0 if spell.pause else _seconds(spell.worked),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "step": step.step,
        "label": STEPS[step.step]._asdict(),
        "unit": step.unit,
        "begun_at": step.begun_at.astimezone(ZONE),
        "ended_at": step.ended_at and step.ended_at.astimezone(ZONE),
        "ended_by": step.ended_by,
        "limit": step.limit_hours and {"amount": step.limit_hours, "unit": "working_hours"},
        "due_at": step.due_at and step.due_at.astimezone(ZONE),
        "timeliness": step.timeliness,
        "late_seconds": _seconds(step.late_by),
        "worked_seconds": _seconds(step.worked),
        "paused_seconds": _seconds(step.paused),
        "provisional": bool(step.provisional),
        **sentence(step)._asdict(),
    }


def sentence(step: Step) -> Sentence:
    """What became of a step's limit."""
    label = STEPS[step.step]
    verdict = TIMELINESS[step.timeliness] if step.timeliness else NOT_MEASURED
    if step.timeliness == "late":
        length = duration(step.late_by)
        verdict = Sentence(f"{verdict.vi} {length.vi}", f"{verdict.en} by {length.en}")
    if step.limit_hours is None or step.due_at is None or step.timeliness is None:
        return Sentence(f"{label.vi}: {verdict.vi}", f"{label.en}: {verdict.en}")
    due = step.due_at.astimezone(ZONE)
    if step.provisional:
        why = provisional(step.provisional)
        verdict = Sentence(f"{verdict.vi}. {why.vi}", f"{verdict.en}. {why.en}")
    return Sentence(
        f"{label.vi}: {step.limit_hours} giờ làm việc, hạn {due:%H:%M} ngày {due:%d/%m/%Y}, {verdict.vi}",
        f"{label.en}: {step.limit_hours} working hours, due at {due:%H:%M} on {plainly(due.date()).en}, {verdict.en}",
    )


def duration(amount: timedelta) -> Sentence:
    """Working time in hours and minutes; less than a minute is none."""
    whole, minutes = divmod(int(amount.total_seconds()) // 60, 60)
    return Sentence(f"{whole} giờ {minutes} phút", f"{whole} h {minutes} min")


def _seconds(amount: timedelta) -> int:
    return int(amount.total_seconds())
