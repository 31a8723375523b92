"""The way of a submission: decide, commit to the content, append with the people store's row, answer; a repeat gets the first answer.

Promises one dossier per (caller, key), whether the repeat comes while the first is in flight, to another process, or a week
later. Never keeps a request's body anywhere but in the people store.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from contracts.catalogue import offices
from contracts.catalogue.offices import Offices
from contracts.catalogue.shipped import PROCEDURES
from services.chassis.http.problems import Problem
from services.chassis.log.decider import Context, Rejected, new_events
from services.chassis.log.event_store import Appended, Conflict, EventStore, Item, RepeatKey
from services.intake.dossier import EVENTS, INITIAL, Door, DossierSubmitted, Event, SubmitDossier, decide
from services.intake.filled_in import misfilled, wanted
from services.intake.papers import attached
from services.intake.papers.attached import Named
from services.intake.papers.paper import PaperFiled
from services.intake.papers.uploads import Uploads
from services.intake.people import store as people
from services.intake.people import wishes
from services.intake.usual import ZONE

FORM_BYTES_MAX = 32_768
FIELD_OF = {
    **dict.fromkeys(("procedure-unknown", "procedure-not-yet-in-force", "procedure-abolished"), "procedure"),
    **dict.fromkeys(("office-unknown", "procedure-not-here"), "office"),
    "channel-not-allowed": "channel",
    "identifier-not-taken": "applicant.identifier.kind",
}


@dataclass(slots=True)
class Intake:
    """What the routes need: the store, the secrets, the offices, and the clock and ids that nobody reads behind their back."""

    store: EventStore
    hmac_keys: Sequence[bytes]
    clock: Callable[[], datetime]
    new_id: Callable[[], UUID]
    offices: Offices = field(default_factory=offices.load)
    salt: Callable[[], bytes] = lambda: os.urandom(people.SALT_BYTES)
    uploads: Uploads | None = None

    def marks(self, told: bytes) -> tuple[bytes, ...]:
        """By which `told` is known again: its HMAC under the key of today, then under those of before."""
        return tuple(hmac.digest(key, told, "sha256") for key in self.hmac_keys)

    def repeat_key(
        self, actor: str, key: str, told: bytes, about: bytes = b"", said: Any = None
    ) -> RepeatKey:
        """`told` is JSON, and says what `said` is. As long as keys are kept, those that releases before recorded count, too: by the
        bytes of the body, and in NFC only after its members were sorted. They are made where one is compared.
        """
        canon = about + canonical(told, said)

        def older() -> Sequence[bytes]:
            return *self.marks(canon), *self.marks(about + canonical(told)), *self.marks(about + told)

        return RepeatKey(actor, key, hmac.digest(self.hmac_keys[0], canon, "sha256"), older)


def canonical(told: bytes, said: Any = None) -> bytes:
    """The same bytes for the same request: members sorted, no space, text in NFC. `said` is what it says, in NFC, where that is known.

    Guarantee: the same request under one key is a repeat, however its client writes JSON.
    Test: test_the_order_of_members_makes_no_other_request.
    """
    if said is not None:
        return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    try:
        kept = orjson.dumps(orjson.loads(told), option=orjson.OPT_SORT_KEYS)
    except ValueError:  # a number that this reader does not know
        return told
    return unicodedata.normalize("NFC", kept.decode()).encode()


@dataclass(slots=True)
class Submission:
    """One submission as it came through a door, validated."""

    door: Door
    procedure: str
    office: str
    channel: str
    applicant: people.Applicant | None
    content: bytes
    occurred_at: datetime
    owner: people.Applicant | None = None
    import_source: str | None = None
    form: Mapping[str, Any] | None = None
    """What was filled in. None where nothing was: an import tells that a case was filed, and the other system keeps its papers."""
    papers: Sequence[PaperFiled] = ()
    told_by: Sequence[wishes.Way] | None = None


def content_bytes(content: dict[str, Any]) -> bytes:
    """The content as it is kept: compact JSON. Problem 422 for numbers that JSON's readers do not agree on."""
    try:
        kept = orjson.dumps(content)
    except TypeError:
        raise _number_out_of_range() from None
    # Infinities and NaN, which the parser lets pass, become null: only then the members are looked at one by one.
    if b"null" in kept and not _finite(content):
        raise _number_out_of_range()
    if len(kept) > FORM_BYTES_MAX:
        raise Problem(413, "content-too-large", f"at most {FORM_BYTES_MAX} bytes", field="content")
    return kept


def _number_out_of_range() -> Problem:
    return Problem(
        422, "number-out-of-range", "numbers must be finite, whole ones below 2^63", field="content"
    )


def _finite(value: Any) -> bool:
    if isinstance(value, float):
        return abs(value) != float("inf") and value == value
    if isinstance(value, dict):
        return all(_finite(member) for member in value.values())
    return all(_finite(member) for member in value) if isinstance(value, list) else True


