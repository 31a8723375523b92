"""Every route of every service that names a dossier, for every role, of the own and another office, by the own and another portal.

One dossier is filed at intake, and the others hear of it by its message. Who may read it is written here from the law.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from uuid_utils.compat import uuid7

from contracts.envelope import read
from deploy import generate
from deploy.local.issuer import AUDIENCE, ISSUER, Issuer
from services.chassis.http.tokens import ROLES, Caller
from services.chassis.http.visibility import may_read
from services.chassis.kafka.feeds import read_after
from services.chassis.kafka.ordering import Delivered
from services.chassis.log.databases import open_pool
from services.chassis.log.event_store import EventStore
from services.intake.app import build as build_intake
from services.intake.outgoing import outgoing
from services.intake.settings import IntakeSettings
from services.notify import incoming as at_notify
from services.notify.app import build as build_notify
from services.notify.filers import unsealed
from services.notify.notice import Channel
from services.notify.settings import NotifySettings
from services.processing import incoming as at_processing
from tests.databases import Database
from tests.intake.conftest import body as filing
from tests.notify.examples import Clock, texts
from tests.processing.conftest import CODE_KEY, OFFICE, OTHER_OFFICE, House, open_house
from tests.processing.examples import UNIT
from tests.rights.doors import BY_SOURCE, DOORS_OF, LISTS, PEOPLE, STAFF, WITHOUT_A_CALLER, Person

ABSENT = UUID(int=1)


@dataclass
class Services:
    clients: dict[str, httpx.AsyncClient]
    issuer: Issuer
    dossier_id: UUID

    async def ask(self, route: str, dossier_id: UUID, who: Person) -> tuple[int, str]:
        """Status and body, the dossier's id left out of it."""
        service, method, path = route.split()
        door = DOORS_OF[route]
        token = self.issuer.token(who.role, subject=who.subject, office=who.office, unit=who.unit)
        headers = {"authorization": f"Bearer {token}", "idempotency-key": uuid7().hex, "if-match": '"0"'}
        path = (path + door.query).replace("{dossier_id}", str(dossier_id)).replace("{file_id}", str(ABSENT))
        body = None if door.body is None else _named(door.body, str(dossier_id))
        answer = await self.clients[service].request(method, path, json=body, headers=headers)
        return answer.status_code, answer.text.replace(str(dossier_id), "ID")


def _named(value: Any, dossier_id: str) -> Any:
    if isinstance(value, dict):
        return {name: _named(member, dossier_id) for name, member in value.items()}
    if isinstance(value, list):
        return [_named(member, dossier_id) for member in value]
    return dossier_id if value == "{dossier_id}" else value


@pytest.fixture(scope="module")
async def services(
    module_database: Callable[..., Database], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Services]:
    home = tmp_path_factory.mktemp("rights")
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(open_house(module_database("processing"), home))
        intake = await stack.enter_async_context(open_pool(module_database("intake").dsn))
        notify = await stack.enter_async_context(open_pool(module_database("notify").dsn))
        store = EventStore(intake, function="submit_v2", attachment_type="new_filing_v2")
        applications = {
            "intake": build_intake(_intake_settings(home), intake, store),
            "notify": build_notify(_notify_settings(home), notify, texts(), dict),
        }
        clients = {"processing": house.client}
        for name, application in applications.items():
            client = httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url=f"http://{name}")
            clients[name] = await stack.enter_async_context(client)
        token = house.issuer.token("portal", subject="p1")
        headers = {"authorization": f"Bearer {token}", "idempotency-key": "k"}
        filed = await clients["intake"].post("/v1/dossiers", json=filing(), headers=headers)
        assert filed.status_code == 201, filed.text
        await _hear(intake, notify, house)
        yield Services(clients, house.issuer, UUID(filed.json()["dossier_id"]))


async def _hear(intake: Any, notify: Any, house: House) -> None:
    """What intake says of the submission reaches both readers, as their consumers would take it."""
    (stored,) = await read_after(intake, 0, 10)
    message = outgoing(CODE_KEY)(stored)
    said = read(message.headers)
    assert message.value is not None
    house.clock.now = (clock := Clock(stored.occurred_at)).now
    desk = at_notify.Dossiers(channels=list(Channel), code_keys=[], clock=clock, new_id=uuid7)
    for pool, applied, apply in (
        (house.pool, at_processing.APPLIED, at_processing.listening(lambda: house.desk.calendar)),
        (notify, at_notify.APPLIED, desk.apply),
    ):
        data = applied[said.type].model_validate_json(message.value)
        delivered = Delivered(
            "dossiers", 0, 0, said.id, "intake", said.type, said.subject, 1, said.time, said.recorded_at, None, None, data
        )  # fmt: skip
        async with pool.acquire() as connection, connection.transaction():
            await apply(connection, [delivered])


COMMON = {"kafka_bootstrap": "127.0.0.1:1", "port": 1, "jwt_issuer": ISSUER, "jwt_audience": AUDIENCE}
FREE = {"caller_requests_per_second": 1e6, "caller_requests_burst": 1_000_000, "database_dsn": "postgresql://x@x/x"}  # fmt: skip


