"""An officer's words from the desk to the applicant, with intake and processing as they ask each other: at the doors and on the pages,
and with whatever may happen between two lines."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from contracts.catalogue.refusals import REFUSALS
from contracts.envelope import json_object
from services.chassis.http.access import token_in
from services.chassis.http.tokens import Caller
from services.intake.papers.attached import destroy
from services.intake.people.store import CONTACTS
from services.processing.clock.working_days import local_day
from services.processing.desk.at_intake import AtIntake
from services.processing.desk.carry_out import carry_out
from services.processing.dossier.decide import BY_NAME
from tests.pages.saying import PAPERS, WORDS, do, follow, kept, named
from tests.pages.test_applicant import file as file_by_page
from tests.pages.test_officer import file
from tests.pages.town import Town, Visitor
from tests.processing.conftest import (
    DESK,
    HANDLER,
    IMPORTER,
    OFFICER,
    STRANGER,
    SUPERVISOR,
)
from tests.processing.examples import UNIT

Visit = Callable[[str], Visitor]


@pytest.fixture
async def filed(town: Town) -> UUID:
    return await file(town)


async def test_an_applicant_reads_what_the_officer_said(town: Town, visit: Visit) -> None:
    """Asked for by pages alone: typed, shown before it is sent, and read by the applicant; by the officer only where it is written down."""
    applicant, desk = visit("intake"), visit("processing")
    await applicant.log_in("nguoi-nop-1")
    await desk.log_in("mot-cua")
    dossier_id = await file_by_page(applicant)
    await town.tell()
    path = f"/dossiers/{dossier_id}/request-supplement"
    form = await desk.get(path)
    assert '<textarea class="govuk-textarea" id="words"' in form.text
    refused = await desk.send(form, path, words="xem nop-phi.vn", **{"paper-1": "not_signed"})
    assert refused.status_code == 422 and "không ghi địa chỉ trang mạng" in refused.text
    assert ">xem nop-phi.vn</textarea>" in refused.text, "what was typed stays"
    check = await desk.send(form, path, words=WORDS.replace("\n", "\r\n"), **{"paper-1": "not_signed"})
    assert (
        f'<p class="govuk-inset-text words">{WORDS}</p>' in check.text and await kept(town, dossier_id) == 0
    )
    for _ in range(2):  # a double click
        assert (await desk.send(check, path)).status_code == 303
    assert await kept(town, dossier_id) == 1
    await town.tell_intake()
    page = await applicant.get(f"/dossiers/{dossier_id}")
    assert "Nội dung cụ thể do cán bộ ghi" in page.text and WORDS in page.text
    plain = await desk.get(f"/dossiers/{dossier_id}")
    assert WORDS not in plain.text and "Đọc nội dung cụ thể" in plain.text
    assert WORDS in (await desk.get(f"/dossiers/{dossier_id}?people=1")).text
    reads = await town.intake_pool.fetch(
        "SELECT * FROM people_reads('H29.015.00', NULL, $1, NULL, NULL, 1000000, 9)", dossier_id
    )
    assert [(row["actor"], row["purpose"]) for row in reads] == [("officer/mot-cua", "reception")]


async def test_each_act_says_its_words(town: Town) -> None:
    """A request, a refusal at the desk, a stop, a refusal on the merits."""
    asked, rejected, stopped, refused = [await file(town) for _ in range(4)]
    bodies = {
        asked: ("request-supplement", PAPERS),
        rejected: ("reject", {"reason": "not_eligible"}),
        stopped: ("stop", {"reason": "not_competent"}),
        refused: (
            "resolve",
            {"outcome": "refused", "refusal_reason": "conditions_not_met", "document": "1/SXD"},
        ),
    }
    for dossier_id in (stopped, refused):
        assert (await do(town, dossier_id, "accept", {"unit": UNIT})).status_code == 200
    step = {"unit": UNIT, "step": "ky_duyet"}
    assert (await do(town, refused, "forward", step, version=1)).status_code == 200
    for dossier_id, version in ((asked, 0), (rejected, 0), (stopped, 1), (refused, 2)):
        name, body = bodies[dossier_id]
        if dossier_id == refused:
            reason = await refusal_of(town, refused)
            body = body | {"refusal_reason": reason}
        answer = await do(town, dossier_id, name, body | {"words": f"{WORDS} {name}"}, version=version)
        assert answer.status_code == 200, answer.text
        seen = await follow(town, dossier_id)
        assert seen["words"] == f"{WORDS} {name}" == seen["history"][-1]["words"]
    granted = await do(town, refused, "resolve", {"outcome": "granted", "words": WORDS}, version=3)
    assert (granted.status_code, granted.json()["code"], granted.json()["field"]) == (
        422,
        "words-not-taken",
        "words",
    )


async def refusal_of(town: Town, dossier_id: UUID) -> str:
    known = await town.house.desk.known.get((dossier_id, "an", local_day(town.house.clock.now)))
    assert known is not None
    return REFUSALS.of(known.filing.procedure)[0]


async def test_an_act_without_words_is_as_it_was(town: Town, filed: UUID) -> None:
    assert (await do(town, filed, "request-supplement", PAPERS)).status_code == 200
    assert await named(town, filed) == [None] and await kept(town, filed) == 0
    assert (await follow(town, filed))["words"] is None


async def test_words_of_a_refused_act_are_not_kept(town: Town, filed: UUID) -> None:
    """Whoever may not act, acts on what is no more so, or asks for what cannot be, leaves nothing."""
    body = {"reason": "not_eligible", "words": WORDS}
    for by, version, status in ((STRANGER, 0, 404), (HANDLER, 0, 404), (OFFICER, 3, 412), (IMPORTER, 0, 403)):
        assert (await do(town, filed, "reject", body, by=by, version=version)).status_code == status
    wrong = await do(town, filed, "stop", {"reason": "not_competent", "words": WORDS})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "not-while-submitted")
    unit = ("officer", "of-the-unit", "", UNIT)
    assert (await do(town, filed, "accept", {"unit": UNIT})).status_code == 200
    other = await do(town, filed, "request-supplement", PAPERS | {"words": WORDS}, by=DESK, version=1)
    assert (other.status_code, other.json()["code"]) == (403, "not-the-holder")
    assert await kept(town, filed) == 0
    # An officer of the unit alone may act, once intake has heard that the unit has it; before that, nothing is recorded.
    stop = {"reason": "not_competent", "words": WORDS}
    early = await do(town, filed, "stop", stop, by=unit, version=1, key="once")
    assert (early.status_code, early.json()["code"]) == (503, "words-not-kept")
    await town.tell_intake()
    assert (await do(town, filed, "stop", stop, by=unit, version=1, key="once")).status_code == 200


async def test_a_key_is_good_for_one_text(town: Town, filed: UUID) -> None:
    body = PAPERS | {"words": WORDS}
    first = await do(town, filed, "request-supplement", body, key="k1")
    assert (await do(town, filed, "request-supplement", body, key="k1")).json() == first.json()
    for other in (PAPERS | {"words": "Khác."}, PAPERS):
        answer = await do(town, filed, "request-supplement", other, key="k1")
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused"), other
    assert len(await named(town, filed)) == 1
    # Said once more without words, as by a client that knows of none, it is already so.
    again = await do(town, filed, "request-supplement", PAPERS, version=1)
    assert (again.status_code, again.json()["version"]) == (200, 1)
    other = await do(town, filed, "request-supplement", PAPERS | {"words": "Khác."}, version=1)
    assert (other.status_code, other.json()["code"]) == (409, "not-while-supplement-requested")
    assert await kept(town, filed) == 1


class Dying(AtIntake):
    """A process that ends as soon as intake has answered."""

    async def ask_whole(self, method: str, path: str, token: str, **request: Any) -> tuple[int, Any]:
        await super().ask_whole(method, path, token, **request)
        raise asyncio.CancelledError


async def test_a_process_that_dies_before_the_act_leaves_words_that_nobody_reads(
    town: Town, filed: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"reason": "not_eligible", "words": WORDS}
    with monkeypatch.context() as dying:
        dying.setattr(town.house.desk, "intake", Dying(town.intake))
        with pytest.raises(asyncio.CancelledError):
            await carry(town, filed, body, "k1")
    assert await kept(town, filed) == 1 and await named(town, filed) == []
    assert (await follow(town, filed))["words"] is None
    # Sent again, the act is recorded with the words that were kept.
    assert (await do(town, filed, "reject", body, key="k1")).status_code == 200
    assert await kept(town, filed) == 1 and (await follow(town, filed))["words"] == WORDS


async def carry(town: Town, dossier_id: UUID, body: dict[str, Any], key: str) -> Any:
    """The act without a server in between, which would answer for a process that dies."""
    token = token_in({b"authorization": town.house.headers(OFFICER)["authorization"].encode()})
    role, subject, office, unit = OFFICER
    asked = BY_NAME["reject"].body
    assert asked is not None
    return await carry_out(
        town.house.desk, dossier_id, Caller(subject, role, unit, office), BY_NAME["reject"],
        asked.model_validate(body), key, 0, "", token,
    )  # fmt: skip


async def test_of_two_officers_at_once_one_is_heard(town: Town, filed: UUID) -> None:
    words = {OFFICER: "Lời của người thứ nhất.", DESK: "Lời của người thứ hai."}
    answers = await asyncio.gather(
        *(
            do(town, filed, "reject", {"reason": "not_eligible", "words": said}, by=by)
            for by, said in words.items()
        )
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 409], [200, 412])
    won = next(
        said for said, answer in zip(words.values(), answers, strict=True) if answer.status_code == 200
    )
    assert (await follow(town, filed))["words"] == won and len(await named(town, filed)) == 1


async def test_what_is_erased_is_told_nothing_more(town: Town, filed: UUID) -> None:
    assert (
        await do(town, filed, "request-supplement", PAPERS | {"words": WORDS}, key="k1")
    ).status_code == 200
    await destroy(town.intake_pool, filed, "operator/o", "by order 7")
    assert (await follow(town, filed))["words"] is None
    assert (
        await do(town, filed, "request-supplement", PAPERS | {"words": WORDS}, key="k1")
    ).status_code == 200
    other = await file(town)
    await town.intake_pool.execute("INSERT INTO dossier_keys (dossier_id) VALUES ($1)", other)
    answer = await do(town, other, "reject", {"reason": "not_eligible", "words": WORDS})
    assert (answer.status_code, answer.json()["code"]) == (409, "words-erased")


async def test_words_of_a_reversed_act_are_not_shown(town: Town, visit: Visit, filed: UUID) -> None:
    assert (await do(town, filed, "accept", {"unit": UNIT})).status_code == 200
    body = PAPERS | {"words": WORDS}
    assert (await do(town, filed, "request-supplement", body, version=1)).status_code == 200
    slip = f"/v1/dossiers/{filed}/control-slip"
    (unread,) = (await town.house.get(slip)).json()["words"]
    assert (unread["event"], unread["sequence"], unread["words"]) == ("SupplementRequested", 2, None)
    (read,) = (await town.house.get(f"{slip}?purpose=processing")).json()["words"]
    assert read["words"] == WORDS
    assert (await town.house.get(f"{slip}?purpose=curiosity")).status_code == 422
    back = {"sequence": 2, "reason": "wrong_data", "document": "1/QĐ-SXD"}
    answer = await do(town, filed, "reverse", back, by=SUPERVISOR, version=2)
    assert answer.status_code == 200, answer.text
    assert (await town.house.get(f"{slip}?purpose=processing")).json()["words"] == []
    seen = await follow(town, filed)
    assert seen["words"] is None and {each["words"] for each in seen["history"]} == {None}
    desk = visit("processing")
    await desk.log_in("mot-cua")
    assert WORDS not in (await desk.get(f"/dossiers/{filed}?people=1")).text


async def test_words_stand_in_nothing_of_processings(
    town: Town, filed: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither in its tables, nor in its log, nor in what it publishes."""
    planted = "Từ-gieo-ở-đây"
    with caplog.at_level(logging.DEBUG):
        for key, body in (
            ("a", {"reason": "no such"}),
            ("b", {"reason": "not_eligible"}),
            ("b", {"reason": "duplicate"}),
        ):
            answer = await do(town, filed, "reject", body | {"words": planted}, key=key)
            assert planted not in answer.text
        await do(town, filed, "reject", {"reason": "not_eligible", "words": f"{planted} a.vn"})
    tables = await town.house.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    written = "".join(record.getMessage() + str(vars(record)) for record in caplog.records)
    owner = await town.house.owner()
    try:
        for (table,) in tables:
            written += str([row[0] for row in await owner.fetch(f"SELECT t::text FROM {table} t")])
    finally:
        await owner.close()
    (name,) = await named(town, filed)
    assert name is not None and name in written and planted not in written
    metrics = await town.house.client.get("/metrics")
    assert planted not in metrics.text
    assert {planted} <= {
        words
        for _, message in await CONTACTS.read(town.intake_pool, 0, 1_000)
        if message.value
        for words in json_object(message.value).get("words", {}).values()
    }
