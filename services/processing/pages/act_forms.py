"""An act as a small form: which acts state and rights allow now, what each asks, and what it would lead to. Pure.

Nothing is repeated here of what the acts decide: each is tried with the answers that its body can take, and shown when one is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from contracts.catalogue.offices import Offices
from contracts.catalogue.procedure import Version
from contracts.catalogue.refusals import REFUSALS
from contracts.processing_codes import FaultyPaper
from services.chassis.http.forms import Form
from services.chassis.http.tokens import Caller
from services.chassis.log.decider import Rejected
from services.processing.clock.working_days import Calendar, local_day
from services.processing.desk.carry_out import decide_as, reached_from
from services.processing.desk.queue_rows import Known
from services.processing.desk.registers import unknown
from services.processing.dossier.act import Act
from services.processing.dossier.asked import Asked, Order, version_of
from services.processing.dossier.decide import BY_NAME
from services.processing.dossier.events import Event
from services.processing.dossier.history import evolve, latest_change
from services.processing.dossier.payments import covers, unused_payments
from services.processing.dossier.state import AwaitingPayment, Dossier

FAR = timedelta(days=90)
WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)
NEEDED_OF_A_REFUSAL = ("refusal_reason", "document")
Kind = Literal["choice", "text", "lines", "date", "number", "papers", "hidden"]


class Field(NamedTuple):
    """A member of an act's body. `options` are the values that a choice can have and days that a date may be; for papers, how many."""

    name: str
    kind: Kind
    options: tuple[Any, ...] = ()
    required: bool = True


class Possible(NamedTuple):
    """An act that can be done now, with what it asks."""

    name: str
    act: Act
    fields: tuple[Field, ...]


class Case(NamedTuple):
    """A dossier before an officer, now."""

    caller: Caller
    known: Known
    dossier: Dossier
    calendar: Calendar
    now: datetime
    offices: Offices
    colleagues: Mapping[str, str | None]

    @property
    def order(self) -> Order:
        unit = reached_from(self.known.row.unit, self.caller, self.offices, local_day(self.now))
        return Order(self.caller, self.known.filing, self.now, unit)

    def decided(self, act: Act, asked: Asked) -> Sequence[Event] | Rejected:
        """What would follow if it were asked now."""
        command = act.command_of(asked, self.order)
        if isinstance(command, Rejected):
            return command
        return decide_as(
            self.caller,
            self.known.stands_for,
            command,
            self.calendar,
            self.dossier,
            offices=self.offices,
            unknown=unknown(act, command, self.offices, self.colleagues),
        )


def possible(case: Case) -> Iterator[Possible]:
    """The acts that somebody could do now, in the order of the documents.

    Guarantee: what is shown can be done, and what can be done is shown. Test: test_what_is_shown_can_be_done_and_nothing_else.
    """
    for name in BY_NAME:
        if (found := possible_act(case, name)) is not None:
            yield found


def possible_act(case: Case, name: str) -> Possible | None:
    """One act, None where state or rights do not allow it."""
    act = BY_NAME[name]
    assert act.body is not None
    fields = [_field(case, act, member, info) for member, info in act.body.model_fields.items()]
    example = {field.name: value for field in fields if (value := _example(case, field)) is not None}
    choice = next((f for f in fields if f.kind == "choice" and f.required), None)
    if choice is None:
        return Possible(name, act, tuple(fields)) if _taken(case, act, example) else None
    options = tuple(each for each in choice.options if _taken(case, act, example | {choice.name: each}))
    if not options:
        return None
    return Possible(name, act, tuple(f._replace(options=options) if f is choice else f for f in fields))


def _taken(case: Case, act: Act, example: dict[str, Any]) -> bool:
    """Whether the act is decided, or refused only for what was typed. One that changes nothing is none."""
    assert act.body is not None
    try:
        decided = case.decided(act, act.body.model_validate(example))
    except ValidationError:
        return False
    return decided.code in act.faults if isinstance(decided, Rejected) else bool(decided)


