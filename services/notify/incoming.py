"""What notify hears: the events of dossiers, on which it decides notices in the consumer's own transaction, and people's contacts.

It promises that a notice is decided once, with the event that it tells of. It sends nothing; personal data comes from `contacts`
alone and stays in one table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, create_model

from services.chassis.kafka.ordering import Delivered
from services.notify import metrics
from services.notify.choices.rows import wanted
from services.notify.filers import unsealed
from services.notify.messages import rows as messages
from services.notify.notice import Channel, Happened, Notice, decide, ending_of, muted
from services.notify.rows import DECIDE_NOTICES, KEEP_CODES, OPEN_DOSSIERS, QUEUE_MAILS, REFILE
from services.notify.unsaid import Ending, leave
from services.notify.webhooks import rows as webhooks
from services.notify.wording.texts import VIETNAM


class Narrow(BaseModel):
    """What notify needs of a message; it may say more."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Submitted(Narrow):
    """Whom to tell, which change of contact must be known before, and who may read what was told."""

    applicant_id: UUID
    contact_change: int
    procedure: str
    office: str
    sealed_filer: str | None = None
    result_delivery: str | None = None


class SubmissionCorrected(Narrow):
    """In which version of which procedure texts are written from now on, and whose dossier it is."""

    submitted_at: AwareDatetime
    procedure: str
    office: str | None = None


class Accepted(Narrow):
    """The official code, sealed as it came, and the appointment."""

    sealed_code: str
    due_on: date | None
    provisional: bool = False
    unit: str | None = None


class Reversed(Narrow):
    """What holds again; without an acceptance the dossier has no code. `sequence` is that of the event that it strikes."""

    sequence: int | None = None
    event: str
    reason: str
    document: str
    status: str
    due_on: date | None
    provisional: bool = False


class Paper(Narrow):
    """A paper of the dossier's version by its place, and what is wrong with it."""

    paper: int
    fault: str


def says(**members: Any) -> type[BaseModel]:
    """The model of an event of which a text says these members and nothing else is needed; one with a value may be absent."""
    fields: dict[str, Any] = {
        name: kind if isinstance(kind, tuple) else (kind, ...) for name, kind in members.items()
    }
    return create_model("Says", __base__=Narrow, **fields)


def dated(**members: Any) -> type[BaseModel]:
    """The same of an event that tells a date, which may be provisional."""
    return says(**members, provisional=(bool, False))


WORDS = (str | None, None)
"""The commitment to what the officer said in words, which comes on `contacts`."""
SOURCES = ("intake", "processing")
APPLIED: Mapping[str, type[BaseModel]] = {
    "DossierSubmitted.v1": Submitted,
    "SubmissionCorrected.v1": SubmissionCorrected,
    "SupplementProvided.v1": says(),
    "WithdrawalRequested.v1": says(),
    "FeePaid.v1": says(amount=int, currency=str),
    "DossierAccepted.v1": Accepted,
    "DossierRejected.v1": says(reason=str, words=WORDS),
    "DossierForwarded.v1": says(unit=str, step=str, reason=(str | None, None)),
    "DossierResolved.v1": says(
        outcome=str, refusal_reason=(str | None, None), document=(str | None, None), words=WORDS
    ),
    "ResultReturned.v1": says(method=str),
    "ProcessingStopped.v1": says(reason=str, words=WORDS),
    "ApologyIssued.v1": says(reason=str, appointment_on=date),
    "ResultCorrected.v1": says(reason=str, document=str),
    "SupplementRequested.v1": dated(
        papers=list[Paper],
        deadline_on=date,
        clock=str,
        rule=(str | None, None),
        due_on=date | None,
        words=WORDS,
    ),
    "SupplementAccepted.v1": dated(status=str, due_on=date | None, begun_anew=(bool, False)),
    "SupplementLapsed.v1": says(deadline_on=date),
    "FeeRequested.v1": dated(amount_vnd=int, deadline_on=date, clock=str, due_on=date | None),
    "FeeConfirmed.v1": dated(due_on=date | None),
    "FeeWaived.v1": dated(reason=str, due_on=date | None, payment=(int | None, None)),
    "OpinionRequested.v1": dated(agency=str, answer_by=date),
    "OpinionGiven.v1": says(agency=str, opinion=str),
    "ConsentDeemed.v1": says(agency=str),
    "DueDateChanged.v1": dated(old_due_on=date, due_on=date, days=list[date]),
    "DueDateExtended.v1": dated(reason=str, due_on=date),
    "DeadlineChanged.v1": dated(asked=str, old_deadline_on=date, deadline_on=date, days=list[date]),
    "OpinionDeadlineChanged.v1": dated(agency=str, old_answer_by=date, answer_by=date, days=list[date]),
    "DossierWithdrawn.v1": says(),
    "WithdrawalRefused.v1": says(reason=str, status=str),
    "DossierHandedOver.v1": says(unit=str, sealed_officer=(str | None, None)),
    "DossierReversed.v1": Reversed,
}
PASSED_OVER = frozenset({"ReversalProposed.v1", "ApplicantActReversed.v1"})
"""Nothing is told by these: a reversal itself is, and what an import does is not."""
# Of these a text says nothing: whom to tell is not what to tell, and the code stays sealed.
UNTOLD = frozenset(Submitted.model_fields) | {"sealed_code", "sealed_officer"}

Told = tuple[Delivered, Happened, Notice]


