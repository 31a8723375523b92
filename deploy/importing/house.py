"""The running platform as a load needs it: its bulk doors with the importer's token, and its reports."""

from dataclasses import dataclass

from deploy.importing.counts import Reports
from deploy.importing.doors import Doors
from deploy.local.home import Home
from deploy.local.issuer import Issuer
from deploy.local.status import is_ready

NEEDED = ("intake", "processing", "reporting")


@dataclass(frozen=True, slots=True)
class House:
    doors: Doors
    reports: Reports


def find_house(home: Home) -> House | None:
    """The platform that runs in this home, or None when a service that a load needs is not ready."""
    if not all(is_ready(home, service) for service in NEEDED):
        return None
    issuer = Issuer(home.path)
    doors = Doors(home.url("intake"), home.url("processing"), lambda: issuer.token("importer"))
    return House(doors, Reports(home.url("reporting")))
