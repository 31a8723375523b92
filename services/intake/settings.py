"""What intake is told beside what every service is told."""

from pydantic import Field, SecretStr

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
        description="Persons behind dossiers that one caller may read in a minute from one process, and words to them that one may leave.",
    )
    paper_reads_per_minute: int = Field(
        default=60,
        ge=1,
        description="Papers of dossiers that one officer may open in a minute from one process.",
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

    files_url: str = Field(
        default="",
        pattern=r"^(file:///[^?#]+|s3://[^/?#]+(/[^?#]*)?)?$",
        description="Where uploaded files are kept, file:///folder or s3://bucket/prefix; without it none are taken. A bucket needs a rule "
        "that ends unfinished multipart uploads after a day.",
    )
    files_s3_endpoint: str = Field(
        default="", description="Where the bucket is, where it is not Amazon's own: https://host[:port]."
    )
    files_s3_region: str = Field(default="us-east-1", description="The region of the bucket.")
    files_s3_key_id: str = Field(default="", description="As whom the bucket is written and read.")
    files_s3_secret: SecretStr = Field(default=SecretStr(""), description="The secret that goes with it.")
    files_waiting_megabytes: int = Field(
        default=2_000,
        ge=100,
        description="Megabytes that one caller may have uploaded without a dossier that names them.",
    )
    clamd: str = Field(
        default="",
        pattern=r"^(/.+|[^/:]+:[0-9]{1,5})?$",
        description="The scanner that looks at each file before it is opened, host:port or a socket's path; without it pages say so.",
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
