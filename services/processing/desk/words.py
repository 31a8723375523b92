"""An officer's words to the applicant, on their way: intake keeps them before the act is recorded, and the act's event bears a hash.

A process that dies in between leaves words that no event names, which intake takes away; sent again, both go on. Nothing of them
stays here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from services.chassis.log.decider import Rejected
from services.chassis.log.event_store import StoredEvent
from services.processing.desk.at_intake import AtIntake
from services.processing.dossier.act import words_of
from services.processing.dossier.events import EVENTS
from services.processing.dossier.reversal_events import struck_out

NOT_KEPT = Rejected(
    "words-not-kept", "intake, which keeps the words, did not take them: send the same once more"
)
ERASED = Rejected("words-erased", "what was filed is erased: nothing is said in words to its applicant now")
REUSED = Rejected("idempotency-key-reused", "this key came with other words before")
REFUSALS = {"content-erased": ERASED, "papers-destroyed": ERASED, REUSED.code: REUSED}
"""By intake's code; whatever else it answers, the same may be sent again."""
UNSAID = ""
"""In the place of a commitment while nothing is kept: such words are no event's."""


async def keep(
    intake: AtIntake, dossier_id: UUID, words: str, command_id: UUID, token: str
) -> str | Rejected:
    """The commitment under which intake keeps the words of a command, the same each time; or why there is none.

    Guarantee: a key is good for one text. Test: test_a_key_is_good_for_one_text.
    """
    status, told = await intake.ask_whole(
        "POST",
        f"/v1/dossiers/{dossier_id}/words",
        token,
        headers={"idempotency-key": str(command_id)},
        json={"words": words},
    )
    if status == 201 and told is not None:
        commitment: str = told["commitment"]
        return commitment
    code = told.get("code") if isinstance(told, dict) else ""
    return REFUSALS.get(str(code), NOT_KEPT)


class Said(NamedTuple):
    """An act that says something in words, and the words; None where they were not asked for, are erased or cannot be had."""

    stored: StoredEvent
    words: str | None


def said_in(history: Sequence[StoredEvent], person: Mapping[str, Any] | None = None) -> list[Said]:
    """The acts that stand and say something in words; `person` is what intake told.

    Guarantee: the words of an act that was reversed are shown no more. Test: test_words_of_a_reversed_act_are_not_shown.
    """
    kept = {each["commitment"]: each["words"] for each in (person or {}).get("words", ())}
    events = [EVENTS.decode(stored.type, stored.schema_version, stored.data) for stored in history]
    struck = struck_out(events)
    return [
        Said(stored, kept.get(words))
        for stored, event in zip(history, events, strict=True)
        if (words := words_of(event)) is not None and stored.version not in struck
    ]
