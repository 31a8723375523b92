from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.chassis.http.access import PUBLIC, unauthorised_routes
from services.chassis.http.problems import CODES, Problem, title_of
from services.chassis.log.event_store import StoreUnavailable
from services.chassis.process import metrics
from tests.chassis.doors import Doors, headers
from tests.chassis.issuing import Issuer

BOTH = pytest.mark.parametrize("path", ["/direct", "/plain"])


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, "about:blank")
    return body


@BOTH
async def test_a_good_request_is_answered(client: httpx.AsyncClient, token: str, path: str) -> None:
    answer = await client.post(path, json={"number": 7}, headers=headers(token))
    assert answer.status_code == 201
    assert answer.json() == {"key": "k", "caller": "portal/s1", "number": 7}


@BOTH
@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b'{"number": 1', 400, "json-invalid"),
        (b"", 400, "json-invalid"),
        (b'{"number": "1"}', 422, "invalid"),
        (b"{}", 422, "invalid"),
        (b"[]", 422, "invalid"),
        (b'{"number": 1, "more": 1}', 422, "invalid"),
        (b'{"number": 1, "tags": ["a\\u0000b"]}', 422, "nul-character"),
        (b'{"number": 1, "tags": ' + b"[" * 40 + b"]" * 40 + b"}", 400, "json-too-deep"),
        (b'{"number": 1, "tags": ["' + b"x" * 3000 + b'"]}', 413, "body-too-large"),
    ],
)
async def test_a_bad_body_is_a_problem(
    client: httpx.AsyncClient, token: str, path: str, content: bytes, status: int, code: str
) -> None:
    if path == "/plain" and content == b"":
        status, code = 422, "invalid"  # FastAPI asks for the body as for a field
    problem(await client.post(path, content=content, headers=headers(token)), status, code)


@BOTH
async def test_faults_name_their_fields_and_never_their_values(
    client: httpx.AsyncClient, token: str, path: str
) -> None:
    body = problem(
        await client.post(path, json={"number": "0912345678", "extra": 1}, headers=headers(token)),
        422,
        "invalid",
    )
    assert [(fault["field"], fault["code"]) for fault in body["errors"]] == [
        ("number", "int-type"),
        ("extra", "unknown-field"),
    ]
    assert body["field"] == "number"
    assert "0912345678" not in str(body)


@BOTH
@pytest.mark.parametrize("kind", ["text/plain", "application/jsonx", "multipart/form-data; boundary=a", ""])
async def test_another_media_type_is_refused(
    client: httpx.AsyncClient, token: str, path: str, kind: str
) -> None:
    said = headers(token, **{"content-type": kind})
    problem(await client.post(path, content=b'{"number":1}', headers=said), 415, "media-type-not-supported")


@BOTH
async def test_json_with_a_charset_is_json(client: httpx.AsyncClient, token: str, path: str) -> None:
    said = headers(token, **{"content-type": "Application/JSON; charset=utf-8"})
    assert (await client.post(path, content=b'{"number":1}', headers=said)).status_code == 201


@BOTH
async def test_a_caller_without_a_good_token_is_refused(
    client: httpx.AsyncClient, issuer: Issuer, path: str
) -> None:
    for said, code in (
        (headers(), "token-missing"),
        (headers("x.y.z"), "token-invalid"),
        ({**headers(), "authorization": "Basic eDp5"}, "token-missing"),
        (headers(issuer.token(exp=1)), "token-expired"),
    ):
        answer = await client.post(path, json={"number": 1}, headers=said)
        problem(answer, 401, code)
        assert answer.headers["www-authenticate"].startswith("Bearer")
    answer = await client.post(path, json={"number": 1}, headers=headers(issuer.token("operator")))
    problem(answer, 403, "role-not-allowed")


