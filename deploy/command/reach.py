"""How an operator's command reaches a run: the embedded one of the home, or any other by addresses that the environment names.

MOTCUA_INTAKE_DSN and its like are addresses of the services' databases, as the service's own role or one that may as much;
MOTCUA_INTAKE_OWNER_DSN, which `recover`, `go-on` and `rebuild` want, of the role that migrates. The broker is named as for a service.
`export` needs no more than an analyst has: MOTCUA_REPORTING_DSN as the role `analyst`, the broker as the user of that name.
"""

from __future__ import annotations

import os

from contracts.topics import SERVICES
from deploy.local.home import Home
from deploy.local.keys import secrets_of
from deploy.local.postgres.run import Postgres
from deploy.local.process import Failed
from services.chassis.process.kafka_client import PREFIX, KafkaVariables
from services.chassis.process.settings import KafkaSettings, SettingsFault, load


def variable(service: str, what: str) -> str:
    return f"{PREFIX}{service.upper()}_{what}"


VARIABLES = {
    **{
        variable(
            service, "DSN"
        ): f"The address of {service}'s database, for an operator's commands from elsewhere."
        for service in SERVICES
    },
    **{
        variable(
            service, "OWNER_DSN"
        ): f"The same as the role {service}_owner, for `recover`, `go-on` and `rebuild`."
        for service in SERVICES
    },
    **{
        variable(
            service, "URL"
        ): f"Where {service} answers, for an operator's commands from elsewhere: https://…"
        for service in SERVICES
    },
}


def elsewhere() -> bool:
    """Whether the environment names any of them: then the home is not asked for anything.

    Guarantee: a command never mixes two runs. Test: test_a_command_reaches_the_run_that_is_named_or_none.
    """
    return any(os.environ.get(name) for name in (*VARIABLES, f"{PREFIX}KAFKA_BOOTSTRAP"))


def _named(name: str) -> str:
    if found := os.environ.get(name):
        return found
    raise Failed(f"{name} is not set: {VARIABLES[name]}")


def dsn(home: Home, service: str, *, owner: bool = False, role: str = "") -> str:
    """Of a service's database; in a home as another `role` that may enter it."""
    if elsewhere():
        return _named(variable(service, "OWNER_DSN" if owner else "DSN"))
    role = role or (f"{service}_owner" if owner else service)
    return Postgres.of_environment(home.path, home.port("postgres"), secrets_of(home.path).postgres).dsn(
        role, service
    )


def kafka(home: Home, service: str) -> KafkaSettings:
    """As that service, which may read its own topics."""
    if not elsewhere():
        return KafkaSettings(f"127.0.0.1:{home.port('kafka')}", service, secrets_of(home.path).kafka[service])
    try:
        return load(KafkaVariables).kafka
    except SettingsFault as fault:
        raise Failed(str(fault)) from None


def url(home: Home, service: str) -> str:
    """Where a service answers."""
    return _named(variable(service, "URL")).rstrip("/") if elsewhere() else home.url(service)
