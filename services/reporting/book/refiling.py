"""What a corrected submission does to the book and to a dossier. Pure.

Nothing is edited: the lines that it changes are taken back and entered anew as they would stand had it been filed so, known from now on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.catalogue import shipped as catalogue
from services.chassis.kafka.ordering import Delivered
from services.reporting.book.lines import Step, filing_of, local_date, standing
from services.reporting.book.rows import Dossier, Entry


def door_of(channel: str) -> str:
    """The official report knows three doors; what is neither online nor postal counts as in person."""
    return channel if channel in ("online", "postal") else "in_person"


def refile(state: Dossier, delivered: Delivered, past: Sequence[Entry]) -> Step:
    """The dossier under its submission as it is told now, whatever of the authority's acts has been heard of.

    Guarantee: the lines that stand behind a correction are those of a life that began so, however the two producers are heard.
    Test: test_a_corrected_submission_is_as_if_it_had_been_filed_so.
    """
    data = delivered.data
    recorded_at = max(delivered.recorded_at, state.recorded_at)
    lines = standing(past)
    filing = filing_of(lines)
    procedure = catalogue.find(data.procedure)
    on_date = local_date(data.submitted_at)
    filed: dict[str, Any] = {
        "procedure": data.procedure,
        "field": procedure.field if procedure else "",
        "level": procedure.level_on(on_date) if procedure else "full",
        "office": data.office or filing.office,
    }
    filed_now = filing._replace(on_date=on_date, channel=door_of(data.channel), **filed)
    now = _told_anew(lines, filed_now, filed)
    changed = [line._replace(amount=-line.amount) for line in lines if line not in now]
    changed += [line for line in now if line not in lines]
    made = [
        line._replace(number=number, sequence=line.sequence or -delivered.sequence, recorded_at=recorded_at)
        for number, line in enumerate(changed, state.entries + 1)
    ]
    if state.accepted_on is None:
        state = state._replace(**filed)
    after = state._replace(
        channel=filed_now.channel,
        submitted_on=on_date,
        changed_on=max(line.on_date for line in now),
        recorded_at=recorded_at,
        entries=state.entries + len(made),
    )
    return after, made


def _told_anew(lines: Sequence[Entry], filed: Entry, row: dict[str, Any]) -> list[Entry]:
    """What stands, under this filing: an acceptance has its own row, everything else that of the filing, and all its door."""
    accepted = next((line for line in lines if line.flow == "received_new"), None)
    now = [filed]
    if accepted is not None and _row(accepted) != _row(filed):
        moved = filed._replace(sequence=accepted.sequence)
        taken = {name: getattr(accepted, name) for name in (*row, "unit")}
        now += [moved._replace(amount=-filed.amount), moved._replace(**taken)]
    own = {} if accepted is not None else row
    return now + [line._replace(channel=filed.channel, **own) for line in lines if line.flow != "submitted"]


def _row(line: Entry) -> tuple[str, str, str]:
    return line.procedure, line.level, line.office
