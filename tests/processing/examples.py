"""One dossier's filing, acts and events, as the tests of this room use them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.chassis.decider import Rejected
from services.processing.calendar import shipped
from services.processing.deadline import Limit
from services.processing.life import (
    AcceptDossier,
    ApologyIssued,
    Command,
    Dossier,
    DossierAccepted,
    DossierForwarded,
    DossierRejected,
    DossierResolved,
    Event,
    Filing,
    ProcessingStopped,
    ResultCorrected,
    ResultReturned,
)
from services.processing.review import decide, fold
from tests.deciding import deciding

OFFICE = "H29.015.00"
UNIT = "H29.015.00/QLXD"
OTHER_UNIT = "H29.015.00/TTXD"

MONDAY = date(2023, 3, 6)
TUESDAY = date(2023, 3, 7)
DUE = date(2023, 3, 27)
DAY_AFTER_DUE = date(2023, 3, 28)
TWENTY_DAYS = Limit(20, "calendar_days")

FILING = Filing("1.009982", OFFICE, "online", MONDAY)
ACCEPT = AcceptDossier(TUESDAY, UNIT, "full", TWENTY_DAYS)

ACCEPTED = DossierAccepted(TUESDAY, "1.009982", "full", OFFICE, UNIT, "online", DUE)
REJECTED = DossierRejected(TUESDAY, "incomplete")
FORWARDED = DossierForwarded(TUESDAY, OTHER_UNIT, "tham_tra")
RESOLVED = DossierResolved(DUE, "granted", DUE, None)
RETURNED = ResultReturned(DAY_AFTER_DUE, "postal")
APPOINTMENT = date(2023, 4, 3)
STOPPED = ProcessingStopped(DUE, "not_competent", DUE)
APOLOGISED = ApologyIssued(TUESDAY, "workload", APPOINTMENT, in_time=True)
CORRECTED = ResultCorrected(APPOINTMENT, "clerical_error", "1234/QĐ-SXD")


def fold_from_filing(events: list[Event]) -> Dossier:
    return fold(FILING, events)


def decide_by_shipped_calendar(command: Command, dossier: Dossier) -> Sequence[Event] | Rejected:
    return decide(command, dossier, shipped())


given = deciding(fold_from_filing, decide_by_shipped_calendar)
