"""The client of the two bulk doors: takes finished histories in through intake and processing, as the importer's role.

Promises that every case offered is answered for once the call returns: recorded, repeated (it was there before) or
refused with the door's reason. Never opens a database or a topic, and never waits without a limit.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import httpx
import orjson

from deploy.importing.case import Case

BATCH_CASES = 500
BATCHES_IN_FLIGHT = 3
RETRY_FIRST_SECONDS = 0.05
RETRY_MOST_SECONDS = 2.0
# A door that has not answered, or a submission that has not reached processing, for this long is a fault to be told.
PATIENCE_SECONDS = 60.0


# Answers of processing that a little later may be others: its submission has not arrived, somebody else acts on it now.
TRY_AGAIN = ("not-yet-known", "contended")


@dataclass(frozen=True, slots=True)
class Refusal:
    case: str
    door: str
    code: str
    detail: str = ""


@dataclass(slots=True)
class Progress:
    """What has been answered so far; `submitted` and `processed` count cases, `repeated` those that were there before.

    `corrected`: those whose record was brought to what the log tells now.
    """

    submitted: int = 0
    processed: int = 0
    repeated: int = 0
    corrected: set[str] = field(default_factory=set)
    refusals: list[Refusal] = field(default_factory=list)


class DoorFault(Exception):
    """A door that cannot be used: it refuses the whole batch, or has not answered for PATIENCE_SECONDS."""


@dataclass(frozen=True, slots=True)
class Doors:
    intake_url: str
    processing_url: str
    token: Callable[[], str]
    """Asked for each batch: a long import outlives one token."""
    transport: httpx.AsyncBaseTransport | None = None
    """Another way to the doors than the network."""
    correction: Mapping[str, str] | None = None
    """Reason and document under which what the same source told otherwise before is corrected; None refuses it."""


Shown = Callable[[Progress], None]


async def take_in(
    doors: Doors, source: str, cases: Iterable[Case], shown: Shown = lambda _: None
) -> Progress:
    """Submits the cases in batches and has their acts recorded, both doors at work at the same time.

    Guarantee: a case already taken in is answered as a repeat, so a load that was interrupted goes on when it is
    started again. Test: test_a_second_load_takes_nothing_twice.
    """
    progress = Progress()
    batches = _batched(cases)
    limits = httpx.Limits(max_connections=2 * BATCHES_IN_FLIGHT)
    async with httpx.AsyncClient(
        timeout=PATIENCE_SECONDS, limits=limits, transport=doors.transport, trust_env=False
    ) as http:
        # The lanes share one iterator: a lane takes its next batch when its last one is through both doors, so no more
        # than BATCHES_IN_FLIGHT batches are ever in memory.
        try:
            async with asyncio.TaskGroup() as lanes:
                for _ in range(BATCHES_IN_FLIGHT):
                    lanes.create_task(_lane(http, doors, source, batches, progress, shown))
        except* DoorFault as faults:
            raise faults.exceptions[0] from None
    return progress


async def _lane(
    http: httpx.AsyncClient,
    doors: Doors,
    source: str,
    batches: Iterator[list[Case]],
    progress: Progress,
    shown: Shown,
) -> None:
    for batch in batches:
        known = await _submit(http, doors, source, batch, progress)
        shown(progress)
        await _process(http, doors, source, known, progress, shown)


async def _submit(
    http: httpx.AsyncClient, doors: Doors, source: str, batch: list[Case], progress: Progress
) -> list[tuple[Case, str]]:
    """The cases whose acts are to be told, with their dossiers.

    Acts that rest on a submission which the log tells otherwise now are struck out first; then it is corrected, which intake does
    once it has heard of that.
    Guarantee: a log whose dates all moved is brought in whole. Test: test_a_log_whose_dates_all_moved_is_corrected.
    """
    known: list[tuple[Case, str]] = []
    waiting = batch
    clock = asyncio.get_running_loop().time
    pause, began_at = RETRY_FIRST_SECONDS, clock()
    while waiting:
        answers = await _post(
            http,
            f"{doors.intake_url}/v1/bulk",
            doors.token,
            [case.as_submission(source, doors.correction) for case in waiting],
        )
        resting: list[tuple[Case, str]] = []
        for case, answer in zip(waiting, answers, strict=True):
            if answer.get("code") == "acts-stand":
                resting.append((case, answer["dossier_id"]))
            elif answer["outcome"] == "refused":
                progress.refusals.append(_refusal(case, "intake", answer))
            else:
                known += _submitted(case, answer, progress)
        waiting = await _strike(http, doors, source, resting, progress) if resting else []
        if waiting:
            if clock() - began_at > PATIENCE_SECONDS:
                raise DoorFault(
                    f"intake has not heard for {PATIENCE_SECONDS:.0f} s that the acts of {len(waiting)} dossiers were struck out; "
                    f"the first is case {waiting[0].case}"
                )
            await asyncio.sleep(pause)
            pause = min(2 * pause, RETRY_MOST_SECONDS)
    return known


async def _strike(
    http: httpx.AsyncClient,
    doors: Doors,
    source: str,
    resting: list[tuple[Case, str]],
    progress: Progress,
) -> list[Case]:
    """Has the acts struck out that rest on a submission of before; the cases of which nothing speaks against it."""
    items = [case.as_item(source, dossier, doors.correction) for case, dossier in resting]
    answers = await _post(http, f"{doors.processing_url}/v1/bulk", doors.token, items)
    struck = []
    for (case, _), answer in zip(resting, answers, strict=True):
        if answer["outcome"] == "refused" and answer.get("code") not in TRY_AGAIN:
            progress.refusals.append(_refusal(case, "processing", answer))
        else:
            struck.append(case)
    return struck


def _submitted(case: Case, answer: dict[str, Any], progress: Progress) -> list[tuple[Case, str]]:
    progress.submitted += 1
    there = answer["outcome"] != "recorded"
    progress.repeated += there
    if answer["outcome"] == "corrected":
        progress.corrected.add(case.case)
    if case.acts or there:  # of what was there before the log may tell no act any more
        return [(case, answer["dossier_id"])]
    progress.processed += 1
    return []


async def _process(
    http: httpx.AsyncClient,
    doors: Doors,
    source: str,
    waiting: list[tuple[Case, str]],
    progress: Progress,
    shown: Shown,
) -> None:
    """Processing learns of a submission through Kafka: until then it answers not-yet-known, and is asked again."""
    clock = asyncio.get_running_loop().time
    pause, moved_at = RETRY_FIRST_SECONDS, clock()
    while waiting:
        items = [case.as_item(source, dossier, doors.correction) for case, dossier in waiting]
        answers = await _post(http, f"{doors.processing_url}/v1/bulk", doors.token, items)
        later = []
        for pair, answer in zip(waiting, answers, strict=True):
            if answer["outcome"] != "refused":
                progress.processed += 1
                if answer["outcome"] == "corrected":
                    progress.corrected.add(pair[0].case)
            elif answer.get("code") in TRY_AGAIN:
                later.append(pair)
            else:
                progress.refusals.append(_refusal(pair[0], "processing", answer))
        shown(progress)
        if len(later) < len(waiting):
            pause, moved_at = RETRY_FIRST_SECONDS, clock()
        elif clock() - moved_at > PATIENCE_SECONDS:
            raise DoorFault(
                f"processing has not heard of {len(later)} submitted dossiers for {PATIENCE_SECONDS:.0f} s; "
                f"the first is case {later[0][0].case} (dossier {later[0][1]})"
            )
        if later:
            await asyncio.sleep(pause)
            pause = min(2 * pause, RETRY_MOST_SECONDS)
        waiting = later


async def _post(
    http: httpx.AsyncClient, url: str, token: Callable[[], str], items: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Sends one batch until it is answered: a service that is away or busy is asked again, which repeats nothing."""
    body = orjson.dumps({"items": items})
    clock = asyncio.get_running_loop().time
    pause, began_at = RETRY_FIRST_SECONDS, clock()
    while True:
        wait = pause
        headers = {"authorization": f"Bearer {token()}", "content-type": "application/json"}
        try:
            response = await http.post(url, content=body, headers=headers)
        except httpx.TransportError as fault:
            told = f"{type(fault).__name__} {fault}".strip()
        else:
            if response.status_code == 200:
                answers: list[dict[str, Any]] = orjson.loads(response.content)["answers"]
                return answers
            told = f"{response.status_code} {response.text[:500]}"
            if response.status_code != 429 and response.status_code < 500:
                raise DoorFault(f"{url} refused the batch: {told}")
            wait = max(pause, _retry_after(response))
        if clock() - began_at > PATIENCE_SECONDS:
            raise DoorFault(f"{url} has not taken the batch for {PATIENCE_SECONDS:.0f} s: {told}")
        await asyncio.sleep(wait)
        pause = min(2 * pause, RETRY_MOST_SECONDS)


def _retry_after(response: httpx.Response) -> float:
    told = response.headers.get("retry-after", "")
    return min(float(told), PATIENCE_SECONDS) if told.isdigit() else 0.0


def _refusal(case: Case, door: str, answer: dict[str, Any]) -> Refusal:
    detail = ": ".join(part for part in (answer.get("field"), answer.get("detail")) if part)
    return Refusal(case.case, door, answer.get("code", "unknown"), detail)


def _batched(cases: Iterable[Case]) -> Iterator[list[Case]]:
    source = iter(cases)
    while batch := list(islice(source, BATCH_CASES)):
        yield batch
