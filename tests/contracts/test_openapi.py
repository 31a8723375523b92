"""The services' documents are such that clients can be made from them: all is named, described and shown by an example."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from contracts.members import MEMBERS
from deploy.generate import applications
from services.chassis.http.described import OWN_ID, PROBES, operations
from tests.problems import documented, undocumented

ROOT = Path(__file__).parents[2]
SERVICES = ("intake", "processing", "notify", "reporting")
DOCUMENTS: dict[str, dict[str, Any]] = {
    service: json.loads((ROOT / "contracts" / "openapi" / f"{service}.json").read_text("utf-8"))
    for service in SERVICES
}
WORDS = {
    service: tomllib.loads((ROOT / "services" / service / "openapi.toml").read_text("utf-8"))
    for service in SERVICES
}
SHARED = tomllib.loads(MEMBERS.read_text("utf-8"))["members"]
each_service = pytest.mark.parametrize("service", SERVICES)


def schemas(service: str) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENTS[service]["components"]["schemas"]
    return found


def members(service: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, schema in schemas(service).items():
        for member, told in schema.get("properties", {}).items():
            yield name, member, told


@each_service
def test_a_service_says_its_written_contract(service: str) -> None:
    """Both documents are there before the first question, and nothing was made of the routes for them."""
    application = applications.__wrapped__()[service]  # one of which nobody has asked anything
    application.prepare()
    assert json.loads(vars(application)["document"]) == DOCUMENTS[service]
    assert DOCUMENTS[service]["info"]["title"].encode() in vars(application)["docs"]
    assert application.openapi_schema is None


@each_service
def test_every_member_has_a_description_and_an_example(service: str) -> None:
    """Its own (Field), or a line in the service's openapi.toml or in contracts/members.toml."""
    assert [f"{n}.{m}" for n, m, told in members(service) if not told.get("description")] == []
    assert [f"{n}.{m}" for n, m, told in members(service) if "examples" not in told] == []
    for method, path, operation in operations(DOCUMENTS[service]):
        for each in operation.get("parameters", []):
            assert each.get("description") and "example" in each, (method, path, each["name"])


@each_service
def test_every_example_is_what_its_schema_says(service: str) -> None:
    components = DOCUMENTS[service]["components"]

    def check(example: Any, schema: Any) -> None:
        jsonschema.Draft202012Validator({**schema, "components": components}).validate(example)

    for _, _, told in members(service):
        for example in told["examples"]:
            check(example, told)
    for method, path, operation in operations(DOCUMENTS[service]):
        for each in operation.get("parameters", []):
            check(each["example"], each["schema"])
        told = [*operation["responses"].values(), operation.get("requestBody", {})]
        for media in (media for each in told for media in each.get("content", {}).values()):
            assert "example" in media, (method, path)
            check(media["example"], media["schema"])


@each_service
def test_every_example_of_a_body_is_taken_by_its_route(service: str) -> None:
    application = applications()[service]
    shown = {(m, p): o for m, p, o in operations(DOCUMENTS[service])}
    for route in application.routes:
        if isinstance(route, APIRoute) and route.body_field is not None and route.include_in_schema:
            (method,) = route.methods
            [media] = shown[method, route.path]["requestBody"]["content"].values()
            TypeAdapter(route.body_field.field_info.annotation).validate_json(json.dumps(media["example"]))


@each_service
def test_names_are_unique_and_tags_are_described(service: str) -> None:
    document = DOCUMENTS[service]
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names)) and all(re.fullmatch(r"[a-z][a-z_]+", name) for name in names)
    titles = [schema["title"] for schema in schemas(service).values()]
    assert len(titles) == len(set(titles))
    used = {tag for _, _, operation in operations(document) for tag in operation["tags"]}
    assert used == {tag["name"] for tag in document["tags"] if tag["description"]}


@each_service
def test_headers_are_told_as_they_are(service: str) -> None:
    for method, path, operation in operations(DOCUMENTS[service]):
        for each in operation.get("parameters", []):
            may_miss = {"type": "null"} in each["schema"].get("anyOf", ())
            assert each["required"] is not may_miss or each["in"] != "header" or each["name"] == OWN_ID
        own = [each["required"] for each in operation.get("parameters", []) if each["name"] == OWN_ID]
        echoed = [OWN_ID in answer.get("headers", ()) for answer in operation["responses"].values()]
        assert path in PROBES or (own == [False] and all(echoed)), (method, path)
        for status in ("429", "503"):
            answer = operation["responses"].get(status)
            assert answer is None or path in PROBES or "Retry-After" in answer["headers"], (method, path)


@each_service
def test_no_line_of_the_words_is_left_over(service: str) -> None:
    document, words = DOCUMENTS[service], WORDS[service]
    routes = {f"{method} {path}" for method, path, _ in operations(document)}
    assert set(words["routes"]) - routes == set()
    liked = {name for route in words["routes"].values() for name in route.get("like", [])}
    assert set(words.get("sets", {})) == liked
    of_schemas = {f"{name}.{member}" for name, member, _ in members(service)}
    named = {member for _, member, _ in members(service)} | {
        each["name"] for _, _, operation in operations(document) for each in operation.get("parameters", [])
    }
    assert set(words["members"]) - of_schemas - named == set()


def test_a_shared_word_is_used_by_more_than_one_service_or_by_nobody_alone() -> None:
    text = {service: json.dumps(DOCUMENTS[service]) for service in SERVICES}
    assert [
        name for name in SHARED if not any(f'"{name.rpartition(".")[2]}"' in t for t in text.values())
    ] == []


@each_service
def test_every_code_that_is_named_is_given_and_provoked_by_a_test(service: str) -> None:
    """A code of the words stands in the service's code, and in a test that provokes it; those of states have a table of their own."""
    own = {
        code
        for told in (
            *WORDS[service].get("sets", {}).values(),
            *(r.get("gives", {}) for r in WORDS[service]["routes"].values()),
        )
        for codes in told.values()
        for code in codes
    }
    given = "\n".join(
        path.read_text("utf-8")
        for room in (service, "chassis")
        for path in (ROOT / "services" / room).rglob("*.py")
    )
    provoked = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    by_state = re.compile(r"not-while-[a-z-]+")
    assert [code for code in own if f'"{code}"' not in given and not by_state.fullmatch(code)] == []
    assert [code for code in sorted(own) if code not in provoked and not by_state.fullmatch(code)] == []


def test_every_member_of_an_event_has_a_meaning() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \|.*\| (.*?) ?\|$", (ROOT / "docs" / "events.md").read_text("utf-8"), re.M
    )
    assert len(rows) > 100 and [name for name, meaning in rows if not meaning] == []
    named = {name for name, _ in rows}
    words = tomllib.loads(MEMBERS.with_name("event_members.toml").read_text("utf-8"))["members"]
    assert set(words) - named == set()


def test_every_problem_answered_is_a_documented_one() -> None:
    """Of all that this run of the tests provoked; conftest.py asks once more when it is over."""
    assert undocumented() == []
    assert "dossier-unknown" in documented()["/v1/dossiers/{dossier_id}"]


@each_service
def test_the_page_shows_all_of_it_and_loads_nothing(service: str) -> None:
    page = applications()[service].docs.decode()
    assert all(
        f'id="{operation["operationId"]}"' in page for _, _, operation in operations(DOCUMENTS[service])
    )
    assert all(
        f"<code>{code}</code>" in page
        for code in ("dossier-unknown", "token-missing")
        if service != "reporting"
    )
    assert not re.search(r'<script|<link|<img|src=|@import|url\(|="https?://', page)
