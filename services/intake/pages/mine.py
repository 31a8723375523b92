"""The applicant's own dossiers: how far each is in one sentence, what to do until when, and the acts that are the applicant's.

What they show and do is what the JSON doors answer and take: the caller is the person's own portal identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, get_args
from uuid import UUID, uuid5

import orjson
import segno
from fastapi import Request
from fastapi.responses import Response

from contracts.intake import WithdrawalReason
from services.chassis.http.access import client_address, throttle
from services.chassis.http.limits import Buckets
from services.chassis.http.log_in_routes import Typed, add_page
from services.chassis.http.pages import Pages
from services.chassis.http.sessions import Visitor
from services.chassis.http.web import Application, Problem
from services.chassis.log.decider import Context
from services.chassis.process import logs
from services.intake import own_dossiers
from services.intake.act_routes import PROVIDER, Payment, check_signature, sign
from services.intake.acting import (
    PAYMENTS,
    Applicants,
    Known,
    bring,
    carry_out,
    find_for,
    key_of,
    take_payment,
)
from services.intake.dossier import PayFee, RequestWithdrawal
from services.intake.look_up import look_up
from services.intake.national import ENDED
from services.intake.own_dossiers import PAGE_ITEMS_MAX, OwnAsked
from services.intake.pages import drafts, uploaded, words
from services.intake.pages.about import named
from services.intake.pages.drafts import Drafting
from services.intake.pages.uploaded import Brought, brought
from services.intake.pages.visitors import Anybody, Applicant
from services.intake.papers.attached import listed, open_paper
from services.intake.papers.giving import given_out
from services.intake.shown import shown
from services.intake.submitting import content_bytes
from services.intake.usual import Usual

PUBLIC = {
    "/lookup": "who holds the receipt may see how far the dossier is; code and status only, rate-limited"
}
CODE_CHARACTERS = range(8, 61)
TEXT_CHARACTERS_MAX = 2_000


def add_own_pages(
    application: Application,
    pages: Pages,
    applicants: Applicants,
    lookups: Buckets,
    sandbox: bytes | None,
    drafting: Drafting,
) -> None:
    """Adds them. `sandbox` is the payment provider's secret where the demonstration's pays for it."""
    application.public |= PUBLIC
    intake, usual = applicants.intake, Usual(applicants.pool)
    uploads = intake.uploads
    assert uploads is not None

    async def dossiers(request: Request, visitor: Applicant) -> Response:
        """The latest first."""
        asked = OwnAsked(cursor=request.query_params.get("cursor", "")[:200], limit=PAGE_ITEMS_MAX)
        told = await own_dossiers.listed(applicants.pool, visitor.caller.actor, asked)
        mine = [each | {"name": named(each["procedure"])} for each in reversed(told["items"])]
        now, done = intake.clock(), words.DONE.get(request.query_params.get("done", ""))
        begun = [] if asked.cursor else [drafts.row(each, now) for each in await drafting.begun(visitor)]
        shown = {"mine": mine, "following": told["next"], "drafts": begun, "done": done, "words": words}
        return pages.show(request, "mine.html", **shown)

    async def opened(dossier_id: UUID, visitor: Visitor) -> tuple[Known, dict[str, Any]]:
        known = await find_for(applicants, dossier_id, visitor.caller)
        told = await shown(applicants, known, usual, with_words=True)
        deadline_on = told["deadline_on"]
        if isinstance(deadline_on, str):  # as the step that said it is kept
            told["deadline_on"] = date.fromisoformat(deadline_on)
        return known, told

    async def dossier(request: Request, dossier_id: UUID, visitor: Applicant) -> Response:
        """One sentence on top: what now, who must act, until when."""
        known, told = await opened(dossier_id, visitor)
        return pages.show(
            request,
            "own.html",
            papers=await listed(applicants.pool, dossier_id, known.own),
            told=told,
            name=named(told["procedure"]),
            sentence=words.RESULTS[told["result_delivery"] or "collected"]
            if told["status"] == "resolved"
            else words.SENTENCES[told["status"]],
            words=words,
            may_withdraw=told["status"] not in ENDED and told["status"] != "withdrawal_requested",
            may_supplement=bool(told["to_bring"]),
            may_pay=told["fee_vnd"] is not None and sandbox is not None,
            filed=bool(request.query_params.get("filed")),
            square=segno.make(f"{pages.origin}/lookup?code={dossier_id}").svg_data_uri(scale=4),
            done=words.DONE.get(request.query_params.get("done", "")),
        )

    async def form(request: Request, dossier_id: UUID, act: str, visitor: Applicant) -> Response:
        """What is brought, why it is withdrawn, what is paid."""
        _, told = await opened(dossier_id, visitor)
        return _form(request, told, act, {}, {})

    async def do(request: Request, dossier_id: UUID, act: str, visitor: Applicant, typed: Typed) -> Response:
        known, told = await opened(dossier_id, visitor)
        key = typed.key[:200] or "none"
        match act:
            case "supplement":
                files = await brought(uploads, visitor, typed)
                texts = {
                    str(each["paper"]): text
                    for each in told["to_bring"]
                    if (text := typed.get(f"paper-{each['paper']}")[:TEXT_CHARACTERS_MAX])
                }
                if not known.anything_asked or (not told["to_bring"] and not texts and not files):
                    raise Problem(409, "not-now")
                there = {*texts, *(str(each.place) for each in files)}
                faults = {
                    f"paper-{each['paper']}": words.FAULTS["missing"]
                    for each in told["to_bring"]
                    if str(each["paper"]) not in there
                } | {
                    name: words.FAULTS.get(code, words.OTHER_FAULT)
                    for name, code in uploaded.faults(typed).items()
                }
                if faults or typed.get("remove"):
                    shown = faults if not typed.get("remove") else {}
                    return _form(request, told, act, typed.values(), shown, 422 if shown else 200, files)
                content = content_bytes({"papers": texts})
                # A form that is sent twice brings its files twice, under other ids.
                raw = orjson.dumps([sorted(texts.items()), [[f.place, f.name, f.size] for f in files]])
                repeat = key_of(intake, dossier_id, visitor.caller, key, "supplement", raw)
                await bring(applicants, known, content, uploaded.filed(files), repeat, logs.trace.get())
            case "withdrawal":
                reason = typed.get("reason")
                if reason not in get_args(WithdrawalReason):
                    return _form(request, told, act, typed.values(), {"reason": words.FAULTS["missing"]}, 422)
                asked = RequestWithdrawal(reason, known.ended)  # type: ignore[arg-type]
                raw = orjson.dumps({"reason": reason})
                await _carry_out(known, asked, visitor, key, "withdrawal", raw)
            case "payment" if told["fee_vnd"] is not None and sandbox is not None:
                await _pay(known, told["fee_vnd"], sandbox)
            case _:
                raise Problem(
                    404 if act != "payment" else 409, "not-found" if act != "payment" else "not-now"
                )
        return pages.go(f"/dossiers/{dossier_id}?done={act}")

    async def _carry_out(
        known: Known, command: Any, visitor: Visitor, key: str, what: str, raw: bytes
    ) -> None:
        repeat = key_of(intake, known.dossier_id, visitor.caller, key, what, raw)
        await carry_out(applicants, known, command, repeat, logs.trace.get())

    async def _pay(known: Known, amount_vnd: int, secret: bytes) -> None:
        """As the provider would tell of it: one payment for each request, signed with its key, and checked as its are."""
        asked = max(step.sequence for step in known.steps if step.what == "FeeRequested")
        payment = Payment(
            id=f"sandbox-{known.dossier_id}-{asked}",
            dossier_id=known.dossier_id,
            amount=amount_vnd,
            paid_at=next(s.happened_at for s in known.steps if s.sequence == asked),
        )
        raw, now = payment.model_dump_json().encode(), intake.clock()
        timestamp = str(int(now.timestamp()))
        check_signature([secret], timestamp, sign(secret, timestamp, raw), raw, now)
        context = Context(uuid5(PAYMENTS, payment.id), PROVIDER, now, traceparent=logs.trace.get())
        command = PayFee(payment.amount, payment.currency, "online", known.ended)
        await take_payment(applicants, known, command, payment.id, intake.marks(raw), context)

    def _form(
        request: Request,
        told: dict[str, Any],
        act: str,
        typed: Any,
        faults: Any,
        status: int = 200,
        files: Sequence[Brought] = (),
    ) -> Response:
        templates = {
            "supplement": "supplement.html",
            "withdrawal": "withdrawal.html",
            "payment": "payment.html",
        }
        if act not in templates:
            raise Problem(404, "not-found")
        possible = {
            "supplement": bool(told["to_bring"]),
            "withdrawal": told["status"] not in ENDED and told["status"] != "withdrawal_requested",
            "payment": told["fee_vnd"] is not None and sandbox is not None,
        }
        if not possible[act]:
            raise Problem(409, "not-now")
        return pages.show(
            request,
            templates[act],
            status,
            with_script=act == "supplement",
            told=told,
            typed=typed,
            faults=faults,
            words=words,
            files=files,
            scans=bool(uploads.clamd),
        )

    async def paper(dossier_id: UUID, file_id: UUID, visitor: Applicant) -> Response:
        """One of the papers of a dossier, to be saved."""
        known = await find_for(applicants, dossier_id, visitor.caller)
        return given_out(await open_paper(uploads, dossier_id, file_id, known.own))

    async def how_far(request: Request, _: Anybody) -> Response:
        """By the code of a receipt or the official one, without an account: how far it is, and nothing else."""
        code, found, unknown = request.query_params.get("code", "").strip(), None, False
        if code:
            throttle(lookups, client_address(request), "lookup")
            found = await look_up(applicants.pool, code) if len(code) in CODE_CHARACTERS else None
            unknown = found is None
        return pages.show(request, "lookup.html", code=code[:60], found=found, unknown=unknown, words=words)

    add_page(application, "GET", "/lookup", how_far)
    add_page(application, "GET", "/dossiers", dossiers)
    add_page(application, "GET", "/dossiers/{dossier_id}", dossier)
    add_page(application, "GET", "/dossiers/{dossier_id}/{act}", form)
    add_page(application, "POST", "/dossiers/{dossier_id}/{act}", do, brings_files=True)
    add_page(application, "GET", "/dossiers/{dossier_id}/papers/{file_id}", paper)