def _intake_settings(home: Path) -> IntakeSettings:
    own = {
        "hmac_key": "0" * 32,
        "code_key": CODE_KEY.hex(),
        "payment_secret": "1" * 32,
        "jwks": str(home / "jwks.json"),
    }
    return IntakeSettings.model_validate({**COMMON, **FREE, **own})


def _notify_settings(home: Path) -> NotifySettings:
    return NotifySettings.model_validate(
        {**COMMON, **FREE, "code_key": CODE_KEY.hex(), "jwks": str(home / "jwks.json")}
    )


@pytest.mark.parametrize("route", DOORS_OF)
async def test_who_may_not_read_a_dossier_learns_nothing_of_it(services: Services, route: str) -> None:
    """Refused is answered as absent, to the byte, at every route."""
    door = DOORS_OF[route]
    for who, person in PEOPLE.items():
        if person.role == "importer" and route in BY_SOURCE:
            continue
        status, body = await services.ask(route, services.dossier_id, person)
        if person.role not in door.roles:
            assert status == 403 and "role-not-allowed" in body, (who, body)
        elif person.reads:
            assert status not in (401, 403, 404) or "not-the-" in body or "paper-unknown" in body, (who, body)
            assert "not-yet-known" not in body, (who, body)
        else:
            assert (status, body) == await services.ask(route, ABSENT, person), who
            assert (status == 404 and "dossier-unknown" in body) or "not-yet-known" in body, (who, body)


async def test_a_portal_of_a_dossier_from_before_the_filer_was_told_sees_nothing(services: Services) -> None:
    """Not known gives nobody a right."""
    for code_keys, sealed in (((CODE_KEY,), None), ((bytes(64),), "A" * 44)):
        filer = unsealed(sealed, code_keys, services.dossier_id)
        assert filer is None
        assert not may_read(Caller("p1", "portal"), office=OFFICE, filer=filer)


def test_the_matrix_has_every_role() -> None:
    assert {person.role for person in PEOPLE.values()} == ROLES


def test_the_matrix_has_every_route_that_names_a_dossier() -> None:
    found = set()
    for service, application in generate.applications().items():
        document = application.openapi()
        for path, methods in document["paths"].items():
            for method, told in methods.items():
                asked = [path, *(p["name"] for p in told.get("parameters", ()) if p["in"] == "query")]
                if "requestBody" in told:
                    asked += _members(told["requestBody"], document)
                if any("dossier_id" in name for name in asked):
                    found.add(f"{service} {method.upper()} {path}")
    assert found == set(DOORS_OF) | set(LISTS) | set(WITHOUT_A_CALLER)
    assert not any(route.startswith("reporting") for route in found), "what is public names no dossier"


def _members(schema: Any, document: dict[str, Any], seen: tuple[str, ...] = ()) -> Iterator[str]:
    """The names of all members of a body, however deep."""
    if isinstance(schema, list):
        for each in schema:
            yield from _members(each, document, seen)
    elif isinstance(schema, dict):
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        if name and name not in seen:
            yield from _members(document["components"]["schemas"][name], document, (*seen, name))
        yield from schema.get("properties", {})
        for each in schema.values():
            yield from _members(each, document, seen)


def test_one_rule_says_who_may_read() -> None:
    """Role by role, in the words of the law."""
    filed_by = "portal/p1"

    def reads(caller: Caller, unit: str | None = None) -> bool:
        return may_read(caller, office=OFFICE, filer=filed_by, unit=unit)

    assert reads(Caller("p1", "portal")) and not reads(Caller("p2", "portal", UNIT, OFFICE), UNIT)
    for role in STAFF:
        assert reads(Caller("an", role, office=OFFICE))
        assert not reads(Caller("an", role)) and not reads(Caller("p1", role, office=OTHER_OFFICE))
        assert reads(Caller("an", role, unit=UNIT), UNIT) and not reads(Caller("an", role, unit=UNIT), "X")
        # Where neither is known, having neither is no right.
        assert not may_read(Caller("an", role), office="", filer=None, unit="")
        assert not may_read(Caller("an", role), office=None, filer=None, unit=None)
    assert reads(Caller("op", "operator"))
    for role in ROLES - STAFF - {"operator", "portal"}:
        assert not reads(Caller("p1", role, UNIT, OFFICE), UNIT), role
    assert not may_read(Caller("", "portal"), office=OFFICE, filer=None)


async def test_a_stranger_learns_nothing(services: Services) -> None:
    """Neither the version nor a fault of the body tells that a dossier is there; a repeat still gets its first answer."""
    stranger = PEOPLE["an officer of another office"]
    for version in ("0", "7"):
        token = services.issuer.token(
            "officer", subject=stranger.subject, office=stranger.office, unit=stranger.unit
        )
        headers = {
            "authorization": f"Bearer {token}",
            "idempotency-key": uuid7().hex,
            "if-match": f'"{version}"',
        }
        for dossier_id in (services.dossier_id, ABSENT):
            answer = await services.clients["processing"].post(
                f"/v1/dossiers/{dossier_id}/request-supplement",
                json={"papers": [{"paper": 9, "fault": "missing"}]},
                headers=headers,
            )
            assert (answer.status_code, answer.json()["code"]) == (404, "dossier-unknown")