def _field(case: Case, act: Act, name: str, info: FieldInfo) -> Field:
    """What a member is to whoever fills it in."""
    kind, required = _bare(info.annotation), info.is_required()
    version = version_of(case.known.filing)
    match name:
        case "papers":
            papers = len(version.papers) if isinstance(version, Version) else 0
            return Field(name, "papers", tuple(range(1, papers + 1)))
        case "words":
            return Field(name, "lines", (), required)
        case "sequence":
            return Field(name, "hidden", (latest_change(case.dossier.acts),))
        case "despite" if not _disagreed(case):
            return Field(name, "hidden", (), required)
        case "refusal_reason":
            return Field(name, "choice", REFUSALS.of(case.known.filing.procedure), required)
        case "payment":
            return Field(name, "choice", _payments(case, rest=act.by == "supervisor"), act.by == "holder")
        case "officer":
            return Field(name, "choice", tuple(case.colleagues))
        case "project_class":
            by_class = version.limit_days_by_class if isinstance(version, Version) else None
            return Field(name, "choice" if by_class else "hidden", tuple(by_class or ()), bool(by_class))
        case "agency" if "opinion-not-asked" in act.faults:
            return Field(name, "choice", _awaited(case))
        case "appointment_on":
            return Field(name, "date", _working_days(case), required)
        case _ if kind is date:
            return Field(name, "date", (), required)
        case _ if kind is int:
            return Field(name, "number", (), required)
        case _ if get_origin(kind) is Literal:
            return Field(name, "choice", get_args(kind), required)
    return Field(name, "text", (), required)


def _bare(annotation: Any) -> Any:
    """A type without None and without what is said beside it."""
    while get_args(annotation) and get_origin(annotation) is not Literal:
        annotation = next(each for each in get_args(annotation) if each is not type(None))
    return annotation


def _example(case: Case, field: Field) -> Any:
    """Something that the member can be, None where it may be left out."""
    if field.kind == "papers":
        return [FaultyPaper(paper=1, fault="missing")] if field.options else None
    needed = field.required or field.name in NEEDED_OF_A_REFUSAL
    if field.options and (needed or field.kind == "hidden"):
        return field.options[0]
    if not needed:
        return None
    match field.kind:
        case "date":
            return max(case.now.date(), case.dossier.due_on or case.now.date()) + FAR
        case "number":
            return 1
    # Of units and agencies one that is there: else every state would seem to allow what is refused for the code alone.
    held, today = case.dossier.held, local_day(case.now)
    codes = {
        "unit": (
            unit.code
            for office in case.offices.offices
            for unit in office.units
            if not held or unit.code != held.unit
        ),
        "agency": (agency.code for agency in case.offices.agencies),
    }
    known = case.offices.is_agency if field.name == "agency" else case.offices.is_unit
    if field.name in codes:
        return next((code for code in codes[field.name] if known(code, today)), "")
    return {"document": "1/QĐ-SXD"}.get(field.name, "somebody-else")


def _payments(case: Case, *, rest: bool) -> tuple[int, ...]:
    """The payments that cover the fee, or those of which the `rest` can be waived."""
    now = case.dossier.now
    asked = now.request.amount_vnd if isinstance(now, AwaitingPayment) else 0
    return tuple(
        each.sequence
        for each in unused_payments(case.dossier)
        if each.currency == "VND" and covers(each, asked) != rest
    )


def _awaited(case: Case) -> tuple[str, ...]:
    """The agencies whose opinion is awaited."""
    held = case.dossier.held
    return tuple(each.agency for each in held.opinions if each.answer is None) if held else ()


def _working_days(case: Case) -> tuple[date, ...]:
    """The next ones after today and after the due date, of which one may be promised."""
    today = local_day(case.now)
    since = max(today, case.dossier.due_on or today)
    return tuple(case.calendar.working_after(since, number) for number in (1, 2, 3))


def _disagreed(case: Case) -> bool:
    """Whether an agency is against what is asked for."""
    held = case.dossier.held
    return any(each.answer == "disagreed" for each in held.opinions) if held else False


def read(fields: Sequence[Field], form: Form) -> dict[str, Any]:
    """What was typed, as the act's body takes it; a number that is none stays a text, which the body refuses."""
    told: dict[str, Any] = {}
    for field in fields:
        typed = form.get(field.name)
        if field.kind == "papers":
            chosen = [(paper, form.get(f"paper-{paper}")) for paper in field.options]
            told["papers"] = [{"paper": paper, "fault": fault} for paper, fault in chosen if fault]
        elif field.kind == "hidden":
            if field.options:
                told[field.name] = field.options[0]
        elif typed:
            whole = field.kind == "number" or (field.options and isinstance(field.options[0], int))
            digits = typed.replace(".", "").replace(" ", "")
            told[field.name] = int(digits) if whole and WHOLE.fullmatch(digits) else typed
    return told


def led_to(case: Case, events: Sequence[Event]) -> Dossier:
    """The dossier as it would be."""
    dossier = case.dossier
    for event in events:
        dossier = evolve(dossier, event)
    return dossier
