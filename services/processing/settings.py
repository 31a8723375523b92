"""What processing is told beside what every service is told."""

from pydantic import Field

from contracts.catalogue.offices import Offices, OfficesFile, load
from services.chassis.process.settings import PagesSettings, SealingKeys, key_ring


class ProcessingSettings(PagesSettings):
    """The variables of processing."""

    code_key: SealingKeys = Field(
        description="Keys under which official codes travel sealed, 128 hex digits each, comma separated: the first seals, all open."
    )

    sweep_seconds: float = Field(
        default=5.0, gt=0, le=3600, description="Seconds between two looks for what became true by itself."
    )

    facts_years: int = Field(
        default=5,
        ge=1,
        description="Years for which it is kept what became true by itself of a dossier that has ended since.",
    )

    people_url: str = Field(
        default="",
        description="Address of intake, where pages read the person behind a dossier and where officers' words to applicants are kept; "
        "without it they show none, and no act says anything in words.",
    )
    offices_file: OfficesFile = ""

    @property
    def offices(self) -> Offices:
        return load(self.offices_file)

    @property
    def code_keys(self) -> tuple[bytes, ...]:
        return tuple(bytes.fromhex(key) for key in key_ring(self.code_key))
