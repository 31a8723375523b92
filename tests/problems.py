"""Which problems the documents name for each route, and which were answered in this process that none names."""

from __future__ import annotations

import json
from pathlib import Path

from services.chassis.process import metrics

DOCUMENTS = Path(__file__).parents[1] / "contracts" / "openapi"
OF_NO_ROUTE = {"internal-error", "method-not-allowed"}
"""Ours to mend, and of a method that no route has."""


def documented() -> dict[str, set[str]]:
    """Codes by path; two services may have one path, and their documents are then taken together."""
    found: dict[str, set[str]] = {}
    for document in DOCUMENTS.glob("*.json"):
        told = json.loads(document.read_text(encoding="utf-8"))
        problems = {
            name: schema["properties"]["code"].get("enum", [])
            for name, schema in told["components"]["schemas"].items()
            if name.startswith("Problem")
        }
        for path, operations in told["paths"].items():
            for operation in operations.values():
                for answer in operation["responses"].values():
                    for media in answer.get("content", {}).values():
                        name = media["schema"].get("$ref", "").rpartition("/")[2]
                        found.setdefault(path, set()).update(problems.get(name, ()))
    return found


def undocumented() -> list[str]:
    """Every route and code that was answered and that no document names."""
    names = documented()
    answered = (
        sample.labels
        for family in metrics.PROBLEMS_ANSWERED.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    )
    return sorted(
        f"{labels['route']}: {labels['problem']}"
        for labels in answered
        if labels["route"] in names and labels["problem"] not in names[labels["route"]] | OF_NO_ROUTE
    )
