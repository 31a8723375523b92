"""The pages of one dossier: what it is and what was done, why it is due that day, and each act as a small form.

Promises that an act is told with its consequence before it is done, that it is done by the same function as over the JSON door, and
that a page which others have overtaken says what they did and keeps what was typed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response
from pydantic import ValidationError

from contracts.catalogue.offices import Names
from contracts.catalogue.procedure import Version
from contracts.processing_words import REFUSALS
from services.chassis.http.forms import Form
from services.chassis.http.log_in_routes import Typed, add_page
from services.chassis.http.pages import Pages
from services.chassis.http.problems import rule
from services.chassis.http.sessions import Visitor
from services.chassis.http.web import Application, Problem
from services.chassis.log.decider import Rejected, Stale
from services.chassis.log.event_store import StoredEvent
from services.chassis.process import logs
from services.processing.clock.working_days import local_day
from services.processing.desk import rights
from services.processing.desk.at_intake import Purpose
from services.processing.desk.carry_out import UNKNOWN, Desk, carry_out, code_of, event_of, reached_from
from services.processing.dossier import explanation
from services.processing.dossier.asked import version_of
from services.processing.dossier.decide import BY_NAME, FAULTS
from services.processing.dossier.history import fold
from services.processing.dossier.payments import weigh
from services.processing.dossier.reversal import proposal_of
from services.processing.pages import act_words, forms, words
from services.processing.pages.act_forms import Case, Possible, led_to, possible, possible_act, read
from services.processing.pages.beside import changes, facts
from services.processing.pages.drawing import KINDS
from services.processing.pages.history import acts, happened, said, subject_of
from services.processing.pages.people import open_paper, read_person
from services.processing.pages.shown import Officer, filled_in, place_name, procedure_name

VERSION = re.compile(r"[0-9]{1,9}", re.ASCII)


class Opened(NamedTuple):
    """A dossier before the officer who looks at it."""

    case: Case
    history: Sequence[StoredEvent]
    names: Mapping[str, str]
    """Of who has it and of those who acted, as far as they are known."""

    @property
    def version(self) -> int:
        return len(self.history)


async def opened(desk: Desk, dossier_id: UUID, visitor: Visitor) -> Opened:
    """The dossier for who may see it; Problem 404, the same whether it is not there or not theirs."""
    now = desk.clock()
    desk.officers.met(visitor.caller, visitor.identity.name)
    known = await desk.known.get((dossier_id, visitor.caller.subject, local_day(now)))
    if known is None or not rights.may_see(visitor.caller, known.row.office, known.row.unit):
        raise Problem(404, UNKNOWN.code, denied=known is not None)
    history = await desk.store.load(dossier_id)
    dossier = fold(known.filing, [event_of(stored) for stored in history], known.heard)
    unit = reached_from(known.row.unit, visitor.caller, desk.offices, local_day(now))
    colleagues = await desk.officers.of(unit, local_day(now)) if unit else {}
    case = Case(visitor.caller, known, dossier, desk.calendar, now, desk.offices, colleagues)
    names = await desk.officers.names([known.row.officer, *map(subject_of, history)])
    return Opened(case, history, names)


def add_dossier_pages(application: Application, pages: Pages, desk: Desk, names: Names) -> None:
    """Adds them. `names` are those of offices, units and agencies."""

    async def dossier(request: Request, dossier_id: UUID, visitor: Officer) -> Response:
        """Everything about one dossier; the person behind it only when asked for, for that is written down."""
        found = await opened(desk, dossier_id, visitor)
        row, case = found.case.known.row, found.case
        person, unread = None, ""
        if request.query_params.get("people"):
            person, unread = await read_person(desk.intake, dossier_id, visitor, purpose_of(case))
        state, colour = words.STATUSES[case.dossier.status]
        return pages.show(
            request,
            "dossier.html",
            dossier_id=dossier_id,
            name=procedure_name(row.procedure),
            code=code_of(case.known.filing, [event_of(each) for each in found.history], found.history),
            row=row,
            words=words,
            act_words=act_words,
            dossier=case.dossier,
            state=state,
            colour=colour,
            facts=facts(case),
            officer_name=found.names.get(row.officer or ""),
            called=partial(place_name, names, lang=pages.lang(request)),
            payments=weigh(case.dossier),
            acts=[(each.name, *act_words.ACTS[each.name]) for each in possible(case)],
            forms=[(name, forms.NAMES[name]) for name in forms.available(_standing(found))],
            waits=proposal_of(case.dossier.acts) is not None,
            happened=happened(found.history, found.case.dossier, found.names),
            done=act_words.ACTS.get(request.query_params.get("done", "")),
            due=explanation.due_date_of(dossier_id, case.dossier, local_day(case.now), case.calendar),
            person=person,
            listed=terms.papers if isinstance(terms := version_of(case.known.filing), Version) else (),
            content=filled_in(case.known.filing, (person or {}).get("content") or {}, pages.lang(request)),
            unread=unread,
            said=said(found.history, person),
            drawn_kinds=KINDS,
        )

    async def paper(request: Request, dossier_id: UUID, file_id: UUID, visitor: Officer) -> Response:
        """One of its papers, to be saved; whoever opens it is written down as a reader of the person."""
        found = await opened(desk, dossier_id, visitor)
        given, unread = await open_paper(desk.intake, dossier_id, file_id, visitor, purpose_of(found.case))
        if given is None:
            return pages.show(request, "problem.html", 503, text=unread, code="paper-unread")
        return given

    async def act(request: Request, dossier_id: UUID, act: str, visitor: Officer) -> Response:
        """The act's form; one that asks nothing goes on to its consequence at once."""
        found = await opened(desk, dossier_id, visitor)
        doable = _doable(found, act)
        if not any(field.kind != "hidden" for field in doable.fields):
            return _checked(request, dossier_id, found, doable, Form([]), found.version)
        return _form(request, dossier_id, found, doable, {}, {}, found.version)

    async def do(request: Request, dossier_id: UUID, act: str, visitor: Officer, form: Typed) -> Response:
        """First shows the consequence, then, once that was confirmed, does it."""
        found = await opened(desk, dossier_id, visitor)
        version = int(form.get("version")) if VERSION.fullmatch(form.get("version")) else -1
        if act not in BY_NAME or not 0 <= version <= found.version:
            raise Problem(404, "not-found")
        if not form.get("confirmed"):
            doable = _doable(found, act)
            if version != found.version:
                return _form(request, dossier_id, found, doable, form.values(), {}, version)
            return _checked(request, dossier_id, found, doable, form, version)
        # Whether it can be done now is asked of the log alone: sent again, it gets its first answer, whatever came since.
        row, body = BY_NAME[act], BY_NAME[act].body
        assert body is not None
        doable = possible_act(found.case, act) or Possible(act, row, ())
        try:
            asked = body.model_validate_json(form.get("asked"))
        except ValidationError:
            return _form(request, dossier_id, found, doable, {}, {}, found.version)
        key, token = form.key[:200] or "none", visitor.identity.access_token
        done = await carry_out(
            desk, dossier_id, visitor.caller, row, asked, key, version, logs.trace.get(), token
        )
        if isinstance(done, Stale):
            return _form(request, dossier_id, found, doable, form.values(), {}, version, 412)
        if isinstance(done, Rejected):
            return _form(request, dossier_id, found, doable, form.values(), _refused(done), version, 422)
        return pages.go(f"/dossiers/{dossier_id}?done={act}")

    def _doable(found: Opened, name: str) -> Possible:
        if name not in BY_NAME:
            raise Problem(404, "not-found")
        doable = possible_act(found.case, name)
        if doable is None:
            raise Problem(409, "not-now")
        return doable

    def _checked(
        request: Request, dossier_id: UUID, found: Opened, doable: Possible, form: Form, version: int
    ) -> Response:
        """What the act would lead to, said before it is done."""
        told = read(doable.fields, form)
        assert doable.act.body is not None
        try:
            asked = doable.act.body.model_validate(told)
        except ValidationError as error:
            return _form(request, dossier_id, found, doable, form.values(), _faults(error), version, 422)
        decided = found.case.decided(doable.act, asked)
        if isinstance(decided, Rejected):
            return _form(request, dossier_id, found, doable, form.values(), _refused(decided), version, 422)
        return pages.show(
            request,
            "act_check.html",
            dossier_id=dossier_id,
            act=doable.name,
            said=act_words.ACTS[doable.name],
            asked=asked.model_dump_json(),
            words=getattr(asked, "words", None),
            typed=[(name, value) for name, value in form.typed() if name != "version"],
            changes=changes(found.case, led_to(found.case, decided), names, pages.lang(request)),
            version=version,
            form_key=form.key,
        )

    def _form(
        request: Request,
        dossier_id: UUID,
        found: Opened,
        doable: Possible,
        typed: Mapping[str, str],
        faults: Mapping[str, tuple[str, str]],
        version: int,
        status: int = 200,
    ) -> Response:
        """The form with what was typed; `version` is what the person saw, and what came since is told."""
        terms = version_of(found.case.known.filing)
        return pages.show(
            request,
            "act.html",
            status,
            dossier_id=dossier_id,
            act=doable.name,
            said=act_words.ACTS[doable.name],
            fields=doable.fields,
            words=act_words,
            called=partial(place_name, names, lang=pages.lang(request)),
            papers=terms.papers if isinstance(terms, Version) else (),
            colleagues=found.case.colleagues,
            refusals=REFUSALS,
            payments={each.sequence: each for each in found.case.dossier.heard},
            units=[unit for unit in (found.case.caller.unit,) if unit],
            typed=typed,
            faults=faults,
            version=found.version,
            news=acts(found.history, found.case.dossier, found.names)[version:],
        )

    add_page(application, "GET", "/dossiers/{dossier_id}", dossier)
    add_page(application, "GET", "/dossiers/{dossier_id}/{act}", act)
    add_page(application, "GET", "/dossiers/{dossier_id}/papers/{file_id}", paper)
    add_page(application, "POST", "/dossiers/{dossier_id}/{act}", do)


def _standing(found: Opened) -> list[forms.Act]:
    events = [event_of(stored) for stored in found.history]
    return forms.standing(events, [stored.occurred_at for stored in found.history])


def purpose_of(case: Case) -> Purpose:
    """Why the person behind a dossier is read: for its reception or its processing."""
    return "reception" if case.dossier.held is None else "processing"


def _faults(error: ValidationError) -> Mapping[str, tuple[str, str]]:
    """What is wrong with each field: a text of the catalogue, and the field that it speaks of."""
    found: dict[str, tuple[str, str]] = {}
    for fault in error.errors(include_input=False, include_url=False):
        name = str(fault["loc"][0]) if fault["loc"] else ""
        found.setdefault(name, (act_words.FAULTS.get(rule(fault), act_words.OTHER_FAULT), name))
    return found


def _refused(refusal: Rejected) -> Mapping[str, tuple[str, str]]:
    """A refusal as the fault of its field, or of none."""
    return {FAULTS.get(refusal.code, ""): (act_words.REFUSALS.get(refusal.code, words.REFUSED), "")}