@BOTH
@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "idempotency-key-missing"),
        ("", "idempotency-key-missing"),
        ("a" * 201, "idempotency-key-invalid"),
        ("hồ sơ", "idempotency-key-invalid"),
    ],
)
async def test_a_bad_idempotency_key_is_refused(
    client: httpx.AsyncClient, token: str, path: str, key: str | None, code: str
) -> None:
    said = {
        name.encode(): value.encode() for name, value in headers(token).items() if name != "idempotency-key"
    }
    if key is not None:
        said[b"idempotency-key"] = key.encode()
    problem(await client.post(path, content=b'{"number":1}', headers=said), 400, code)


@BOTH
async def test_errors_of_every_kind_are_problems(
    client: httpx.AsyncClient, doors: Doors, token: str, path: str
) -> None:
    for fault, status, code in (
        (Problem(409, "already-so", headers={"Retry-After": "9"}), 409, "already-so"),
        (StoreUnavailable("OSError"), 503, "unavailable"),
        (ConnectionResetError(), 503, "unavailable"),
        (ValueError("number 0912345678 of Nguyễn Văn An"), 500, "internal-error"),
    ):
        doors.fault = fault
        answer = await client.post(path, json={"number": 1}, headers=headers(token))
        body = problem(answer, status, code)
        assert "Nguyễn" not in str(body)
        if status in (409, 503):
            assert answer.headers["retry-after"]


async def test_unknown_paths_and_methods_are_problems(client: httpx.AsyncClient, token: str) -> None:
    problem(await client.get("/nowhere"), 404, "not-found")
    answer = await client.put("/direct", json={"number": 1}, headers=headers(token))
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"
    problem(await client.get("/things/seven", headers=headers(token)), 422, "invalid")


