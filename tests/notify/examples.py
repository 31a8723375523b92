"""Events as notify hears them, and the time at which the tests take place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from contracts.catalogue.offices import load
from contracts.sealed import seal
from services.chassis.kafka.ordering import Delivered
from services.notify.incoming import APPLIED
from services.notify.incoming import facts as facts_of
from services.notify.wording.texts import Texts, Told

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
CODE_KEY = bytes(range(64))
CODE = "H29.015.00-261120-0007"
FILER = "portal/test"
NAMES = {"1.009982": ("Cấp chứng chỉ hành nghề lần đầu", "First practising certificate")}
DATA: dict[str, dict[str, Any]] = {
    "DossierSubmitted": {"procedure": "1.009982", "office": "H29.015.00", "channel": "online"},
    "SubmissionCorrected": {
        "submitted_at": "2023-01-05T20:00:00+00:00",
        "procedure": "1.009983",
        "channel": "postal",
        "office": "H29.016.00",
        "reason": "wrong_data",
        "document": "12/QĐ-SXD",
    },
    "DossierAccepted": {"due_on": "2026-12-10", "level": "full"},
    "DossierRejected": {"reason": "incomplete"},
    "DossierForwarded": {"unit": "H29.015.00/QLXD", "step": "tham_tra"},
    "DossierResolved": {"outcome": "granted", "due_on": "2026-12-10", "late_reason": None},
    "ResultReturned": {"method": "postal"},
    "ProcessingStopped": {"reason": "not_competent", "due_on": "2026-12-10"},
    "ApologyIssued": {"reason": "workload", "appointment_on": "2026-12-17", "in_time": True},
    "ResultCorrected": {"reason": "clerical_error", "document": "1234/QĐ-SXD"},
    "SupplementRequested": {
        "papers": [{"paper": 1, "fault": "missing"}, {"paper": 9, "fault": "not_signed"}],
        "deadline_on": "2026-12-18",
        "clock": "paused",
        "due_on": None,
    },
    "SupplementAccepted": {"status": "accepted", "due_on": "2026-12-14"},
    "SupplementLapsed": {"deadline_on": "2026-12-18"},
    "FeeRequested": {"amount_vnd": 300_000, "deadline_on": "2026-12-18", "clock": "paused", "due_on": None},
    "FeeConfirmed": {"payment": 2, "status": "accepted", "due_on": "2026-12-14"},
    "FeeWaived": {"reason": "poor_household", "status": "accepted", "due_on": "2026-12-14"},
    "OpinionRequested": {"agency": "H29.020.00", "answer_by": "2026-11-25"},
    "OpinionGiven": {"agency": "H29.020.00", "opinion": "agreed"},
    "ConsentDeemed": {"agency": "H29.020.00"},
    "DueDateChanged": {
        "old_due_on": "2026-12-10",
        "due_on": "2026-12-11",
        "days": ["2026-12-01", "2026-12-02"],
    },
    "DueDateExtended": {"reason": "site_check", "amount": 5, "due_on": "2026-12-17"},
    "DeadlineChanged": {
        "asked": "supplement",
        "request": 2,
        "old_deadline_on": "2026-12-18",
        "deadline_on": "2026-12-21",
        "days": ["2026-12-01", "2026-12-02"],
    },
    "OpinionDeadlineChanged": {
        "agency": "H29.020.00",
        "old_answer_by": "2026-11-25",
        "answer_by": "2026-11-26",
        "days": ["2026-11-25"],
    },
    "DossierWithdrawn": {"request": 2, "due_on": "2026-12-10"},
    "WithdrawalRefused": {"request": 2, "reason": "others_concerned", "status": "in_processing"},
    "DossierHandedOver": {"unit": "H29.015.00/QLXD", "how": "transferred"},
    "DossierReversed": {
        "sequence": 1,
        "event": "DossierAccepted",
        "reason": "wrong_decision",
        "document": "1234/QĐ-SXD",
        "status": "submitted",
        "due_on": None,
    },
    "SupplementProvided": {"request": 2},
    "WithdrawalRequested": {"reason": "no_longer_needed"},
    "FeePaid": {"amount": 300_000, "currency": "VND", "method": "online"},
}
OF_INTAKE = ("DossierSubmitted", "SupplementProvided", "WithdrawalRequested", "FeePaid")


def texts() -> Texts:
    return Texts(code_keys=(CODE_KEY,), procedures=NAMES, register=load())


class Clock:
    """Time that stands until a test moves it."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **amount: float) -> None:
        self.now += timedelta(**amount)


class Life:
    """The events of one dossier, one after the other."""

    def __init__(self, *, dossier_id: UUID | None = None, applicant_id: UUID | None = None) -> None:
        self.dossier_id = dossier_id or uuid7()
        self.applicant_id = applicant_id or uuid7()
        self.change = 1
        self._sequences = {"intake": 0, "processing": 0}

    def hears(self, about: str, *, recorded_at: datetime = NOW, origin: str | None = None) -> Delivered:
        """The dossier's next event, recorded then."""
        source = "intake" if about in OF_INTAKE else "processing"
        self._sequences[source] += 1
        name = f"{about}.v1"
        data = dict(DATA[about])
        if about == "DossierSubmitted":
            data |= {"applicant_id": self.applicant_id, "contact_change": self.change}
            data["sealed_filer"] = seal(CODE_KEY, FILER, self.dossier_id)
        if about == "DossierAccepted":
            data["sealed_code"] = seal(CODE_KEY, CODE, self.dossier_id)
        return Delivered(
            topic="dossiers",
            partition=0,
            offset=0,
            id=uuid7(),
            source=source,
            type=name,
            stream_id=self.dossier_id,
            sequence=self._sequences[source],
            occurred_at=recorded_at,
            recorded_at=recorded_at,
            origin=origin,
            traceparent=None,
            data=APPLIED[name].model_validate(data),
        )


def told(about: str, **facts: Any) -> Told:
    dossier_id = uuid7()
    known = orjson.loads(facts_of(Life().hears(about), (CODE_KEY,)))
    return Told(
        about=about,
        dossier_id=dossier_id,
        happened_at=NOW,
        facts=known | facts,
        procedure="1.009982",
        office="H29.015.00",
        sealed_code=seal(CODE_KEY, CODE, dossier_id),
        submitted_on=NOW.date(),
    )
