"""Asks what the two bulk doors would say to a case, before anything of a log is taken. Pure: their own rules, no service.

Promises that a case which passes here is refused by no door for what it says. What a door refuses because of other dossiers, such
as a case that another source brought, is known only there.
"""

from datetime import datetime
from typing import Any, Final

import orjson
from pydantic import ValidationError

from contracts.catalogue.offices import Offices
from deploy.importing.case import Case
from deploy.importing.cases import Faulty
from services.chassis.http.plain_text import plain_json
from services.chassis.http.problems import Problem, dotted, rule, sentence
from services.intake.importing import cases as intake
from services.intake.importing.case import Case as CaseOfDoor
from services.processing.clock.working_days import shipped
from services.processing.desk.bulk_bodies import BulkItem
from services.processing.desk.foreseen import foreseen
from services.processing.dossier.state import Filing

NO_DOSSIER: Final = "00000000-0000-0000-0000-000000000000"


def refusal(case: Case, source: str, now: datetime, offices: Offices) -> Faulty | None:
    """Why a door would refuse the case at `now`; None when both would take it.

    Guarantee: the checker and the doors have one set of rules. Test: test_what_a_door_would_refuse_is_a_bad_row.
    """
    try:
        submission = CaseOfDoor.model_validate_json(_sent(case.as_submission(source)))
        refused = intake.foreseen(submission, now, offices)
        if refused is None and case.acts:
            item = BulkItem.model_validate_json(_sent(case.as_item(source, NO_DOSSIER)))
            filing = Filing(case.procedure, case.office, case.channel, case.submitted_at)
            refused = foreseen(item, filing, shipped(), now, offices)
    except ValidationError as faults:
        return _told(faults.errors(include_input=False, include_url=False)[0])
    except Problem as problem:
        return Faulty(problem.code, f"{problem.field}: {problem.detail}")
    return None if refused is None else Faulty(refused.code, f"{refused.code}: {refused.detail}")


def _sent(item: Any) -> bytes:
    """As a door gets it."""
    return plain_json(orjson.dumps(item))


def _told(fault: Any) -> Faulty:
    return Faulty(rule(fault), f"{dotted(fault['loc'])}: {sentence(fault)}")