async def test_a_body_beyond_its_limit_is_refused_even_undeclared(
    client: httpx.AsyncClient, token: str
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 500

    for path in ("/direct", "/plain"):
        sent = 0
        problem(await client.post(path, content=endless(), headers=headers(token)), 413, "body-too-large")
        assert sent < 10
    said = headers(token, **{"content-length": "99999999999999999999999999"})
    problem(await client.post("/direct", content=b"{}", headers=said), 413, "body-too-large")


async def test_over_its_limit_a_caller_is_told_when_to_come_back(issuer: Issuer, tmp_path: Path) -> None:
    async with Doors(issuer.write(tmp_path), per_second=0.5, burst=2).client() as client:
        for path in ("/direct", "/plain"):
            said = headers(issuer.token())
            answer = await client.post(path, json={"number": 1}, headers=said)
            assert answer.status_code == 201
        answer = await client.get("/things/1", headers=said)
        problem(answer, 429, "too-many-requests")
        assert answer.headers["retry-after"] == "2"
        other = headers(issuer.token(subject="other"))
        assert (await client.post("/direct", json={"number": 1}, headers=other)).status_code == 201


async def test_a_trace_goes_on_and_a_broken_one_begins_anew(
    client: httpx.AsyncClient, doors: Doors, token: str
) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    said = headers(token, traceparent=f"00-{trace}-b7ad6b7169203331-01")
    for path in ("/direct", "/plain", "/nowhere"):
        answered = (await client.post(path, json={"number": 1}, headers=said)).headers["traceparent"]
        assert answered.startswith(f"00-{trace}-")
        assert "b7ad6b7169203331" not in answered
    assert doors.traces[0].startswith(f"00-{trace}-")
    for broken in (
        "nonsense",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-{trace.upper()}-b7ad6b7169203331-01",
    ):
        said = headers(token, traceparent=broken)
        answered = (await client.post("/direct", json={"number": 1}, headers=said)).headers["traceparent"]
        assert trace not in answered.lower()
        assert len(answered) == 55


async def test_the_probes_answer_without_a_token(client: httpx.AsyncClient, doors: Doors) -> None:
    assert (await client.get("/livez")).json() == {"live": True}
    assert (await client.get("/readyz")).json() == {"ready": True, "kafka": "away"}
    doors.ready = False
    assert (await client.get("/readyz")).status_code == 503
    assert (await client.get("/version")).json() == {"service": "doors", "release": "1.2.3"}


async def test_a_direct_route_has_an_id_in_its_path(client: httpx.AsyncClient, token: str) -> None:
    """What is no id is refused, whoever may not call first; metrics and log know the template alone."""
    given = "01a217d5-7c32-73e2-b080-a6cd674eebf3"
    done = await client.post(f"/things/{given}/paint", json={"number": 7}, headers=headers(token))
    assert done.json() == {"key": given, "caller": "portal/s1", "number": 7}
    for wrong in ("7", "", "-", f"{given}0"):
        refused = await client.post(f"/things/{wrong}/paint", json={"number": 7}, headers=headers(token))
        assert problem(refused, 422, "invalid")["field"] == "thing_id"
    problem(await client.post("/things/7/paint", json={"number": 7}), 401, "token-missing")
    problem(await client.post(f"/other/{given}/paint", json={}, headers=headers(token)), 404, "not-found")
    assert 'route="/things/{thing_id}/paint"' in (await metrics.exposition()).decode()


async def test_metrics_know_templates_and_never_paths(client: httpx.AsyncClient, token: str) -> None:
    await client.get("/things/98765432109876", headers=headers(token))
    await client.get("/made-up/98765432109876")
    await client.request("BREW", "/direct")
    text = (await client.get("/metrics")).text
    assert 'motcua_requests_answered_total{method="GET",route="/things/{thing_id}",status="200"}' in text
    assert 'route="unmatched"' in text
    assert 'method="OTHER"' in text
    assert "98765432109876" not in text
    assert "made-up" not in text
    assert "BREW" not in text
    assert metrics.REGISTRY.get_sample_value(
        "motcua_requests_duration_seconds_count", {"route": "/things/{thing_id}", "method": "GET"}
    )


async def test_openapi_documents_direct_routes_and_problems(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    for path in ("/direct", "/plain"):
        post = document["paths"][path]["post"]
        schema = post["requestBody"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Thing"}
        assert post["security"] == [{"HTTPBearer": []}]
        assert [each["name"] for each in post["parameters"]] == ["Idempotency-Key", "X-Correlation-Id"]
        assert all("X-Correlation-Id" in answer["headers"] for answer in post["responses"].values())
        for status in ("400", "401", "403", "413", "415", "422", "429", "503"):
            content = post["responses"][status]["content"]["application/problem+json"]
            name = content["schema"]["$ref"].rpartition("/")[2]
            members = document["components"]["schemas"][name]["properties"]
            assert members["status"]["const"] == int(status) and members["code"]["enum"]
    assert document["paths"]["/direct"]["post"]["description"] == "Takes a thing directly."
    assert {"Problem401", "Fault"} <= document["components"]["schemas"].keys()
    assert "HTTPValidationError" not in str(document)


def test_titles_are_those_that_were_released() -> None:
    """Python 3.13 has other words for three of them."""
    titles = "|".join(title_of(status) for status in CODES)
    assert titles == (
        "Bad Request|Unauthorized|Forbidden|Not Found|Method Not Allowed|Request Timeout|Conflict|Precondition Failed|"
        "Request Entity Too Large|Request-URI Too Long|Unsupported Media Type|Unprocessable Entity|Precondition Required|"
        "Too Many Requests|Request Header Fields Too Large|Internal Server Error|Service Unavailable"
    )


def test_the_routes_of_an_application_are_authorised_or_listed(doors: Doors) -> None:
    assert unauthorised_routes(doors.application, doors.application.public) == []


def test_a_route_without_roles_is_found(doors: Doors) -> None:
    @doors.application.get("/forgotten")
    async def forgotten() -> None:
        return None

    faults = unauthorised_routes(doors.application, doors.application.public)
    assert faults == ["/forgotten is neither authorised nor public"]
    public = doors.application.public | {"/forgotten": "why", "/gone": "it is not there any more"}
    assert unauthorised_routes(doors.application, public) == [
        "/gone is public but not there",
        "/forgotten is public without a reason",
    ]


def test_a_bare_application_is_all_faults() -> None:
    faults = unauthorised_routes(FastAPI(), PUBLIC)
    assert "/redoc is neither authorised nor public" in faults