class Dossiers:
    """Decides the notices of a batch of events. `channels` are those that are switched on; `code_keys` open who filed."""

    def __init__(
        self,
        *,
        channels: Collection[Channel],
        code_keys: Sequence[bytes],
        clock: Callable[[], datetime],
        new_id: Callable[[], UUID],
        poke: Callable[[], None] = lambda: None,
    ) -> None:
        self._channels = frozenset(channels)
        self._code_keys = code_keys
        self._clock = clock
        self._new_id = new_id
        self._poke = poke

    async def apply(self, connection: asyncpg.Connection[Any], deliveries: Sequence[Delivered]) -> None:
        """Effect of one batch, set by set, inside the transaction that also moves the reader's position.

        Guarantee: every event gives each of its notices once, however often it is delivered.
        Test: test_a_dossiers_notices_are_decided_once.
        """
        now = self._clock()
        opened = [d for d in deliveries if isinstance(d.data, Submitted)]
        if opened:
            await connection.execute(
                OPEN_DOSSIERS,
                [d.stream_id for d in opened],
                [d.data.applicant_id for d in opened],
                [d.data.contact_change for d in opened],
                [d.data.procedure for d in opened],
                [d.data.office for d in opened],
                [d.occurred_at.astimezone(VIETNAM).date() for d in opened],
                [d.data.sealed_filer for d in opened],
                [d.data.result_delivery or "collected" for d in opened],
            )
        corrected = {d.stream_id: d.data for d in deliveries if isinstance(d.data, SubmissionCorrected)}
        if corrected:
            await connection.execute(
                REFILE,
                list(corrected),
                [told.procedure for told in corrected.values()],
                [told.submitted_at.astimezone(VIETNAM).date() for told in corrected.values()],
                [told.office for told in corrected.values()],
            )
        # Of several of one dossier the last one holds: a reversed acceptance leaves it without a code.
        codes = {d.stream_id: code_after(d.data) for d in deliveries if changes_code(d.data)}
        if codes:
            await connection.execute(KEEP_CODES, list(codes), list(codes.values()))
        await webhooks.queue(connection, self._code_keys, deliveries)
        told: list[Told] = []
        mutes = 0
        for delivered in deliveries:
            happened = happened_in(delivered)
            mutes += muted(happened)
            for notice in decide(happened, now, self._channels):
                told.append((delivered, happened, notice))
        told = await wanted(connection, told)
        if told:
            await self._keep(connection, told, now)
            self._poke()
        metrics.MUTED.inc(mutes)
        for channel, count in Counter(notice.channel for _, _, notice in told).items():
            if channel is not Channel.SMS:
                metrics.DECIDED.labels(channel.value).inc(count)

    async def _keep(self, connection: asyncpg.Connection[Any], every: Sequence[Told], now: datetime) -> None:
        told = [each for each in every if each[2].channel is not Channel.SMS]
        of_sms = [each for each in every if each[2].channel is Channel.SMS]
        by_message = [
            messages.decided_of(d, h.about, n.notice_id, facts(d, self._code_keys)) for d, h, n in of_sms
        ]
        if by_message:
            await messages.decide(connection, by_message, now)
        if not told:
            return
        await connection.execute(
            DECIDE_NOTICES,
            [d.stream_id for d, _, _ in told],
            [n.notice_id for _, _, n in told],
            [h.about for _, h, _ in told],
            [d.id for d, _, _ in told],
            [n.channel.value for _, _, n in told],
            [d.occurred_at for d, _, _ in told],
            [d.recorded_at for d, _, _ in told],
            [facts(d, self._code_keys) for d, _, _ in told],
            now,
        )
        mails = [(d, n) for d, _, n in told if n.channel is Channel.EMAIL and not n.lapsed]
        queued: set[UUID] = set()
        if mails:
            rows = await connection.fetch(
                QUEUE_MAILS,
                [n.notice_id for _, n in mails],
                [d.stream_id for d, _ in mails],
                now,
                [words_of(d) for d, _ in mails],
            )
            queued = {row["notice_id"] for row in rows}
        # An inbox notice stands with this transaction; a lapsed one, or an e-mail to nobody, has ended: what remains is to record it.
        ended = [
            Ending(d.stream_id, d.recorded_at, d.traceparent, ending_of(happened, notice))
            for d, happened, notice in told
            if notice.notice_id not in queued
        ]
        if ended:
            await leave(connection, ended, self._new_id)


def happened_in(delivered: Delivered) -> Happened:
    """The event as deciding sees it; its type without the version."""
    about = delivered.type.partition(".")[0]
    return Happened(delivered.id, about, delivered.stream_id, delivered.recorded_at, delivered.origin)


def facts(delivered: Delivered, code_keys: Sequence[bytes]) -> str:
    """The codes and dates that the text of this event's notices says, as JSON: who has the dossier now by code; and by the sequence a
    reversal finds what it strikes.
    """
    told = delivered.data.model_dump(exclude=UNTOLD)
    if officer := unsealed(getattr(delivered.data, "sealed_officer", None), code_keys, delivered.stream_id):
        told["officer"] = officer
    if words_of(delivered) is not None:
        told["sequence"] = delivered.sequence
    return orjson.dumps(told).decode()


def words_of(delivered: Delivered) -> str | None:
    """What names the words that the officer said with it; None where nothing was said."""
    words: str | None = getattr(delivered.data, "words", None)
    return words


def changes_code(data: BaseModel) -> bool:
    """Whether the dossier has another official code after the event, or none any more."""
    return isinstance(data, Accepted) or (isinstance(data, Reversed) and data.event == "DossierAccepted")


def code_after(data: BaseModel) -> str | None:
    """The sealed code after such an event."""
    return data.sealed_code if isinstance(data, Accepted) else None
