"""How a dossier stands for its applicant: a pure fold of two histories, the applicant's own acts and the authority's.

The two have no order between them but their times: whichever is heard first, what is shown is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import orjson
from pydantic import BaseModel, Field

from contracts.catalogue.procedure import Version
from contracts.catalogue.shipped import version_on
from contracts.intake import ResultDelivery
from contracts.processing_codes import PaperFault
from services.intake import endings
from services.intake.dossier import EVENTS, Filed, filed_as
from services.intake.endings import PROVISIONAL, Both, Handler, Reason
from services.intake.national import ENDED, Status, national
from services.intake.usual import ZONE, UsualTime


class Row(NamedTuple):
    """An act of either side. Of the applicant's, `data` is the stored event; of the authority's, what its step says, as JSON."""

    producer: str
    sequence: int
    what: str
    happened_at: datetime
    status: str | None
    code: str | None
    due_on: date | None
    sets_due: bool
    strikes: int | None
    answers: int | None
    data: str | None
    schema_version: int
    actor: str | None


FIND = """
SELECT 'intake' AS producer, version AS sequence, type AS what, occurred_at AS happened_at, NULL AS status, NULL AS code,
       NULL::date AS due_on, false AS sets_due, NULL::int AS strikes, NULL::int AS answers, data, schema_version, actor
FROM events WHERE stream_id = $1
UNION ALL
SELECT 'processing', sequence, what, happened_at, status, code, due_on, sets_due, strikes, answers, said, 1, NULL
FROM steps WHERE dossier_id = $1
ORDER BY producer, sequence
"""


class Happened(BaseModel):
    """One event of a dossier's history, by name."""

    what: str
    at: datetime
    words: str | None = Field(
        default=None,
        description="What the officer said with it in words, while it stands and the words are kept.",
    )


class NationalStatus(BaseModel):
    """The status as the national portal and other systems know it."""

    number: int
    name: str
    reason: str | None = None


class ToBring(BaseModel):
    """A paper that was asked for, by its place among those of the dossier's version; names are None where the catalogue has none."""

    paper: int
    name_vi: str | None
    name_en: str | None
    fault: PaperFault


class DossierStatus(BaseModel):
    """Where a dossier stands."""

    dossier_id: UUID
    procedure: str
    office: str
    channel: str
    result_delivery: ResultDelivery | None = Field(
        description="How the result is wanted; None where nothing was said."
    )
    status: Status
    national_status: NationalStatus
    code: str | None
    submitted_at: datetime
    due_on: date | None = Field(description="None while the clock stands still.")
    provisional: Both | None = Field(
        description="Why `due_on` or `deadline_on` may still move; None where neither can but by a declaration."
    )
    paused_since: date | None
    paused_for: Literal["supplement", "payment"] | None
    deadline_on: date | None = Field(description="Until when to bring or to pay what is asked for.")
    desk_closes: str | None = Field(
        description="Until which hour of `deadline_on` the office's desk takes it, online until 24:00; None where nothing is asked, "
        "and where that day has other hours than usual.",
        examples=["17:00"],
    )
    reception_due_at: datetime | None = Field(
        description="Until when the desk accepts, refuses or asks for more, eight working hours by ordinary weeks: a day off or a "
        "worked Saturday in between moves it. None once it has, or the dossier waits for the applicant."
    )
    to_bring: list[ToBring]
    fee_vnd: int | None = Field(description="What is to be paid now.")
    usual_time: UsualTime | None = Field(
        description="What the procedure usually takes; None while few were resolved."
    )
    handled_by: Handler | None = Field(
        description="The unit that has it, or had it last; None before acceptance."
    )
    outcome: Literal["granted", "refused"] | None = Field(description="How it was decided, once it is.")
    reason: Reason | None = Field(
        description="Why it was not taken in, was stopped, or refused on its merits."
    )
    words: str | None = Field(
        description="What the officer said in words of the request for papers that is open, or of the end, to who filed it alone."
    )
    history: list[Happened]


class Asked(NamedTuple):
    """What the applicant is asked for now; `sequence` is the request's."""

    sequence: int
    since_on: date
    kind: Literal["supplement", "payment"]
    said: dict[str, Any]

    @property
    def paused(self) -> bool:
        return self.said.get("clock") == "paused"


FILES = frozenset({"DossierSubmitted", "SubmissionCorrected"})
REVERSED = "ApplicantActReversed"
ASKED_BY: dict[str, tuple[str, Literal["supplement", "payment"]]] = {
    "supplement_requested": ("SupplementRequested", "supplement"),
    "payment_requested": ("FeeRequested", "payment"),
}


def own_acts(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.producer == "intake"]


def struck_out(own: Iterable[tuple[str, str | None]]) -> set[int]:
    """Which of the applicant's acts are as if they had not been, of each event's name and data."""
    return {orjson.loads(data)["sequence"] for what, data in own if what == REVERSED and data}


def steps_of(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.producer == "processing"]