def item_of(
    intake: Intake,
    submission: Submission,
    dossier_id: UUID,
    actor: str,
    *,
    traceparent: str | None = None,
    repeat: RepeatKey | None = None,
    papers: Sequence[Named] = (),
) -> Item | Rejected:
    """The decided submission as the store takes it. The command that opens a dossier bears the dossier's id."""
    applicant_id, salt = intake.new_id(), intake.salt()
    applicant = submission.applicant
    whose = submission.owner or applicant
    command = SubmitDossier(
        submission.occurred_at.astimezone(ZONE).date(),
        submission.door,
        submission.procedure,
        submission.office,
        submission.channel,
        applicant_id,
        applicant is not None,
        people.commitment(salt, submission.content, attached.manifest(papers)),
        submission.import_source,
        None if whose is None else whose.identifier.kind,
        wanted(submission.form),
    )
    decision = decide(command, INITIAL, PROCEDURES, intake.offices)
    if isinstance(decision, Rejected):
        return decision
    context = Context(dossier_id, actor, submission.occurred_at)
    return Item(
        stream_id=dossier_id,
        expected_version=0,
        command_id=dossier_id,
        events=new_events(EVENTS, decision, context, intake.new_id, counter_of),
        actor=actor,
        traceparent=traceparent,
        repeat=repeat,
        attachment=(
            people.filing(dossier_id, applicant_id, applicant, submission.content, salt, submission.owner),
        ),
    )


def counter_of(event: Event) -> str | None:
    """What numbers the change of contact that a submission brings: none, where nobody can be told."""
    return people.CHANGES_COUNTER if isinstance(event, DossierSubmitted) and event.reachable else None


def field_of(refused: Rejected, submission: Submission) -> str:
    """The field that a refusal is about: of persons, that of whose dossier it is."""
    name = FIELD_OF.get(refused.code, "")
    return name.replace("applicant", "owner", 1) if submission.owner is not None else name


@dataclass(frozen=True, slots=True)
class Submitted:
    """The answer to a submission, as it goes out."""

    dossier_id: str
    body: bytes


class FirstAnswers:
    """Submissions of this process that are on their way, by caller and key, so that a repeat waits for the first one's answer."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], tuple[bytes, asyncio.Future[Submitted]]] = {}

    async def answer(self, key: RepeatKey, submit: Callable[[], Any]) -> Submitted:
        """The answer of `submit`, or of the submission with the same key that is already on its way.

        Guarantee: a repeat that comes while the first is in flight gets the first one's answer.
        Test: test_a_repeat_in_flight_waits_for_the_first.
        """
        mark = key.caller, key.key
        first = self._waiting.get(mark)
        if first is not None:
            refuse_other_body(first[0], key)
            return await asyncio.shield(first[1])
        future: asyncio.Future[Submitted] = asyncio.get_running_loop().create_future()
        self._waiting[mark] = key.body_hmac, future
        try:
            answer: Submitted = await submit()
            future.set_result(answer)
            return answer
        except BaseException as error:
            future.set_exception(error if isinstance(error, Exception) else Problem(503))
            future.exception()  # nobody has to wait for it
            raise
        finally:
            del self._waiting[mark]


async def submit(
    intake: Intake, submission: Submission, actor: str, key: RepeatKey, traceparent: str
) -> Submitted:
    """Records the submission and answers, or raises the Problem that it is.

    Guarantee: what was taken in before a procedure's abolition is answered again after it.
    Test: test_a_retry_after_the_abolition_gets_the_first_answer.
    """
    named = await attached.asked_for(
        intake.uploads, actor, submission.papers, submission.procedure, submission.occurred_at
    )
    papers, fresh = ([] if isinstance(named, Problem) else named), intake.new_id()
    decided = item_of(intake, submission, fresh, actor, traceparent=traceparent, repeat=key, papers=papers)
    if isinstance(decided, Rejected):
        item: Item | Problem = Problem(422, decided.code, decided.detail, field=field_of(decided, submission))
    else:
        sound = named if isinstance(named, Problem) else decided
        item = misfilled(submission.procedure, submission.occurred_at, submission.form) or sound
    if isinstance(item, Problem):
        # A day or a release later the catalogue may refuse what it took: a repeat is known by its key alone.
        first_one = await intake.store.find_first(key)
        if first_one is None:
            raise item
        return await _submitted_before(intake, *first_one, key)
    if (papers or submission.told_by is not None) and intake.uploads is not None:
        kept, pool = people.Filing(*item.attachment[0]), intake.uploads.pool
        await wishes.keep(pool, kept.applicant_id, submission.told_by)
        committed = people.commitment(kept.salt, kept.content, attached.manifest(papers))
        await attached.name(pool, item.stream_id, committed, papers, key)
    answer = await intake.store.append(item)
    if isinstance(answer, Appended):
        return submitted(answer.stream_id, submission.occurred_at)
    if isinstance(answer, Conflict):
        raise AssertionError("a fresh id was taken")
    return await _submitted_before(intake, answer.stream_id, answer.body_hmac, key)


async def _submitted_before(
    intake: Intake, dossier_id: UUID, body_hmac: bytes | None, key: RepeatKey
) -> Submitted:
    """The first answer, given elsewhere or before: made again from what stands in the log."""
    refuse_other_body(body_hmac, key)
    first = (await intake.store.load(dossier_id))[0]
    return submitted(dossier_id, first.occurred_at)


def refuse_other_body(first: bytes | None, key: RepeatKey) -> None:
    """Guarantee: a key that comes again with another body is refused, wherever the first one was answered.

    Test: test_other_body_is_refused.
    """
    if first is not None and not any(
        hmac.compare_digest(first, mark) for mark in (key.body_hmac, *key.older())
    ):
        raise Problem(422, "idempotency-key-reused", "this Idempotency-Key came before with another body")


def submitted(dossier_id: UUID, at: datetime) -> Submitted:
    """The answer to a submission, the same bytes each time it is made."""
    # str(): the driver's UUID is a class of its own, which orjson does not write.
    answer: dict[str, Any] = {
        "dossier_id": str(dossier_id),
        "status": "submitted",
        "version": 1,
        "submitted_at": at.astimezone(ZONE),
    }
    return Submitted(answer["dossier_id"], orjson.dumps(answer))
