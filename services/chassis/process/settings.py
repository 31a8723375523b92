"""What a process is told by its environment, read once at start.

Promises to tell every fault at once, each with the variable's name, and never the value that was wrong: a value may be a
secret. A secret may stand in a file of its own, which NAME_FILE names. Never reads a file of settings and never has a default for a secret.
"""

import os
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings

from services.chassis.process.kafka_client import PREFIX as PREFIX
from services.chassis.process.kafka_client import KafkaSettings as KafkaSettings
from services.chassis.process.kafka_client import KafkaVariables

FILE = "_FILE"
"""What ends the name of a variable that names the file with a secret."""
SHARED_KEY_CHARACTERS = 32
LOOPBACK = ("127.0.0.1", "::1")
ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")
SEALING_KEY = re.compile(r"[0-9a-fA-F]{128}")

Port = Annotated[int, Field(ge=1, le=65535)]


def _are_networks(value: str) -> str:
    for each in listed(value):
        ip_network(each)
    return value


def _are_origins(value: str) -> str:
    for each in listed(value):
        if not ORIGIN.fullmatch(each):
            raise ValueError("an origin is written https://portal.example.org, without a path")
    return value


def listed(value: str) -> list[str]:
    """The parts of a setting that may name several, comma separated."""
    return [each.strip() for each in value.split(",") if each.strip()]


Networks = Annotated[str, AfterValidator(_are_networks)]
Origins = Annotated[str, AfterValidator(_are_origins)]


