"""What intake is told beside what every service is told."""

from pydantic import Field, SecretStr, field_validator

from services.chassis.settings import ServiceSettings


class IntakeSettings(ServiceSettings):
    """The variables of intake."""

    hmac_key: SecretStr = Field(
        min_length=32, description="Key of the HMAC by which a repeated request's body is recognised."
    )
    code_key: SecretStr = Field(description="Key under which official codes travel sealed, 128 hex digits.")
    payment_secret: SecretStr = Field(
        min_length=32, description="Key with which the payment provider signs what it sends."
    )
    lookups_per_minute: int = Field(
        default=30, ge=1, description="Look-ups by code that one address may make in a minute."
    )

    @field_validator("code_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr) -> SecretStr:
        try:
            if len(bytes.fromhex(value.get_secret_value())) == 64:
                return value
        except ValueError:
            pass
        raise ValueError("must be 128 hex digits")

    @property
    def code_key_bytes(self) -> bytes:
        return bytes.fromhex(self.code_key.get_secret_value())

    @property
    def hmac_key_bytes(self) -> bytes:
        return self.hmac_key.get_secret_value().encode()

    @property
    def payment_secret_bytes(self) -> bytes:
        return self.payment_secret.get_secret_value().encode()
