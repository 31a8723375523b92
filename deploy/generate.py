"""Writes the generated documents: `make generate`. Schemas and AsyncAPI of the contracts, OpenAPI of each service, REFERENCE.md, and
the days that law fixes as days off.

A test compares what stands in the repository with what would be written now.
"""

from __future__ import annotations

import inspect
import json
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from holidays import country_holidays
from pydantic import SecretStr

from contracts import generate as contracts
from contracts.members import MEMBERS
from deploy import setting_tables
from deploy.command.config import SETTINGS
from deploy.views import dictionary
from services.chassis.http.access import roles_needed, roles_of
from services.chassis.http.docs_page import name_of
from services.chassis.http.page_routes import PageRoute
from services.chassis.http.web import Application
from services.chassis.process import metrics, settings
from services.intake import app as intake
from services.intake.settings import IntakeSettings
from services.notify import app as notify
from services.notify.settings import NotifySettings
from services.processing import app as processing
from services.processing.clock import by_law
from services.processing.settings import ProcessingSettings
from services.reporting import app as reporting
from services.reporting.settings import ReportingSettings

ROOT = Path(__file__).parent.parent
MEANINGS: Mapping[str, str] = {
    name: said[0]
    for path in (MEMBERS, MEMBERS.with_name("event_members.toml"))
    for name, said in tomllib.loads(path.read_text(encoding="utf-8"))["members"].items()
}
"""What a member of an event means, by its name."""


YEARS_BY_LAW = range(1995, 2061)
"""From the first year in which a day off on a weekend had a substitute, to further than any limit reaches."""
SWAPPED = "Ngày nghỉ (thay cho"
"""So begin days off that were exchanged for a worked Saturday, which no law fixes but a document of its year."""


class _Absent:
    """Stands where a database or a reader would: an application that is only described asks nothing of it."""

    def __getattr__(self, name: str) -> _Absent:
        return self


ABSENT = cast(Any, _Absent())


@cache
def applications() -> dict[str, Application]:
    """Each service's application, built for its routes alone: it touches no database and no broker until it is asked something."""
    return {
        "intake": intake.build(_unset(IntakeSettings), ABSENT, ABSENT),
        "processing": processing.build(_unset(ProcessingSettings), ABSENT),
        "notify": notify.build(_unset(NotifySettings), ABSENT, ABSENT, dict),
        "reporting": reporting.build(_unset(ReportingSettings), ABSENT, ABSENT, ABSENT, ABSENT),
    }


def _unset(kind: Any) -> Any:
    key = SecretStr("00" * 64)
    return kind.model_construct(
        jwks="absent", jwt_issuer="absent", jwt_audience="", hmac_key=key, code_key=key, payment_secret=key
    )


def _secrets() -> set[str]:
    return {name for kind in SETTINGS.values() for name in settings.secrets_of(kind)}


def routes(application: Application) -> list[tuple[str, str, str]]:
    """Method, path and who may call it, or why anybody may; pages, which no program calls, behind the rest."""
    found: list[tuple[str, str, str]] = []
    for path, operations in application.openapi()["paths"].items():
        for method in operations:
            public = application.public.get(path)
            who = (
                f"anybody: {public}"
                if public
                else ", ".join(sorted(roles_of(application, method.upper(), path)))
            )
            found.append((method.upper(), path, who))
    for route in application.routes:
        if isinstance(route, PageRoute):
            (method,) = route.methods or {"GET"}
            public = application.public.get(route.path)
            who = f"anybody: {public}" if public else ", ".join(sorted(roles_needed(route)))
            found.append((method, route.path, f"page: {who}"))
    return found


