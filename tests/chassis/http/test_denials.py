"""Whoever asks for what is not theirs leaves a line that names them, and every request line says whose it was."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

from services.chassis.process import logs, metrics
from tests.chassis.doors import headers
from tests.chassis.issuing import Issuer

BOTH = pytest.mark.parametrize("path", ["/direct", "/plain"])
SECRET = "0912345678"


def denied_at(path: str) -> float:
    return float(metrics.REQUESTS_DENIED.labels(path)._value.get())


@BOTH
async def test_a_denial_leaves_a_line_and_is_counted(
    client: httpx.AsyncClient, issuer: Issuer, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    before = denied_at(path)
    with caplog.at_level(logging.WARNING):
        for content in (b'{"number": 1}', f'{{"number": "{SECRET}"}}'.encode()):
            answer = await client.post(
                path, content=content, headers=headers(issuer.token("operator", "op1"))
            )
            assert answer.status_code == 403
    lines: list[Any] = [record for record in caplog.records if record.message == "denied"]
    assert [line.fields for line in lines] == [
        {"actor": "operator/op1", "code": "role-not-allowed", "route": path, "times": 1}
    ] * 2
    assert SECRET not in caplog.text
    assert denied_at(path) == before + 2


@BOTH
async def test_who_may_leaves_no_denial(
    client: httpx.AsyncClient, token: str, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    assert (await client.post(path, json={"number": 1}, headers=headers(token))).status_code == 201
    assert (await client.post(path, json={}, headers=headers(token))).status_code == 422
    assert (await client.post(path, json={"number": 1}, headers=headers())).status_code == 401
    assert [record for record in caplog.records if record.message == "denied"] == []


@BOTH
async def test_a_request_line_names_its_actor(
    client: httpx.AsyncClient, issuer: Issuer, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    lines: list[dict[str, Any]] = []
    monkeypatch.setattr(logs, "access", lambda fields: lines.append(fields | logs.about()))
    for said in (
        headers(issuer.token("portal", "p1")),
        headers(issuer.token("operator", "op1")),
        headers(),
        headers("x.y.z"),
    ):
        await client.post(path, json={"number": 1}, headers=said)
    assert [(line["route"], line["status"], line.get("actor", "")) for line in lines] == [
        (path, 201, "portal/p1"),
        (path, 403, "operator/op1"),
        (path, 401, ""),
        (path, 401, ""),
    ]
