"""An item of each kind that intake appends, with every member filled: what readiness sends and has taken back. It names nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from services.chassis.log.decider import Context, new_events
from services.chassis.log.event_store import Item, RepeatKey
from services.intake.dossier import EVENTS, DossierSubmitted, SupplementProvided
from services.intake.people import store as people
from services.intake.submitting import counter_of

ACTOR = "system/intake"
AT = datetime(2026, 1, 1, tzinfo=UTC)
PERSON = ("-", "-", "-", "-", "-")
TRACE = f"00-{1:032x}-{1:016x}-00"


def samples(new_id: Callable[[], UUID]) -> tuple[Item, Item]:
    """A filing and an act, each on a stream of its own that nothing stands on."""
    dossier_id, applicant_id = new_id(), new_id()
    filed = DossierSubmitted("-", "-", "-", applicant_id, True, "-", "-", "online")
    filing = people.Filing(dossier_id, applicant_id, *PERSON, b"{}", bytes(people.SALT_BYTES), *PERSON)
    act = people.Act(0, b"{}", bytes(people.SALT_BYTES), str(dossier_id), bytes(32))
    return (
        _item(dossier_id, filed, filing, new_id),
        _item(new_id(), SupplementProvided(1, "-"), act, new_id),
    )


def _item(
    stream_id: UUID,
    event: DossierSubmitted | SupplementProvided,
    row: tuple[object, ...],
    new_id: Callable[[], UUID],
) -> Item:
    command_id = new_id()
    return Item(
        stream_id=stream_id,
        expected_version=0,
        command_id=command_id,
        events=new_events(EVENTS, [event], Context(command_id, ACTOR, AT), new_id, counter_of),
        actor=ACTOR,
        correlation_id=command_id,
        causation_id=command_id,
        traceparent=TRACE,
        repeat=RepeatKey(ACTOR, str(stream_id), bytes(32)),
        attachment=(row,),
    )