def reference() -> str:
    """REFERENCE.md: every setting, route and metric in a line."""
    lines = [
        "# Reference",
        "",
        "Written by `make generate` from the code; not by hand.",
        "",
        "## Settings",
        "",
    ]
    lines += ["By environment, all faults told at once at start.", "", *setting_tables.of_services()]
    lines += [
        "",
        "A secret may also stand in a file: `NAME_FILE` names it, for "
        + ", ".join(f"`{name}`" for name in sorted(_secrets()))
        + ".",
        "",
        "The command `motcua` and the run that it keeps read these; it tells the services their own.",
        "",
        *setting_tables.of_the_command(),
    ]
    built = applications()
    lines += ["", "## Routes", "", "| service | route | who may call it |", "|---|---|---|"]
    for service, application in built.items():
        lines += [f"| {service} | `{method} {path}` | {who} |" for method, path, who in routes(application)]
    lines += ["", "## Metrics", "", "| metric | kind | meaning | labels |", "|---|---|---|---|"]
    for metric in sorted(metrics.LISTED.values(), key=lambda each: each.name):
        labels = "; ".join(f"`{name}`: {values}" for name, values in metric.labels.items())
        lines.append(f"| `{metric.name}` | {metric.kind} | {metric.sentence} | {labels} |")
    return "\n".join(lines) + "\n"


def days_by_law() -> str:
    """The days off of each year with their names in both languages, a line for each year."""
    lines = []
    for year in YEARS_BY_LAW:
        vietnamese, english = (country_holidays("VN", years=year, language=each) for each in ("vi", "en_US"))
        days = {
            day.isoformat(): [name, english[day]]
            for day, name in sorted(vietnamese.items())
            if day.year == year and not name.startswith(SWAPPED)
        }
        lines.append(f'"{year}": {json.dumps(days, ensure_ascii=False)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _where(document: Mapping[str, Any]) -> list[str]:
    """The AsyncAPI document's servers, ways in and topics, as tables."""
    schemes = document["components"]["securitySchemes"]
    lines = ["## Where they are", "", "| server | protocol | example | ways in |", "|---|---|---|---|"]
    for server in document["servers"].values():
        ways = (schemes[each["$ref"].rpartition("/")[2]] for each in server["security"])
        told = "; ".join(f"`{way['type']}`: {way['description'].rstrip('.')}" for way in ways)
        address = server["variables"]["address"]["default"]
        lines.append(f"| {server['description']} | `{server['protocol']}` | `{address}` | {told} |")
    lines += ["", "| topic | who writes and reads it | partitions | events |", "|---|---|---|---|"]
    for channel in document["channels"].values():
        names = ", ".join(f"`{name.replace('_', '.')}`" for name in channel["messages"]) or "no events"
        partitions = channel["bindings"]["kafka"]["partitions"]
        lines.append(f"| `{channel['address']}` | {channel['description']} | {partitions} | {names} |")
    return lines


def events() -> str:
    """docs/events.md: every event in words, with its members."""
    lines = [
        "# Events",
        "",
        "Written by `make generate` from the contracts; not by hand. Each bears, beside its own members, `id`, `type`,",
        "`time` and the id of what it is about. For programs the same stands in",
        "[contracts/asyncapi.json](../contracts/asyncapi.json).",
        "",
        *_where(contracts.asyncapi()),
    ]
    for message in contracts.MESSAGES:
        said = inspect.cleandoc(message.__doc__ or "").replace("\n", " ")
        lines += [
            "",
            f"## {message.type_name}",
            "",
            f"{said} Said by {message.owner}, on `{message.topic}`.",
            "",
        ]
        lines += ["| member | kind | meaning |", "|---|---|---|"]
        for name, told in contracts.schema(message)["properties"].items():
            if name not in contracts.envelope_of(message):
                kind = name_of(told).replace("|", "or").replace("#/$defs/", "")
                meaning = told.get("description") or MEANINGS.get(name, "")
                lines.append(f"| `{name}` | {kind} | {meaning} |")
    return "\n".join(lines) + "\n"


def documents() -> dict[Path, str]:
    """Every generated file with what is to stand in it."""
    found = contracts.documents()
    for service, application in applications().items():
        text = json.dumps(application.openapi(), indent=2, ensure_ascii=False)
        found[ROOT / "contracts" / "openapi" / f"{service}.json"] = text + "\n"
    found[ROOT / "REFERENCE.md"] = reference()
    found[ROOT / "docs" / "events.md"] = events()
    found[ROOT / "docs" / "views.md"] = dictionary()
    found[by_law.TABLE] = days_by_law()
    return found


def main() -> None:
    """Writes them."""
    contracts.main()
    for path, text in documents().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
