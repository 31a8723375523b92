"""Every route for every role, of the own and of another office and unit: each cell by a table written from the law, not the code."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from services.processing.dossier.decide import BY_NAME
from tests.processing.conftest import (
    DESK,
    HANDLER,
    IMPORTER,
    KEEPER,
    OFFICER,
    OPERATOR,
    OTHER_OFFICE,
    PORTAL,
    STRANGER,
    SUPERVISOR,
    House,
    Member,
)
from tests.processing.examples import OTHER_UNIT, UNIT

OTHER_SUPERVISOR: Member = ("supervisor", "em", OTHER_OFFICE, "H29.016.00/QLXD")
OF_THE_UNIT: Member = ("officer", "of-the-unit", "", UNIT)
PEOPLE: dict[str, Member] = {
    "desk": DESK,
    "officer of desk and unit": OFFICER,
    "officer of the unit": OF_THE_UNIT,
    "officer of another unit": HANDLER,
    "officer of another office": STRANGER,
    "supervisor": SUPERVISOR,
    "supervisor of another office": OTHER_SUPERVISOR,
    "portal": PORTAL,
    "importer": IMPORTER,
    "operator": OPERATOR,
    "keeper of the calendar": KEEPER,
}
STRANGERS = {"officer of another unit", "officer of another office", "supervisor of another office"}
AT_THE_DESK = {"desk", "officer of desk and unit", "supervisor"}
IN_THE_UNIT = {"officer of desk and unit", "officer of the unit", "supervisor"}
NO_ROLE = {"portal", "importer", "operator", "keeper of the calendar"}


class Door(NamedTuple):
    """Who may pass (of the desk, holder, supervisor), the state it is tried in, the body, and what then follows."""

    right: str
    before: tuple[str, ...]
    body: dict[str, Any]
    answer: tuple[int, str | None]


DONE = (200, None)
GIVEN: dict[str, dict[str, Any]] = {
    "accept": {},
    "resolve": {"outcome": "granted"},
    "forward": {"unit": UNIT, "step": "thu_ly"},
}
# DOMAIN's rights: desk officers accept, reject and return; the holder does the rest; the supervisor reverses, waives, assigns,
# transfers. The dossier is accepted and with the unit, or before acceptance or resolved where the act is done there.
DOORS: dict[str, Door] = {
    "accept": Door("desk", (), {"unit": UNIT}, DONE),
    "reject": Door("desk", (), {"reason": "incomplete"}, DONE),
    "return": Door("desk", ("accept", "resolve"), {"method": "postal"}, DONE),
    "forward": Door("holder", ("accept",), {"unit": UNIT, "step": "thu_ly"}, DONE),
    "send-back": Door(
        "holder",
        ("accept", "forward"),
        {"unit": UNIT, "step": "tiep_nhan", "reason": "wrong_step"},
        DONE,
    ),
    "resolve": Door("holder", ("accept",), {"outcome": "granted"}, DONE),
    "stop": Door("holder", ("accept",), {"reason": "not_competent"}, DONE),
    "apologise": Door("holder", ("accept",), {"reason": "workload", "appointment_on": "2023-04-03"}, DONE),
    "correct": Door(
        "holder", ("accept",), {"reason": "wrong_data", "document": "1/QĐ-SXD"}, (409, "not-while-accepted")
    ),
    "request-supplement": Door("holder", ("accept",), {"papers": [{"paper": 1, "fault": "missing"}]}, DONE),
    "accept-supplement": Door("holder", ("accept",), {}, (409, "not-while-accepted")),
    "request-fee": Door("holder", ("accept",), {}, DONE),
    "confirm-fee": Door("holder", ("accept",), {"payment": 2}, (409, "not-while-accepted")),
    "ask-opinion": Door("holder", ("accept",), {"agency": "H29.020.00"}, (409, "no-consultation")),
    "give-opinion": Door(
        "holder", ("accept",), {"agency": "H29.020.00", "opinion": "agreed"}, (422, "opinion-not-asked")
    ),
    "extend": Door(
        "holder", ("accept",), {"reason": "site_check", "amount": 1}, (409, "extension-not-allowed")
    ),
    "withdraw": Door("holder", ("accept",), {}, (409, "withdrawal-not-requested")),
    "refuse-withdrawal": Door(
        "holder", ("accept",), {"reason": "not_the_owner"}, (409, "withdrawal-not-requested")
    ),
    "take": Door("holder", ("accept",), {}, DONE),
    "hand-over": Door("holder", ("accept",), {"officer": "binh"}, DONE),
    "waive-fee": Door("supervisor", ("accept",), {"reason": "exempt_by_law"}, (409, "not-while-accepted")),
    "assign": Door("supervisor", ("accept",), {"officer": "binh"}, DONE),
    "transfer": Door("supervisor", ("accept",), {"unit": OTHER_UNIT}, DONE),
    "reverse": Door(
        "supervisor",
        ("accept",),
        {"sequence": 1, "reason": "wrong_dossier", "document": "1/QĐ-SXD"},
        DONE,
    ),
}
# Method, path, who may (by role), and whether what is not one's own is refused there.
READING: dict[str, tuple[set[str], bool]] = {
    "GET /v1/dossiers": ({"officer", "supervisor"}, False),
    "GET /v1/dossiers/{dossier_id}": ({"officer", "supervisor"}, True),
    "GET /v1/dossiers/{dossier_id}/due-date": ({"officer", "supervisor"}, True),
    "GET /v1/dossiers/{dossier_id}/control-slip": ({"officer", "supervisor"}, True),
    "GET /v1/dossiers/{dossier_id}/payments": ({"officer", "supervisor"}, True),
    "GET /v1/refunds": ({"officer", "supervisor"}, False),
    "GET /v1/officers": ({"officer", "operator", "supervisor"}, False),
    "GET /v1/out-of-reach": ({"officer", "operator", "supervisor"}, False),
    "GET /v1/queues": ({"officer", "supervisor"}, False),
    "GET /v1/queues/{queue}": ({"officer", "supervisor"}, False),
    "GET /v1/reversals": ({"supervisor"}, False),
    "GET /v1/absences": ({"officer", "supervisor"}, False),
    "GET /v1/calendar": ({"officer", "supervisor", "calendar"}, False),
    "GET /v1/calendar/preview": ({"officer", "supervisor", "calendar"}, False),
    "GET /v1/workload": ({"officer", "supervisor"}, False),
    "GET /v1/signatures": ({"officer", "supervisor"}, False),
    "GET /v1/lapsed": ({"officer", "supervisor"}, False),
    "GET /v1/asked-late": ({"officer", "supervisor"}, False),
    "GET /v1/came-late": ({"officer", "supervisor"}, False),
    "GET /v1/transfers": ({"officer", "supervisor"}, False),
    "GET /v1/calendar/recount": ({"officer", "supervisor", "calendar"}, False),
    "GET /v1/calendar/proposals": ({"calendar"}, False),
}
ASKED = {"GET /v1/calendar/preview": "?day=2027-03-08&kind=off"}
# These have bodies of their own; who may call them is asked here, what they do elsewhere.
OTHERS: dict[str, set[str]] = {
    "POST /v1/bulk": {"officer", "supervisor", "importer"},
    "POST /v1/officers": {"operator"},
    "DELETE /v1/officers/{subject}/name": {"operator"},
    "POST /v1/absences": {"officer", "supervisor"},
    "POST /v1/absences/{absence_id}/end": {"officer", "supervisor"},
    "POST /v1/calendar/declarations": {"calendar"},
    "POST /v1/calendar/withdrawals": {"calendar"},
    "POST /v1/calendar/confirmations": {"calendar"},
    "POST /v1/calendar/refusals": {"calendar"},
}
OF_EVERY_SERVICE = {"/livez", "/readyz", "/metrics", "/version", "/openapi.json", "/docs", "/v1/log-levels"}


def expected(door: Door, who: str) -> tuple[int, str | None]:
    """What this person is to be answered at this door."""
    if who in NO_ROLE:
        return 403, "role-not-allowed"
    # A unit sees what it has, and nothing before acceptance.
    if who in STRANGERS or (who == "officer of the unit" and not door.before):
        return 404, "dossier-unknown"
    if door.right == "desk":
        return door.answer if who in AT_THE_DESK else (403, "not-the-desk")
    if who not in IN_THE_UNIT:
        return 403, "not-the-holder"
    if door.right == "supervisor" and who != "supervisor":
        return 403, "not-the-supervisor"
    return door.answer


async def prepared(house: House, before: tuple[str, ...]) -> UUID:
    (dossier,) = await house.submitted()
    for version, act in enumerate(before):
        done = await house.act(dossier, act, GIVEN[act], version=version)
        assert done.status_code == 200
    return dossier


@pytest.mark.parametrize("name", DOORS)
async def test_every_command_for_everybody(house: House, name: str) -> None:
    door = DOORS[name]
    for who, member in PEOPLE.items():
        dossier = await prepared(house, door.before)
        answer = await house.act(dossier, name, door.body, by=member, version=len(door.before))
        assert (answer.status_code, answer.json().get("code") if answer.status_code != 200 else None) == (
            expected(door, who)
        ), (name, who, answer.text)
        if answer.status_code != 200:
            assert len(await house.desk.store.load(dossier)) == len(door.before), "a refusal changes nothing"
    bare = await house.client.post(f"/v1/dossiers/{uuid7()}/{name}", json=door.body)
    assert bare.status_code == 401


@pytest.mark.parametrize("route", READING)
async def test_every_reading_for_everybody(house: House, route: str) -> None:
    await house.declaring.seed()
    await house.declaring.refresh()
    roles, own_alone = READING[route]
    dossier = await prepared(house, ("accept",))
    path = route.removeprefix("GET ").replace("{dossier_id}", str(dossier)).replace(
        "{queue}", "held"
    ) + ASKED.get(route, "")
    for who, member in PEOPLE.items():
        wanted = 200 if member[0] in roles else 403
        if wanted == 200 and own_alone and who not in AT_THE_DESK | IN_THE_UNIT:
            wanted = 404
        assert (await house.get(path, by=member)).status_code == wanted, (route, who)
    assert (await house.client.get(path)).status_code == 401


@pytest.mark.parametrize("route", OTHERS)
async def test_every_other_door_for_everybody(house: House, route: str) -> None:
    method, path = route.replace("{absence_id}", str(uuid7())).split()
    for who, member in PEOPLE.items():
        headers = house.headers(member) | {"idempotency-key": uuid7().hex}
        answer = await house.client.request(method, path, json={"nonsense": 1}, headers=headers)
        # Whoever may call is told what is wrong with the body, everybody else that it is not theirs.
        assert answer.status_code == (422 if member[0] in OTHERS[route] else 403), (route, who, answer.text)
    assert (await house.client.request(method, path, json={})).status_code == 401


def test_the_matrix_names_every_route(house: House) -> None:
    named = {f"POST /v1/dossiers/{{dossier_id}}/{name}" for name in DOORS} | set(READING) | set(OTHERS)
    document = house.application.openapi()
    routes = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
        if path not in OF_EVERY_SERVICE
    }
    assert routes == named
    assert set(DOORS) == set(BY_NAME)
