"""What reporting is told beside what every service is told."""

from pydantic import Field

from contracts.catalogue.offices import Offices, OfficesFile, load
from services.chassis.process.settings import ServiceSettings


class ReportingSettings(ServiceSettings):
    """The variables of reporting."""

    agency: str = Field(
        default="Sở Xây dựng | Department of Construction",
        min_length=1,
        description="Whose figures the public page shows, in Vietnamese | in English.",
    )
    offices_file: OfficesFile = ""

    @property
    def offices(self) -> Offices:
        return load(self.offices_file)

    desk_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s/]+)?$",
        description="Where officers' pages are; lists of dossiers link to them. Empty: links are paths alone.",
    )
    report_recipient: str = Field(
        default="Ủy ban nhân dân Thành phố",
        min_length=1,
        description="Who receives the official report, as its form says it.",
    )
    report_place: str = Field(
        default="Thành phố Hồ Chí Minh", min_length=1, description="Where the official report is signed."
    )
    public_requests_per_second: float = Field(
        default=50.0,
        gt=0,
        description="Public requests that one address may make in a second, in the long run, of one process. One by day, or as of an "
        "instant, counts as four.",
    )
    public_requests_burst: int = Field(
        default=200, ge=1, description="Public requests that one address may make at once."
    )
    identity_check_seconds: float = Field(
        default=5.0, gt=0, description="Least time between two checks that every number equals its list."
    )
