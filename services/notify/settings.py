"""What notify is told beside what every service is told."""

from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from contracts.catalogue.offices import Offices, OfficesFile, load
from services.chassis.process.settings import Port, SealingKeys, ServiceSettings, key_ring
from services.chassis.process.tls import PemFile
from services.notify.channels.email import Entry, Security
from services.notify.notice import Channel


class NotifySettings(ServiceSettings):
    """The variables of notify."""

    code_key: SealingKeys = Field(
        description="Keys under which official codes travel sealed, 128 hex digits each, comma separated: the first seals, all open."
    )
    smtp_host: str = Field(
        default="127.0.0.1", min_length=1, description="Mail server that takes the e-mails."
    )
    smtp_port: Port = Field(default=25, description="Its port.")
    smtp_tls: Security = Field(
        default="auto",
        description="TLS to it: auto (STARTTLS where it offers that), starttls (required), tls (from the first byte, port 465) or none.",
    )
    smtp_tls_ca: PemFile = Field(
        default="",
        description="Path of the certificates (PEM) that sign the mail server's; the system's where none is named.",
    )
    smtp_username: str = Field(
        default="", description="As whom to log in there; no log-in where it is empty. Wants TLS."
    )
    smtp_password: SecretStr = Field(default=SecretStr(""), description="The password for that.")
    smtp_from: str = Field(
        default="Một Cửa <khong-tra-loi@motcua.example>",
        pattern=r"^([^<>\r\n]+ <)?[^@\s<>]+@[^@\s<>]+>?$",
        description="Sender of every e-mail; its domain ends the Message-ID, so it stays as it is.",
    )
    smtp_connections: int = Field(
        default=4, ge=1, le=64, description="Connections to the mail server that are used side by side."
    )
    notice_channels: str = Field(
        default="email,inbox", description="Channels that are switched on, comma separated: email, inbox."
    )

    webhook_private_addresses: bool = Field(
        default=False,
        description="Whether portals may be called at addresses of this network, and by http: for trying things on one machine.",
    )
    offices_file: OfficesFile = ""

    @field_validator("notice_channels")
    @classmethod
    def _are_channels(cls, value: str) -> str:
        if set(_named(value)) - {channel.value for channel in Channel}:
            raise ValueError("knows email and inbox")
        return value

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> Self:
        if self.smtp_username and self.smtp_tls not in ("starttls", "tls"):
            raise ValueError("MOTCUA_SMTP_USERNAME wants MOTCUA_SMTP_TLS starttls or tls")
        return self

    @property
    def entry(self) -> Entry:
        return Entry(
            self.smtp_tls, self.smtp_tls_ca, self.smtp_username, self.smtp_password.get_secret_value()
        )

    @property
    def offices(self) -> Offices:
        return load(self.offices_file)

    @property
    def code_keys(self) -> tuple[bytes, ...]:
        return tuple(bytes.fromhex(key) for key in key_ring(self.code_key))

    @property
    def channels(self) -> frozenset[Channel]:
        return frozenset(Channel(name) for name in _named(self.notice_channels))


def _named(channels: str) -> list[str]:
    return [name for name in (part.strip() for part in channels.split(",")) if name]
