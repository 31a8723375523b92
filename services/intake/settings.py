"""What intake is told beside what every service is told."""

from pydantic import Field

from contracts.catalogue.offices import Offices, OfficesFile, load
from services.chassis.process.settings import PagesSettings, SealingKeys, SharedKeys, key_ring


class IntakeSettings(PagesSettings):
    """The variables of intake."""

    hmac_key: SharedKeys = Field(
        description="Keys of the HMAC by which a repeated body is recognised, comma separated: the first is written, all are compared."
    )
    code_key: SealingKeys = Field(
        description="Keys under which official codes travel sealed, 128 hex digits each, comma separated: the first seals, all open."
    )
    payment_secret: SharedKeys = Field(
        description="Keys with which the payment provider may sign what it sends, comma separated."
    )
    people_reads_per_minute: int = Field(
        default=30,
        ge=1,
        description="Persons behind dossiers that one caller may read in a minute from one process.",
    )
    lookups_per_minute: int = Field(
        default=30,
        ge=1,
        description="Look-ups by code that one caller, or a nameless address, may make in a minute of one process.",
    )

    payment_sandbox: bool = Field(
        default=False,
        description="Whether applicants may pay at a stand-in for the provider: for demonstrations alone, no money moves.",
    )

    people_access_years: int = Field(
        default=5,
        ge=1,
        description="Years for which it is kept who read the person behind a dossier, when and why.",
    )

    offices_file: OfficesFile = ""

    @property
    def offices(self) -> Offices:
        return load(self.offices_file)

    @property
    def code_keys(self) -> tuple[bytes, ...]:
        return tuple(bytes.fromhex(key) for key in key_ring(self.code_key))

    @property
    def hmac_keys(self) -> tuple[bytes, ...]:
        return tuple(key.encode() for key in key_ring(self.hmac_key))

    @property
    def payment_secrets(self) -> tuple[bytes, ...]:
        return tuple(key.encode() for key in key_ring(self.payment_secret))
