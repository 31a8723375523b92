"""What a caller calls its request itself: on each line, with the answer, and in what is recorded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import Depends

from services.chassis.http.access import require
from services.chassis.http.tokens import Caller
from services.chassis.log.decider import Context
from services.chassis.log.event_store import Item
from services.chassis.process import logs
from tests.chassis.doors import Doors, headers

NOW = datetime(2026, 3, 2, tzinfo=UTC)
OWN = "7d3c9f0a-4b52-4e0e-9a51-0d7c1c1f2b33"


async def test_a_callers_own_id_is_a_uuid(
    client: httpx.AsyncClient, doors: Doors, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(logs, "access", lambda fields: told.append({**fields, **logs.about()}))
    for path in ("/direct", "/plain", "/nowhere"):
        for written in (OWN, OWN.upper(), OWN.replace("-", "")):
            said = headers(token, **{"x-correlation-id": written})
            answer = await client.post(path, json={"number": 1}, headers=said)
            assert answer.headers["x-correlation-id"] == OWN
            assert told[-1]["correlation_id"] == OWN
        for other in ("Nguyễn Thị Mai", "097190123456", OWN + "-", "{" + OWN + "}", "", "0" * 33):
            said = headers(token) | {"x-correlation-id": other.encode()}
            answer = await client.post(path, json={"number": 1}, headers=said)
            assert "x-correlation-id" not in answer.headers
            assert told[-1]["correlation_id"] == told[-1]["trace_id"]
    twice = [*headers(token).items(), ("x-correlation-id", OWN), ("x-correlation-id", OWN)]
    refused = await client.post("/direct", json={"number": 1}, headers=twice)
    assert (refused.status_code, refused.json()["code"]) == (400, "header-twice")


async def test_what_is_recorded_for_a_request_bears_the_callers_own_id(
    client: httpx.AsyncClient, doors: Doors, token: str
) -> None:
    made: list[Item] = []
    own = UUID(OWN)

    @doors.application.post("/makes")
    async def makes(_: Annotated[Caller, Depends(require("portal"))]) -> None:
        made.append(Item(own, 0, own, [], "portal/s1"))
        made.append(Item(own, 0, own, [], "portal/s1", Context(own, "portal/s1", NOW).correlation_id))

    for said in (headers(token, **{"x-correlation-id": str(own)}), headers(token)):
        assert (await client.post("/makes", headers=said)).status_code == 200
    assert [item.correlation_id for item in made] == [own, own, None, None]


async def test_probes_and_scrapes_leave_no_line(
    client: httpx.AsyncClient, doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(logs, "access", told.append)
    for path in ("/livez", "/readyz", "/metrics", "/nowhere"):
        await client.get(path)
    assert [line["route"] for line in told if line["status"] < 400] == []
    assert [line["status"] for line in told] == [404]
