"""The settings in REFERENCE.md: what each means, in which unit it is, what it is where nobody says, and how it is written."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from deploy.command.config import SETTINGS
from deploy.command.reach import VARIABLES as ELSEWHERE
from deploy.local.home import DEFAULT_BASE
from deploy.local.home import VARIABLES as HOME
from deploy.local.logs import BYTES, FILES
from deploy.local.logs import VARIABLES as LOGS
from services.chassis.process import settings

EXAMPLES: Mapping[str, str] = tomllib.loads(
    Path(__file__).with_name("setting_examples.toml").read_text(encoding="utf-8")
)["settings"]
UNITS = {
    "_PER_SECOND": "a second",
    "_PER_MINUTE": "a minute",
    "_SECONDS": "seconds",
    "_HOURS": "hours",
    "_YEARS": "years",
    "_MEGABYTES": "megabytes",
    "_BYTES": "bytes",
    "_FILES": "files",
    "_BURST": "requests",
    "_CONNECTIONS": "connections",
    "_PER_ADDRESS": "connections",
    "_PORT": "port",
    "_PORT_BASE": "port",
}
OF_THE_COMMAND = {
    "MOTCUA_HOME": ".local",
    "MOTCUA_PORT_BASE": str(DEFAULT_BASE),
    "MOTCUA_LOG_BYTES": str(BYTES),
    "MOTCUA_LOG_FILES": str(FILES),
}


def of_services() -> list[str]:
    """A line for each setting of a service."""
    readers: dict[str, list[str]] = {}
    fields: dict[str, FieldInfo] = {}
    for service, kind in SETTINGS.items():
        for name, field in kind.model_fields.items():
            variable = f"{settings.PREFIX}{name.upper()}"
            readers.setdefault(variable, []).append(service)
            fields[variable] = field
    lines = ["| variable | services | meaning | unit | default | example |", "|---|---|---|---|---|---|"]
    for variable, services in readers.items():
        whose = "all" if len(services) == len(SETTINGS) else ", ".join(services)
        default = _written(fields[variable].default)
        shown = "required" if fields[variable].is_required() else f"`{default}`" if default else "empty"
        lines.append(_row(variable, whose, fields[variable].description or "", unit(variable), shown))
    return lines


def of_the_command() -> list[str]:
    """A line for each setting of the command `motcua`."""
    lines = ["| variable | meaning | unit | default | example |", "|---|---|---|---|---|"]
    for variable, meaning in {**HOME, **LOGS, **ELSEWHERE}.items():
        default = OF_THE_COMMAND.get(variable)
        lines.append(_row(variable, meaning, unit(variable), f"`{default}`" if default else "empty"))
    return lines


def unit(variable: str) -> str:
    """In what a number is told; empty for what is none."""
    return next((told for end, told in UNITS.items() if variable.endswith(end)), "")


def example(variable: str) -> str:
    """One that the service takes: made up, or the default."""
    defaults = [
        kind.model_fields.get(variable.removeprefix(settings.PREFIX).lower()) for kind in SETTINGS.values()
    ]
    written = next((_written(field.default) for field in defaults if field), OF_THE_COMMAND.get(variable, ""))
    return EXAMPLES.get(variable) or written


def _row(variable: str, *cells: str) -> str:
    columns: Sequence[str] = (f"`{variable}`", *cells, f"`{example(variable)}`")
    return f"| {' | '.join(each.replace('|', chr(92) + '|') for each in columns)} |"


def _written(default: Any) -> str:
    """As it would stand in the environment."""
    if default is PydanticUndefined:
        return ""
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:g}" if isinstance(default, float) else str(default)
