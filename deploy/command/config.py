"""`motcua config check SERVICE`: what is wrong with a service's settings, all at once, before anything is started with them.

Reads the environment as the service would, tries the parts that it names, and never shows a value.
"""

from __future__ import annotations

import asyncio
import difflib
import logging
import os
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping

import aiosmtplib
import asyncpg
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, SaslAuthenticationFailed, UnsupportedSaslMechanismError

from deploy.command.reach import VARIABLES as ELSEWHERE
from deploy.local.home import VARIABLES as HOME
from deploy.local.logs import VARIABLES as LOGS
from services.chassis.http.issuers import tokens_of
from services.chassis.http.tokens import KeysUnavailable
from services.chassis.process.settings import (
    FILE,
    PREFIX,
    ServiceSettings,
    SettingsFault,
    load,
    secrets_of,
    variables,
)
from services.intake.settings import IntakeSettings
from services.notify.channels.email import connected
from services.notify.settings import NotifySettings
from services.processing.settings import ProcessingSettings
from services.reporting.settings import ReportingSettings

TRY_SECONDS = 5.0
NOT_BELIEVED = (
    "its certificate is not believed, or bears another name; see the …_CA of this part, or SSL_CERT_FILE"
)
REFUSED = "it answers, and refuses the user or the password"
WAYS_OUT: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLCertVerificationError, NOT_BELIEVED),
    (ssl.SSLError, "it answers, but not with the TLS that is set"),
    (asyncpg.InvalidAuthorizationSpecificationError, REFUSED),
    (asyncpg.InvalidCatalogNameError, "it answers, and has no such database"),
    (
        asyncpg.ClientConfigurationError,
        "the address cannot be followed: verify-full wants an sslrootcert that can be read",
    ),
    (aiosmtplib.SMTPAuthenticationError, REFUSED),
    (SaslAuthenticationFailed, REFUSED),
    (UnsupportedSaslMechanismError, "it answers, and does not offer this MOTCUA_KAFKA_SASL_MECHANISM"),
    (socket.gaierror, "there is no host of this name"),
    (ConnectionRefusedError, "nobody listens there"),
    (FileNotFoundError, "there is no such file"),
    (KeysUnavailable, "what is there is no set of keys"),
    (TimeoutError, f"no answer within {TRY_SECONDS:.0f} seconds"),
)
"""By what is, or stands behind, a failure: what to look at; the first that fits."""
SETTINGS: Mapping[str, type[ServiceSettings]] = {
    "intake": IntakeSettings,
    "processing": ProcessingSettings,
    "notify": NotifySettings,
    "reporting": ReportingSettings,
}


def check(service: str, say: Callable[[str], None]) -> int:
    """Says every fault; 0 when there is none.

    Guarantee: a name that no service knows is told, with the one that was meant. Test: test_every_fault_of_settings_is_told_at_once.
    """
    kind = SETTINGS[service]
    faults = unknown(kind)
    try:
        settings = load(kind)
    except SettingsFault as fault:
        faults += fault.faults
    else:
        faults += asyncio.run(_tried(settings))
    for each in faults:
        say(each)
    say(f"{len(faults)} faults" if faults else f"{service}: the settings are sound, and every part answers")
    return 1 if faults else 0


def unknown(kind: type[ServiceSettings]) -> list[str]:
    """Variables with our prefix that the service does not read: most are a slip of the pen."""
    known = {*variables(kind), *(f"{name}{FILE}" for name in secrets_of(kind)), *HOME, *LOGS, *ELSEWHERE}
    found = []
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            meant = difflib.get_close_matches(name, known, n=1)
            found.append(f"{name}: no such setting{f'; {meant[0]}?' if meant else ''}")
    return found


async def _tried(settings: ServiceSettings) -> list[str]:
    async def database() -> None:
        await (await asyncpg.connect(settings.database_dsn.get_secret_value(), timeout=TRY_SECONDS)).close()

    async def kafka() -> None:
        admin = AIOKafkaAdminClient(**settings.kafka.client_options())
        told = _Told()
        log = logging.getLogger("aiokafka")
        log.addHandler(told)
        log.propagate = False
        try:
            await admin.start()
        except KafkaError as error:  # which does not say why
            raise error from told.last
        finally:
            log.removeHandler(told)
            log.propagate = True
            await admin.close()

    async def keys() -> None:
        await tokens_of(settings).fetch_keys()

    parts: dict[str, Callable[[], Awaitable[None]]] = {
        "MOTCUA_DATABASE_DSN": database,
        "MOTCUA_KAFKA_BOOTSTRAP": kafka,
        "MOTCUA_JWKS": keys,
    }
    if isinstance(settings, NotifySettings):
        parts["MOTCUA_SMTP_HOST"] = lambda: _greet(settings)
    found = await asyncio.gather(*(_fault(name, part) for name, part in parts.items()))
    return [fault for fault in found if fault]


class _Told(logging.Handler):
    """Keeps the last failure that Kafka's client wrote into its log."""

    last: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        told = record.args if isinstance(record.args, tuple) else ()
        self.last = next((each for each in told if isinstance(each, BaseException)), self.last)


async def _greet(settings: NotifySettings) -> None:
    """With TLS and the log-in that are set."""
    connection = await connected(settings.smtp_host, settings.smtp_port, settings.entry, TRY_SECONDS)
    await connection.quit()


async def _fault(name: str, part: Callable[[], Awaitable[None]]) -> str:
    """What went wrong, in our words and by its type: messages quote addresses and users."""
    try:
        async with asyncio.timeout(TRY_SECONDS):
            await part()
    except Exception as error:
        causes: list[BaseException] = [error]
        while below := causes[-1].__cause__ or causes[-1].__context__:
            causes.append(below)
        for kind, said in WAYS_OUT:
            for each in causes:
                if isinstance(each, kind):
                    return f"{name}: {said} ({type(each).__name__})"
        return f"{name}: does not answer ({type(error).__name__})"
    return ""
