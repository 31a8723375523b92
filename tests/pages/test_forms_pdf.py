"""The forms of a dossier: which there are after which act, under which number, and what stands on them."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from pypdf import PdfReader

from services.processing.clock.working_days import ZONE, shipped
from services.processing.desk.control_slip import Act, slip_of
from services.processing.desk.control_slip_terms import step_terms
from services.processing.dossier.events import (
    ApologyIssued,
    DossierRejected,
    Event,
    Paper,
    ProcessingStopped,
    SupplementRequested,
)
from services.processing.dossier.reversal_events import DossierReversed
from services.processing.pages import forms
from tests.pages.test_officer import act, file
from tests.pages.town import Town, Visitor
from tests.processing.examples import ACCEPTED, FILING, OFFICE, UNIT

Visit = Callable[[str], Visitor]
DAY = date(2023, 3, 7)
ASKED = SupplementRequested(
    DAY, 1, (Paper(1, "missing"),), DAY + timedelta(days=20), "restart", "paused", False, None
)
STOPPED = ProcessingStopped(DAY, "not_supplemented", None)
APOLOGY = ApologyIssued(DAY, "workload", DAY + timedelta(days=40), True)


def told(*events: Event, on: date = DAY) -> forms.Told:
    at = datetime(on.year, on.month, on.day, 9, 30, tzinfo=ZONE)
    acts = forms.standing(events, [at] * len(events))
    person = {
        **dict.fromkeys(("phone", "email", "owner")),
        "name": "Nguyễn Văn Thử",
        "identifier_kind": "cccd",
        "identifier_number": "097090123456",
    }
    names = {OFFICE: ("Sở Xây dựng", ""), UNIT: ("Phòng Quản lý xây dựng", "")}
    return forms.Told(FILING, "H29.015.00-230307-0001", acts, person, None, names, on)


def test_a_dossier_has_the_forms_of_its_acts() -> None:
    for events, names in (
        ((), []),
        ((ACCEPTED,), ["receipt"]),
        ((DossierRejected(DAY, "duplicate"),), ["refusal"]),
        ((ACCEPTED, ASKED, APOLOGY, STOPPED), ["receipt", "supplement", "apology", "stop"]),
        (
            (
                ACCEPTED,
                DossierReversed(DAY, 1, "DossierAccepted", "wrong_decision", "1/QĐ", "submitted", None),
            ),
            [],
        ),
    ):
        assert list(forms.available(told(*events).acts)) == [*names, "control-slip"]


def test_a_form_says_the_officers_words() -> None:
    for name, event in (
        ("supplement", ASKED),
        ("refusal", DossierRejected(DAY, "duplicate")),
        ("stop", STOPPED),
    ):
        known = told(replace(event, words="a" * 64))
        kept = [
            {"commitment": "a" * 64, "words": "Thiếu chữ ký."},
            {"commitment": "b" * 64, "words": "Khác."},
        ]
        said = forms.form_of(name, known._replace(person={**(known.person or {}), "words": kept}))
        assert ("Nội dung cụ thể", "Thiếu chữ ký.") in said["lines"] and "Khác." not in str(said)
        assert "Nội dung cụ thể" not in str(forms.form_of(name, told(event)))


def test_forms_bear_the_number_of_their_day() -> None:
    for name, event, before, since in (
        ("receipt", ACCEPTED, "Mẫu số 01", "Mẫu số 01"),
        ("supplement", ASKED, "Mẫu số 02", "Mẫu số 02"),
        ("refusal", DossierRejected(DAY, "duplicate"), "Mẫu số 03", "Mẫu số 03"),
        ("apology", APOLOGY, "Mẫu số 04", "Mẫu số 04"),
        ("stop", STOPPED, "", "Mẫu số 05"),
    ):
        for day, number in ((date(2025, 9, 14), before), (date(2025, 9, 15), since)):
            said = forms.form_of(name, told(event, on=day))
            assert said is not None and said["form"] == number
    for day, number in ((date(2025, 9, 12), "05"), (date(2025, 9, 15), "06")):
        at = datetime(day.year, day.month, day.day, 9, tzinfo=ZONE)
        events = [replace(ACCEPTED, on=day)]
        slip = slip_of(
            FILING._replace(submitted_at=at),
            [Act(events[0], at, "officer/an")],
            step_terms(FILING, events),
            shipped(),
            at,
        )
        assert forms.control_slip(told(*events, on=day), slip)["form"] == f"Mẫu số {number}"


async def test_the_forms_of_a_dossier_are_printed(town: Town, visit: Visit) -> None:
    desk, stranger = visit("processing"), visit("processing")
    await desk.log_in("chuyen-vien-1")
    dossier = await file(town)

    async def text_of(name: str) -> str:
        answer = await desk.get(f"/dossiers/{dossier}/forms/{name}")
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["content-disposition"].startswith("attachment")
        return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)

    assert (await desk.get(f"/dossiers/{dossier}/forms/receipt")).status_code == 404
    await act(desk, dossier, "accept", unit=UNIT)
    page = (await desk.get(f"/dossiers/{dossier}")).text
    assert f"/dossiers/{dossier}/forms/receipt" in page and f"/dossiers/{dossier}/forms/stop" not in page
    receipt = await text_of("receipt")
    for said in ("GIẤY TIẾP NHẬN", "Nguyễn Văn Thử", "097090123456", "Mẫu số 01", "H29.015.00-"):
        assert said in receipt, receipt
    await act(desk, dossier, "request-supplement", **{"paper-1": "missing"})
    assert "Còn thiếu" in await text_of("supplement")
    slip = await text_of("control-slip")
    assert "PHIẾU KIỂM SOÁT" in slip and "Mẫu số 06" in slip and "Nguyễn Văn Thử" not in slip
    for other in ("x", "apology"):
        assert (await desk.get(f"/dossiers/{dossier}/forms/{other}")).status_code == 404
    await stranger.log_in("mot-cua")
    assert (await stranger.get(f"/dossiers/{UUID(int=1)}/forms/receipt")).status_code == 404
