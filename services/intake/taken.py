"""What the catalogue and the register of offices say to a filing of a day. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from contracts.catalogue.offices import Offices
from contracts.catalogue.procedure import Abolition, Procedure, Version
from services.chassis.log.decider import Rejected


def elsewhere(offices: Offices, procedure: str, office: str, on: date) -> Rejected | None:
    """Why the office does not take a filing of that day; None where it does."""
    if offices.office(office, on) is None:
        return Rejected("office-unknown", "no such office on that day; GET /v1/offices lists them")
    if not offices.takes(office, procedure, on):
        return Rejected("procedure-not-here", "this office does not take this procedure on that day")
    return None


def in_force_on(procedures: Mapping[str, Procedure], code: str, on: date) -> Version | Rejected:
    """The version of the procedure for a filing of that day, or why there is none."""
    procedure = procedures.get(code)
    if procedure is None:
        return Rejected("procedure-unknown", "no such procedure; GET /v1/procedures lists them")
    in_force = procedure.version_on(on)
    if in_force is None:
        since = procedure.versions[0].effective_from
        return Rejected("procedure-not-yet-in-force", f"this procedure can be applied for from {since} on")
    if isinstance(in_force, Abolition):
        return Rejected("procedure-abolished", f"this procedure was abolished on {in_force.effective_from}")
    return in_force
