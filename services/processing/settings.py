"""What processing is told beside what every service is told."""

from pydantic import Field, SecretStr, field_validator

from services.chassis.settings import ServiceSettings


class ProcessingSettings(ServiceSettings):
    """The variables of processing."""

    code_key: SecretStr = Field(description="Key under which official codes travel sealed, 128 hex digits.")

    sweep_seconds: float = Field(
        default=5.0, gt=0, le=3600, description="Seconds between two looks for what became true by itself."
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
