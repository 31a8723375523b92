"""Who asks for a dossier, by which routes, and whom the law lets read it."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from tests.processing.conftest import OFFICE, OTHER_OFFICE
from tests.processing.desk.test_matrix import DOORS
from tests.processing.examples import UNIT


class Person(NamedTuple):
    """A bearer of a token, and whether the law lets them read the dossier, where their role is admitted at all."""

    role: str
    subject: str
    office: str
    unit: str
    reads: bool


PEOPLE = {
    "the portal that filed it": Person("portal", "p1", "", "", True),
    "another portal": Person("portal", "p2", "", "", False),
    "another portal that names the office": Person("portal", "p2", OFFICE, UNIT, False),
    "an officer of its office": Person("officer", "an", OFFICE, UNIT, True),
    "an officer of another office": Person("officer", "chi", OTHER_OFFICE, "H29.016.00/QLXD", False),
    "an officer of none": Person("officer", "dao", "", "", False),
    "a supervisor of its office": Person("supervisor", "em", OFFICE, UNIT, True),
    "a supervisor of another office": Person("supervisor", "giang", OTHER_OFFICE, "H29.016.00/QLXD", False),
    "a supervisor of none": Person("supervisor", "ha", "", "", False),
    "an operator": Person("operator", "op", "", "", True),
    "an importer": Person("importer", "im", "", "", False),
    "who keeps the calendar": Person("calendar", "lan", OFFICE, UNIT, False),
}
STAFF = frozenset({"officer", "supervisor"})


class Door(NamedTuple):
    """A route: which roles are admitted, and what is asked there of the dossier whose id stands for {dossier_id}."""

    roles: frozenset[str]
    body: dict[str, Any] | None = None
    query: str = ""


PAYMENT = {"id": "x-1", "dossier_id": "{dossier_id}", "amount": 1, "paid_at": "2026-01-01T08:00:00+07:00"}
DOORS_OF: dict[str, Door] = {
    "intake GET /v1/dossiers/{dossier_id}": Door(STAFF | {"portal"}),
    "intake POST /v1/dossiers/{dossier_id}/supplements": Door(
        frozenset({"portal", "officer"}), {"content": {"a": 1}}
    ),
    "intake POST /v1/dossiers/{dossier_id}/withdrawal": Door(
        frozenset({"portal", "officer"}), {"reason": "other"}
    ),
    "intake POST /v1/dossiers/{dossier_id}/payments": Door(frozenset({"officer"}), {"amount": 1}),
    "intake PUT /v1/dossiers/{dossier_id}/contact": Door(
        frozenset({"portal", "officer"}), {"email": None, "phone": None}
    ),
    "intake GET /v1/people/{dossier_id}": Door(STAFF, query="?purpose=audit"),
    "intake POST /v1/dossiers/{dossier_id}/words": Door(STAFF, {"words": "Thiếu chữ ký."}),
    "intake GET /v1/dossiers/{dossier_id}/papers": Door(frozenset({"portal"})),
    "intake GET /v1/dossiers/{dossier_id}/papers/{file_id}": Door(STAFF | {"portal"}, query="?purpose=audit"),
    **{
        f"processing GET /v1/dossiers/{{dossier_id}}{what}": Door(STAFF)
        for what in ("", "/due-date", "/payments", "/control-slip")
    },
    "processing POST /v1/bulk": Door(
        STAFF, {"items": [{"dossier_id": "{dossier_id}", "acts": [{"act": "accept", "unit": UNIT}]}]}
    ),
    "notify POST /v1/notices/read": Door(
        frozenset({"portal"}), {"dossier_id": "{dossier_id}", "notice_ids": [str(UUID(int=1))]}
    ),
    "notify GET /v1/notices": Door(STAFF | {"portal", "operator"}, query="?dossier_id={dossier_id}"),
    **{
        f"processing POST /v1/dossiers/{{dossier_id}}/{name}": Door(STAFF, door.body)
        for name, door in DOORS.items()
    },
}
LISTS = {
    "intake POST /v1/people-lists": "of the caller's own office alone: another office's dossier is left out as one that is not there",
    "intake GET /v1/people-reads": "of the caller's own office alone: another office's dossier is one that nobody read",
}
WITHOUT_A_CALLER = {
    "intake POST /v1/payments": "by the payment provider's signature: no caller has rights of its own",
}
BY_SOURCE = {"processing POST /v1/bulk"}
"""Where an importer is admitted too: what it may act on follows from who brought the dossier (test_bulk_source.py)."""
