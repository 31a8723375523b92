"""Every member of every query of a service, sent empty, twice and wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx

SOME_ID = "01890000-0000-7000-8000-000000000000"
WRONG = (
    "x",
    "-1",
    "99999999999999999999",
    "%00",
    "%FF",
    "é" * 40,
    "a" * 5_000,
    "1e400",
    "2026-02-30",
    "[]",
    "' OR 1=1 --",
    " ",
)


def members(document: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Path with ids filled in, name of the member, and whether it may come more than once."""
    for path, methods in document["paths"].items():
        for parameter in methods.get("get", {}).get("parameters", ()):
            if parameter["in"] == "query":
                yield path.replace("{name}", "months"), parameter["name"], "array" in str(parameter["schema"])


async def ask_all(client: httpx.AsyncClient, document: Mapping[str, Any], headers: Mapping[str, str]) -> int:
    """Asserts of each that it is answered, empty as if it were absent, twice and wrong without a fault of ours; how many there were."""
    asked = 0
    for template, name, many in members(document):
        path = template
        while "{" in path:
            path = path[: path.index("{")] + SOME_ID + path[path.index("}") + 1 :]
        absent = await client.get(path, headers=headers)
        empty = await client.get(f"{path}?{name}=", headers=headers)
        assert (empty.status_code, empty.text[:200]) == (absent.status_code, absent.text[:200]), (path, name)
        twice = await client.get(f"{path}?{name}=1&{name}=2", headers=headers)
        assert twice.status_code == 422, (path, name, twice.text)
        if not many:
            assert twice.json()["code"] == "query-member-twice"
            assert twice.json()["field"] == name
        for value in WRONG:
            wrong = await client.get(f"{path}?{name}={value}", headers=headers)
            assert wrong.status_code < 500, (path, name, value, wrong.text)
        asked += 1
    return asked