def moved_to(steps: Sequence[Row]) -> Status:
    """Where the authority's acts have led, beside what the applicant asks for."""
    status: Any = next((step.status for step in reversed(steps) if step.status), "submitted")
    found: Status = status
    return found


def asked_for(steps: Sequence[Row]) -> Asked | None:
    """The open request: the last one that stands, while the dossier waits for what it asks; its deadline as it was told last."""
    wanted = ASKED_BY.get(moved_to(steps))
    if wanted is None:
        return None
    struck = {step.strikes for step in steps}
    what, kind = wanted
    for step in reversed(steps):
        if step.what == what and step.sequence not in struck:
            said = orjson.loads(step.data) if step.data else {}
            for moved in (orjson.loads(s.data) for s in steps if s.what == "DeadlineChanged" and s.data):
                if moved["request"] == step.sequence:
                    said |= {"deadline_on": moved["deadline_on"], "provisional": moved.get("provisional")}
            return Asked(step.sequence, step.happened_at.astimezone(ZONE).date(), kind, said)
    return None


def status_of(own: Sequence[Row], steps: Sequence[Row]) -> Status:
    """A request to withdraw stands beside where the dossier is, until the authority answers it or the dossier ends.

    Guarantee: the status is the same however the two histories arrive. Test: test_every_interleaving_is_shown_the_same.
    """
    status, struck = moved_to(steps), struck_out((row.what, row.data) for row in own)
    requests = {row.sequence for row in own if row.what == "WithdrawalRequested"}
    asked = max(requests - struck, default=0)
    answered = max((step.answers for step in steps if step.answers), default=0)
    return "withdrawal_requested" if asked > answered and status not in ENDED else status


def code_of(steps: Sequence[Row]) -> str | None:
    """The official code; an acceptance that was reversed gave none."""
    struck = {step.strikes for step in steps}
    return next((s.code for s in reversed(steps) if s.code and s.sequence not in struck), None)


def told_in_order(own: Sequence[Row], steps: Sequence[Row]) -> Iterator[Row]:
    """Both histories by their times, each in its own order, the submission first of all."""
    theirs = 0
    for place, row in enumerate(own):
        while place and theirs < len(steps) and steps[theirs].happened_at < row.happened_at:
            yield steps[theirs]
            theirs += 1
        yield row
    yield from steps[theirs:]


def filed_of(own: Sequence[Row]) -> Filed:
    """The submission as it is told last, by the applicant's own acts."""
    return filed_as(
        (EVENTS.decode(row.what, row.schema_version, row.data or ""), row.happened_at)
        for row in own
        if row.what in FILES
    )


def standing(
    dossier_id: UUID, rows: Sequence[Row], usual: dict[str, UsualTime], kept: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """How a dossier stands, whoever has it."""
    own, steps = own_acts(rows), steps_of(rows)
    words = endings.words_of(steps, kept or {})
    filed = filed_of(own)
    submitted_at = filed.submitted_at.astimezone(ZONE)
    status = status_of(own, steps)
    asked = asked_for(steps)
    said = asked.said if asked else {}
    due = next((step for step in reversed(steps) if step.sets_due), None)
    due_said = orjson.loads(due.data) if due and due.data and due.due_on and status not in ENDED else {}
    provisional = said.get("provisional") or due_said.get("provisional")
    time = usual.get(filed.procedure)
    now = asked or endings.end_of(steps, status)
    return {
        "dossier_id": dossier_id,
        "procedure": filed.procedure,
        "office": filed.office,
        "channel": filed.channel,
        "result_delivery": filed.result_delivery,
        "status": status,
        "national_status": national(status)._asdict(),
        "code": code_of(steps),
        "submitted_at": submitted_at,
        "due_on": due and due.due_on,
        "provisional": PROVISIONAL if provisional else None,
        "paused_since": asked.since_on if asked and asked.paused else None,
        "paused_for": asked.kind if asked and asked.paused else None,
        "deadline_on": said.get("deadline_on"),
        "to_bring": papers(filed.procedure, submitted_at.date(), said.get("papers", [])),
        "fee_vnd": said.get("amount_vnd"),
        "usual_time": time.model_dump() if time else None,
        **endings.ending_of(steps, status),
        "words": words.get(now.sequence) if now else None,
        "history": [
            {
                "what": row.what,
                "at": row.happened_at.astimezone(ZONE),
                "words": words.get(row.sequence) if row.producer == "processing" else None,
            }
            for row in told_in_order(own, steps)
        ],
    }


def papers(procedure: str, on: date, asked: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The papers asked for under the names of the version of the first submission, in the order in which they were asked."""
    version = version_on(procedure, on)
    listed = version.papers if isinstance(version, Version) else ()
    found = []
    for each in asked:
        place = each["paper"]
        paper = listed[place - 1] if 1 <= place <= len(listed) else None
        found.append(
            {
                "paper": place,
                "name_vi": paper.name_vi if paper else None,
                "name_en": paper.name_en if paper else None,
                "fault": each["fault"],
            }
        )
    return found