class SettingsFault(SystemExit):
    """The process cannot start: the text names each variable and what is wrong with it; the exit code is 78 (EX_CONFIG)."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(78)
        self.faults = faults

    def __str__(self) -> str:
        return "settings: " + "; ".join(self.faults)


class ServiceSettings(KafkaVariables):
    """The variables that every service knows; a service adds its own in its `settings.py`."""

    database_dsn: SecretStr = Field(description="PostgreSQL address of the role that the service runs as.")
    database_pooler: Literal["none", "transaction"] = Field(
        default="none",
        description="What stands before the database: none, or transaction for PgBouncer in transaction mode. Migrations go past it.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: Port = Field(description="Port to listen on.")
    jwks: str = Field(
        min_length=1,
        description="The issuer's public keys: a path or an http(s) address; of several issuers, comma separated.",
    )
    jwt_issuer: str = Field(
        min_length=1,
        description="The `iss` that a token must carry; of several, comma separated, in the order of their keys.",
    )
    jwt_audience: str = Field(min_length=1, description="The `aud` that a token must carry.")
    jwt_role_claim: str = Field(
        default="role",
        min_length=1,
        description="The claim that has the role, or a path, as realm_access.roles; of a list, the one that is known here.",
    )
    jwt_unit_claim: str = Field(default="unit", min_length=1, description="The claim that has the unit.")
    jwt_office_claim: str = Field(
        default="office", min_length=1, description="The claim that has the office."
    )
    jwt_clients: str = Field(
        default="",
        description="Clients whose tokens are taken (azp, client_id or appid), comma separated; all, where none is named.",
    )
    jwt_skew_seconds: float = Field(
        default=5.0, ge=0, le=300, description="How far an issuer's clock may be ahead of ours."
    )
    jwt_lifetime_hours: float = Field(
        default=24.0,
        gt=0,
        le=8760,
        description="How long a token may live, hours from its `iat` to its `exp`.",
    )
    jwt_revoked: str = Field(
        default="",
        description='The issuer\'s list of withdrawn tokens, {"revoked": [jti, …]}: a path or an http(s) address; empty for none.',
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least severity that is logged."
    )
    caller_requests_per_second: float = Field(
        default=200.0,
        gt=0,
        description="Requests a second that one caller may make in the long run. Each process counts for itself: two allow twice as many.",
    )
    caller_requests_burst: int = Field(
        default=400, ge=1, description="Requests that one caller may make at once."
    )
    unnamed_answers_per_second: float = Field(
        default=300.0,
        gt=0,
        description="Answers without a caller's name that an address gets a second in the long run, and answers to its own faults (400, "
        "403, 422, 429) a caller. Each further one waits, a second at most. A refusal counts ten times, and each 16 KB once more.",
    )
    unnamed_answers_burst: int = Field(
        default=250, ge=1, description="Such answers that are given without waiting."
    )
    connections: int = Field(
        default=4000, ge=10, le=1_000_000, description="HTTP connections that may be open at once."
    )
    connections_per_address: int = Field(
        default=1000, ge=10, description="HTTP connections that may be open from one address at once."
    )
    trusted_proxies: Networks = Field(
        default="",
        description="Networks of proxies whose Forwarded or X-Forwarded-For is believed, comma separated, as 10.0.0.0/8; none by default.",
    )
    cors_origins: Origins = Field(
        default="",
        description="Origins whose pages may ask from a browser, comma separated, as https://portal.example.org; none by default.",
    )
    leave_seconds: float = Field(
        default=0.0,
        ge=0,
        le=120,
        description="How long readyz says no after SIGTERM before the socket closes, for load balancers to go elsewhere.",
    )
    drain_seconds: float = Field(
        default=10.0,
        gt=0,
        le=300,
        description="How long requests in flight may take once the socket is closed.",
    )

    sandbox: str = Field(
        default="",
        description="Makes the service a sandbox: the file with the seconds by which its clock is ahead. Refused beside a MOTCUA_HOST that "
        "others can reach, and behind proxies; empty for a service that is none.",
    )

    @model_validator(mode="after")
    def _a_sandbox_is_reached_from_its_machine_alone(self) -> Self:
        """Guarantee: no service that others can reach is a sandbox. Test: test_a_sandbox_is_refused_where_others_reach_it."""
        if self.sandbox and (self.host not in LOOPBACK or self.trusted_proxies):
            raise ValueError(
                "MOTCUA_SANDBOX wants MOTCUA_HOST 127.0.0.1 or ::1, and no MOTCUA_TRUSTED_PROXIES"
            )
        return self

    @model_validator(mode="after")
    def _each_issuer_has_its_keys(self) -> Self:
        if len(listed(self.jwks)) != len(listed(self.jwt_issuer)):
            raise ValueError("as many JWKS as JWT_ISSUER, in the same order")
        return self

    @property
    def origins(self) -> list[str]:
        return listed(self.cors_origins)

    @property
    def pooled(self) -> bool:
        return self.database_pooler == "transaction"


class PagesSettings(ServiceSettings):
    """The variables of a service that has pages for people."""

    public_url: str = Field(
        default="",
        pattern=r"^(https?://[^/]+/?)?$",
        description="Where browsers find the service's pages, https://host[:port]; without it nobody can log in.",
    )
    oidc_issuer: str = Field(
        default="", description="OpenID Connect provider at which people log in, as its tokens name it."
    )
    oidc_client_id: str = Field(default="motcua", description="As what the provider knows the service.")
    oidc_client_secret: SecretStr = Field(
        default=SecretStr(""), description="Its secret there; empty for a public client, with PKCE alone."
    )
    oidc_discovery: str = Field(
        default="",
        description="Address of the provider's discovery document, where it is not below the issuer.",
    )
    oidc_role: str = Field(
        default="", description="Role of people for whom the provider names none; empty lets none of them in."
    )


def key_ring(value: SecretStr) -> tuple[str, ...]:
    """The keys of a setting that may hold several, comma separated: the first is written with, all are read with.

    Guarantee: a key can be changed while what was written under the old one is still read. Test: test_every_key_of_a_ring_is_read.
    """
    return tuple(key.strip() for key in value.get_secret_value().split(","))


def _are_long(value: SecretStr) -> SecretStr:
    if all(len(key) >= SHARED_KEY_CHARACTERS for key in key_ring(value)):
        return value
    raise ValueError(f"each key must have {SHARED_KEY_CHARACTERS} characters or more, without a comma")


def _are_sealing(value: SecretStr) -> SecretStr:
    if all(SEALING_KEY.fullmatch(key) for key in key_ring(value)):
        return value
    raise ValueError("each key must be 128 hex digits")


SharedKeys = Annotated[SecretStr, AfterValidator(_are_long)]
SealingKeys = Annotated[SecretStr, AfterValidator(_are_sealing)]

S = TypeVar("S", bound=BaseSettings)


def load(kind: type[S]) -> S:
    """The settings of this process, or SettingsFault with all that is wrong.

    Guarantee: every fault is told at once, by variable name and without its value. Test: test_all_faults_are_told_at_once_without_values.
    """
    secrets, faults = _from_files(kind)
    try:
        settings = kind(**secrets)
    except ValidationError as error:
        raise SettingsFault(
            faults
            + [
                f"{PREFIX}{str(fault['loc'][0]).upper() if fault['loc'] else '*'}: {fault['msg']}"
                for fault in error.errors(include_input=False, include_context=False, include_url=False)
            ]
        ) from None
    if faults:
        raise SettingsFault(faults)
    return settings


def secrets_of(kind: type[BaseSettings]) -> dict[str, str]:
    """The variables that hold a secret, which may stand in a file that NAME_FILE names, each with the name of its field."""
    found = {}
    for name, field in kind.model_fields.items():
        if field.annotation is SecretStr:
            found[f"{PREFIX}{name.upper()}"] = name
    return found


def _from_files(kind: type[BaseSettings]) -> tuple[dict[str, Any], list[str]]:
    """Secrets from the files that are named, and what is wrong with those.

    Guarantee: a secret need not stand in the environment. Test: test_a_secret_is_read_from_its_file.
    """
    read: dict[str, Any] = {}
    faults = []
    for variable, name in secrets_of(kind).items():
        path = os.environ.get(f"{variable}{FILE}")
        if path is None:
            continue
        if variable in os.environ:
            faults.append(f"{variable}: given itself and as a file; one of them")
            continue
        try:
            read[name] = Path(path).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeError) as error:
            faults.append(f"{variable}{FILE}: cannot be read ({type(error).__name__})")
    return read, faults


def variables(kind: type[BaseSettings]) -> dict[str, str]:
    """Each variable that `kind` reads, with its sentence, for the documentation and its test."""
    return {f"{PREFIX}{name.upper()}": field.description or "" for name, field in kind.model_fields.items()}
