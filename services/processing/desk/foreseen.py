"""What the bulk door answers to an import on a dossier of which nothing is recorded yet. Pure: for whoever asks before he sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from contracts.catalogue.offices import Offices
from services.chassis.http.tokens import Caller
from services.chassis.log.decider import Rejected
from services.processing.clock.working_days import Calendar
from services.processing.desk.bulk import commands_of
from services.processing.desk.bulk_bodies import BulkItem
from services.processing.desk.carry_out import decide_as
from services.processing.desk.registers import unknown_in
from services.processing.dossier.act import Command
from services.processing.dossier.asked import IMPORTER
from services.processing.dossier.events import Event
from services.processing.dossier.repeats import missing_of
from services.processing.dossier.state import Dossier, Filing, new


def _decide(
    caller: Caller,
    calendar: Calendar,
    unknown: Mapping[Command, Rejected],
    command: Command,
    dossier: Dossier,
) -> Sequence[Event] | Rejected:
    return decide_as(caller, (), command, calendar, dossier, unknown=unknown.get(command))


def foreseen(
    item: BulkItem, filing: Filing, calendar: Calendar, now: datetime, offices: Offices
) -> Rejected | None:
    """Why the item is refused; None when it is recorded."""
    caller = Caller("", IMPORTER)
    asked = commands_of(item, caller, filing, None, now)
    if isinstance(asked, Rejected):
        return asked
    unknown = unknown_in([act.act for act in item.acts], [c for c, _ in asked.commands], offices)
    missing = missing_of(asked, new(filing), (), partial(_decide, caller, calendar, unknown))
    return missing if isinstance(missing, Rejected) else None
