"""What the embedded run consists of: the parts in the order of their start, and what each service is told."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

from deploy.local.home import SMS, Home
from deploy.local.issuer import AUDIENCE, HOURS_MOST, ISSUER, Issuer
from deploy.local.kafka.run import Kafka
from deploy.local.keys import Secrets, receipts_key
from deploy.local.postgres.run import Postgres
from deploy.local.process import Process

SENDER = "motcua@example.org"
RETURN_PATH = "tra-lai@return.example.org"
NAME = "MOT CUA"
"""As text messages have it, of eleven characters at most."""
WITH_PAGES = ("intake", "processing")
"""Services whose pages people log in to."""
PASSED_ON = ("MOTCUA_LOG_LEVEL", "MOTCUA_OFFICES_FILE", "MOTCUA_CLAMD")
SERVICE_STOP_SECONDS = 25.0


@dataclass(slots=True)
class Part:
    """A process that is kept running. `start` starts it (again) and does not wait for more than a second or two."""

    name: str
    process: Callable[[], Process | None]
    start: Callable[[], None]

    @property
    def running(self) -> bool:
        process = self.process()
        return process is not None and process.running


def service_part(
    service: str, home: Home, postgres: Postgres, kafka: Kafka, secrets: Callable[[], Secrets]
) -> Part:
    """`secrets`: asked at each start, for they change while the run goes on."""
    process = Process(service, home=home.path)
    program = [sys.executable, "-m", f"services.{service}.app"]

    def start() -> None:
        process.start(program, service_environment(service, home, postgres, kafka, secrets()))

    return Part(service, lambda: process, start)


def mail_part(home: Home) -> Part:
    process = Process("mail", home=home.path)
    program = [sys.executable, "-m", "deploy.local.mail", "127.0.0.1", str(home.port("mail")), str(home.mail)]
    return Part("mail", lambda: process, lambda: process.start(program))


def officers_part(home: Home) -> Part:
    """Who acts on a sandbox's dossiers."""
    process = Process("officers", home=home.path)
    program = [sys.executable, "-m", "deploy.local.sandbox.officers", str(home.path), str(home.base)]
    return Part("officers", lambda: process, lambda: process.start(program))


def sms_parts(home: Home) -> dict[str, Part]:
    """The stand-ins for two providers of text messages."""

    def part(name: str) -> Part:
        process = Process(name, home=home.path)
        where = ["127.0.0.1", str(home.port(name)), str(home.messages)]
        return Part(
            name,
            lambda: process,
            lambda: process.start([sys.executable, "-m", "deploy.local.sms", *where]),
        )

    return {name: part(name) for name in SMS}


def provider_part(home: Home) -> Part:
    """Where people log in: the demonstration's own."""
    process = Process("provider", home=home.path)
    clients = [f"{service}={home.url(service)}" for service in WITH_PAGES]
    where = ["127.0.0.1", str(home.port("provider")), str(home.path), home.url("provider")]
    program = [sys.executable, "-m", "deploy.local.provider", *where, *clients]
    return Part("provider", lambda: process, lambda: process.start(program))


def service_environment(
    service: str, home: Home, postgres: Postgres, kafka: Kafka, secrets: Secrets
) -> dict[str, str]:
    """The environment without our own MOTCUA_ variables, and the service's settings."""
    settings = {
        "DATABASE_DSN": postgres.dsn(service),
        "KAFKA_BOOTSTRAP": kafka.bootstrap,
        "KAFKA_USERNAME": service,
        "KAFKA_PASSWORD": kafka.passwords[service],
        "HOST": "127.0.0.1",
        "PORT": str(home.port(service)),
        "JWKS": str(Issuer(home.path).jwks),
        "JWT_REVOKED": str(Issuer(home.path).revoked),
        "JWT_LIFETIME_HOURS": str(HOURS_MOST),
        "JWT_ISSUER": ISSUER,
        "JWT_AUDIENCE": AUDIENCE,
    }
    if home.sandbox.exists():
        settings["SANDBOX"] = str(home.sandbox)
    if service in WITH_PAGES:
        settings |= {
            "PUBLIC_URL": home.url(service),
            "OIDC_ISSUER": home.url("provider"),
            "OIDC_CLIENT_ID": service,
        }
    if service == "intake":
        settings |= {"HMAC_KEY": secrets.hmac_key, "PAYMENT_SECRET": secrets.payment_secret}
        settings["PAYMENT_SANDBOX"] = "true"
        settings["FILES_URL"] = f"file://{home.path}/files"
        if home.sandbox.exists():  # the officers of the script look who filed each one, once
            settings["PEOPLE_READS_PER_MINUTE"] = "600"
    if service == "reporting":
        settings["DESK_URL"] = home.url("processing")
    else:
        settings["CODE_KEY"] = secrets.code_key
    if service == "processing":
        settings["PEOPLE_URL"] = home.url("intake")
    if service == "notify":
        settings |= {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(home.port("mail")), "SMTP_FROM": SENDER}
        settings |= {"SMTP_RETURN_PATH": RETURN_PATH, "SMTP_RETURN_PORT": str(home.port("returns"))}
        settings["CHOICES_URL"] = home.url("notify")
        first, second = (f"http://127.0.0.1:{home.port(name)}" for name in SMS)
        settings |= {"SMS_URL": first, "SMS2_URL": second, "SMS_SENDER": NAME, "SMS2_SENDER": NAME}
        settings["SMS_AT_NIGHT"] = "true"
        settings |= {"SMS_CALLBACK_URL": home.url("notify"), "SMS_CALLBACK_KEY": receipts_key(secrets)}
        settings["WEBHOOK_PRIVATE_ADDRESSES"] = "true"  # everybody who can be called here is on this machine
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOTCUA_")}
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**kept, **passed_on, **{f"MOTCUA_{name}": value for name, value in settings.items()}}
