"""What notify is told beside what every service is told."""

from collections.abc import Callable, Mapping
from email.utils import parseaddr
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, StringConstraints, field_validator, model_validator

from contracts.catalogue.offices import Offices, OfficesFile, load
from services.chassis.process.settings import (
    SHARED_KEY_CHARACTERS,
    Port,
    SealingKeys,
    ServiceSettings,
    key_ring,
)
from services.chassis.process.tls import PemFile
from services.notify.channels.email import Entry, Security
from services.notify.channels.signing import Signer
from services.notify.choices.kinds import Links
from services.notify.messages.by_template import ByTemplate
from services.notify.messages.kind import Account, Kind
from services.notify.messages.provider import Provider, callback_address
from services.notify.messages.whole_text import WholeText
from services.notify.notice import Channel
from services.notify.returns.return_path import BASE_CHARACTERS_MAX, ReturnPaths
from services.notify.wording.messages import TEMPLATES, faults_of

Address = Annotated[str, StringConstraints(pattern=r"^(https?://[^\s?#]+)?$")]
MessageKind = Literal["whole-text", "by-template"]
KINDS: Mapping[MessageKind, Callable[[], Kind]] = {"whole-text": WholeText, "by-template": ByTemplate}


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
    smtp_return_path: str = Field(
        default="",
        pattern=rf"^([a-z0-9._-]{{1,{BASE_CHARACTERS_MAX}}}@[a-z0-9.-]+\.[a-z0-9-]+)?$",
        description="Where e-mails return that cannot be delivered, each below it by a + and a word of its own; to MOTCUA_SMTP_FROM "
        "where it is empty.",
    )
    smtp_return_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="Port at MOTCUA_HOST on which the mail server hands over what returned, by SMTP; 0: nobody listens.",
    )
    smtp_dkim_key: PemFile = Field(
        default="",
        description="Path of the private RSA key (PEM) that signs e-mails for the domain of MOTCUA_SMTP_FROM (DKIM); unsigned where it is "
        "empty.",
    )
    smtp_dkim_selector: str = Field(
        default="motcua",
        pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        max_length=63,
        description="Under which name, below _domainkey, its public key stands in the DNS.",
    )
    choices_url: Address = Field(
        default="",
        description="Where applicants reach this service from a link in their e-mails, to choose which notices they get; no link where it "
        "is empty.",
    )
    notice_channels: str = Field(
        default="email,inbox,sms",
        description="Channels that are switched on, comma separated: email, inbox, and sms where a provider is named.",
    )
    sms_url: Address = Field(
        default="",
        description="Where the provider of text messages answers; none are sent where it is empty.",
    )
    sms_kind: MessageKind = Field(
        default="whole-text",
        description="What it is given: whole-text (key and secret in the body) or by-template (registered templates, HTTP Basic).",
    )
    sms_key: str = Field(default="", description="The key, or the user, by which it knows us.")
    sms_secret: SecretStr = Field(default=SecretStr(""), description="The secret for that.")
    sms_sender: str = Field(
        default="", max_length=11, description="The name of the sender, as registered there."
    )
    sms_templates: str = Field(
        default="",
        description="Numbers of registered templates by event, as DossierAccepted=123, comma separated; by-template alone.",
    )
    sms2_url: Address = Field(
        default="", description="The second provider, which sends while the first fails or is slow."
    )
    sms2_kind: MessageKind = Field(default="by-template", description="The same of the second.")
    sms2_key: str = Field(default="", description="The same of the second.")
    sms2_secret: SecretStr = Field(default=SecretStr(""), description="The same of the second.")
    sms2_sender: str = Field(default="", max_length=11, description="The same of the second.")
    sms2_templates: str = Field(default="", description="The same of the second.")
    sms_connections: int = Field(
        default=8, ge=1, le=64, description="Connections to each provider that are used side by side."
    )
    sms_at_night: bool = Field(
        default=False,
        description="Whether all text messages go out between 22:00 and 07:00, too: for stand-ins, which wake nobody.",
    )
    sms_callback_url: Address = Field(
        default="",
        description="Where providers reach this service, to tell what became of messages; they are only asked where it is empty.",
    )
    sms_callback_key: SecretStr = Field(
        default=SecretStr(""),
        description="Gives each the secret end of the address that it calls, 32 characters or more. Wanted by MOTCUA_SMS_CALLBACK_URL.",
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
            raise ValueError("knows email, inbox and sms")
        return value

    @field_validator("sms_templates", "sms2_templates")
    @classmethod
    def _are_templates(cls, value: str) -> str:
        for each in _named(value):
            about, _, number = each.partition("=")
            if about not in TEMPLATES or not number:
                raise ValueError("is Event=number, comma separated")
        return value

    @model_validator(mode="after")
    def _messages_can_be_sent(self) -> Self:
        if self.sms2_url and not self.sms_url:
            raise ValueError("MOTCUA_SMS2_URL wants MOTCUA_SMS_URL")
        for name, url, sender in (
            ("SMS", self.sms_url, self.sms_sender),
            ("SMS2", self.sms2_url, self.sms2_sender),
        ):
            if url and not sender:
                raise ValueError(f"MOTCUA_{name}_URL wants MOTCUA_{name}_SENDER")
        if self.sms_callback_url and len(self.callback_key) < SHARED_KEY_CHARACTERS:
            raise ValueError("MOTCUA_SMS_CALLBACK_URL wants MOTCUA_SMS_CALLBACK_KEY of 32 characters")
        if self.sms_url and (faults := faults_of(self.offices)):
            raise ValueError("; ".join(faults))
        return self

    @model_validator(mode="after")
    def _letters_can_return(self) -> Self:
        if self.smtp_return_port and not self.smtp_return_path:
            raise ValueError("MOTCUA_SMTP_RETURN_PORT wants MOTCUA_SMTP_RETURN_PATH")
        return self

    @model_validator(mode="after")
    def _letters_can_be_signed(self) -> Self:
        """Guarantee: a key that cannot sign is told at the start. Test: test_a_key_that_cannot_sign_is_told_at_the_start."""
        if self.smtp_dkim_key:
            try:
                self.signer()
            except ValueError as error:
                raise ValueError(f"MOTCUA_SMTP_DKIM_KEY {error}") from None
        return self

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

    def signer(self) -> Signer | None:
        """Who signs letters; nobody where no key is named."""
        if not self.smtp_dkim_key:
            return None
        domain = parseaddr(self.smtp_from)[1].rpartition("@")[2]
        return Signer(domain, self.smtp_dkim_selector, self.smtp_dkim_key)

    @property
    def return_paths(self) -> ReturnPaths | None:
        return ReturnPaths(self.smtp_return_path, self.code_keys) if self.smtp_return_path else None

    @property
    def links(self) -> Links | None:
        return Links(self.choices_url, self.code_keys) if self.choices_url else None

    @property
    def offices(self) -> Offices:
        return load(self.offices_file)

    @property
    def code_keys(self) -> tuple[bytes, ...]:
        return tuple(bytes.fromhex(key) for key in key_ring(self.code_key))

    @property
    def channels(self) -> frozenset[Channel]:
        on = frozenset(Channel(name) for name in _named(self.notice_channels))
        return on if self.sms_url else on - {Channel.SMS}

    @property
    def callback_key(self) -> str:
        return self.sms_callback_key.get_secret_value()

    def providers(self) -> list[Provider]:
        """The providers of text messages, the preferred one first; none where none are sent."""
        if Channel.SMS not in self.channels:
            return []
        slots = [
            (
                "first",
                self.sms_url,
                self.sms_kind,
                self.sms_key,
                self.sms_secret,
                self.sms_sender,
                self.sms_templates,
            ),
            (
                "second",
                self.sms2_url,
                self.sms2_kind,
                self.sms2_key,
                self.sms2_secret,
                self.sms2_sender,
                self.sms2_templates,
            ),
        ]
        made = []
        for name, url, kind, key, secret, sender, numbers in slots:
            if url:
                templates = dict(each.split("=", 1) for each in _named(numbers))
                callback = callback_address(self.sms_callback_url, self.callback_key, name)
                account = Account(key, secret.get_secret_value(), sender, templates, callback)
                made.append(Provider(name, url, KINDS[kind](), account, self.sms_connections))
        return made


def _named(channels: str) -> list[str]:
    return [name for name in (part.strip() for part in channels.split(",")) if name]
