"""How every client of the process reaches Kafka: by password, by token or by certificate, in the clear or over TLS."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.chassis.process.own_token import OwnToken, own_token
from services.chassis.process.tls import PemFile, Tls

PREFIX = "MOTCUA_"
Protocol = Literal["SASL_PLAINTEXT", "SASL_SSL", "SSL"]
Mechanism = Literal["SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _is_kept_secret(url: str) -> str:
    """Guarantee: the client's secret goes in the clear to no other machine. Test: test_what_is_missing_for_a_door_is_told."""
    if url:
        parts = urlsplit(url)
        if not parts.hostname or parts.scheme not in ("http", "https"):
            raise ValueError("is no address of an endpoint")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("the client's secret goes to another machine by https only")
    return url


class KafkaSettings(NamedTuple):
    """How to reach the broker. Neither a user nor TLS means no authentication, which only tests may use.

    With OAUTHBEARER, user and password are the client's at `token_url`, and the broker is given the token that is got there.
    """

    bootstrap: str
    username: str
    password: str
    protocol: Protocol = "SASL_PLAINTEXT"
    mechanism: Mechanism = "SCRAM-SHA-256"
    tls: Tls = Tls()
    token_url: str = ""
    token_scope: str = ""

    @property
    def own_token(self) -> OwnToken | None:
        """Where the token comes from; one of each client, so that its clients share the token."""
        if self.mechanism != "OAUTHBEARER":
            return None
        return own_token(self.token_url, self.username, self.password, self.token_scope, self.tls.ca)

    def client_options(self) -> dict[str, Any]:
        """Keyword arguments that every aiokafka client takes.

        Guarantee: whoever answers for the broker shows a certificate of its name, wherever TLS is set.
        Test: test_a_broker_that_is_not_who_it_should_be_gets_no_password.
        """
        options: dict[str, Any] = {"bootstrap_servers": self.bootstrap}
        if self.protocol != "SASL_PLAINTEXT":
            options |= {"security_protocol": self.protocol, "ssl_context": self.tls.context()}
        if self.username and self.protocol != "SSL":
            options |= {"security_protocol": self.protocol, "sasl_mechanism": self.mechanism}
            if token := self.own_token:
                return options | {"sasl_oauth_token_provider": token}
            options |= {"sasl_plain_username": self.username, "sasl_plain_password": self.password}
        return options


class KafkaVariables(BaseSettings):
    """The variables that say so."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    kafka_bootstrap: str = Field(
        min_length=3, description="Kafka brokers to ask first, host:port, comma separated."
    )
    kafka_username: str = Field(
        default="",
        description="SCRAM user of the service, or its client id at the token endpoint; empty with a certificate alone.",
    )
    kafka_password: SecretStr = Field(
        default=SecretStr(""), description="Password of the SCRAM user, or the client's secret."
    )
    kafka_security_protocol: Protocol = Field(
        default="SASL_PLAINTEXT",
        description="Kafka's security.protocol: SASL_PLAINTEXT for a network of your own, SASL_SSL, or SSL with a certificate alone.",
    )
    kafka_sasl_mechanism: Mechanism = Field(
        default="SCRAM-SHA-256",
        description="Kafka's sasl.mechanism: SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER.",
    )
    kafka_tls_ca: PemFile = Field(
        default="",
        description="Path of the certificates (PEM) that sign the brokers'; the system's where none is named.",
    )
    kafka_tls_certificate: PemFile = Field(
        default="",
        description="Path of the service's own certificate with its chain (PEM), which brokers ask for.",
    )
    kafka_tls_key: PemFile = Field(default="", description="Path of its private key (PEM, no password).")
    kafka_token_url: Annotated[str, AfterValidator(_is_kept_secret)] = Field(
        default="",
        description="Token endpoint for OAUTHBEARER, asked by client credentials over https: https://login.example.org/oauth2/token.",
    )
    kafka_token_scope: str = Field(default="", description="Scope to ask for there; none by default.")

    @model_validator(mode="after")
    def _has_what_kafka_asks_for(self) -> Self:
        if bool(self.kafka_tls_certificate) != bool(self.kafka_tls_key):
            raise ValueError(f"{PREFIX}KAFKA_TLS_CERTIFICATE and {PREFIX}KAFKA_TLS_KEY go together")
        if self.kafka_security_protocol == "SSL" and not self.kafka_tls_certificate:
            raise ValueError(f"{PREFIX}KAFKA_SECURITY_PROTOCOL SSL wants {PREFIX}KAFKA_TLS_CERTIFICATE")
        if self.kafka_security_protocol == "SASL_SSL" and not self.kafka_username:
            raise ValueError(f"{PREFIX}KAFKA_SECURITY_PROTOCOL SASL_SSL wants {PREFIX}KAFKA_USERNAME")
        if self.kafka_sasl_mechanism == "OAUTHBEARER":
            if self.kafka_security_protocol != "SASL_SSL":  # who reads the token on its way has what it gives
                raise ValueError(f"OAUTHBEARER wants {PREFIX}KAFKA_SECURITY_PROTOCOL SASL_SSL")
            if not (self.kafka_token_url and self.kafka_username):
                raise ValueError(
                    f"OAUTHBEARER wants {PREFIX}KAFKA_TOKEN_URL, {PREFIX}KAFKA_USERNAME and {PREFIX}KAFKA_PASSWORD"
                )
        return self

    @property
    def kafka(self) -> KafkaSettings:
        return KafkaSettings(
            self.kafka_bootstrap,
            self.kafka_username,
            self.kafka_password.get_secret_value(),
            self.kafka_security_protocol,
            self.kafka_sasl_mechanism,
            Tls(self.kafka_tls_ca, self.kafka_tls_certificate, self.kafka_tls_key),
            self.kafka_token_url,
            self.kafka_token_scope,
        )
