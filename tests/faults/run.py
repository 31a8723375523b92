"""One run from an empty folder to its findings: load and faults at the same time, then quiet, then the checkers.

Prints what it does as it goes; the seed alone is needed to do the same again.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

from tests.faults import checks, checks_live, database, readings, topics
from tests.faults.catcher import Catcher
from tests.faults.client import Door
from tests.faults.injector import Injector
from tests.faults.load import Load, ask
from tests.faults.messengers import Messengers
from tests.faults.record import Finding, Outcome, Record
from tests.faults.refilling import refilled
from tests.faults.schedule import plan
from tests.faults.world import House

SHOWN = 15
LOAD_GOES_ON = 1.25
"""Faults that wait for one another end late; the load must not have ended by then."""
QUIET_SECONDS = 150.0
PATIENCE_SECONDS = 600.0
"""How long one request is asked again; a house in which nothing is broken never needs it all."""
MUTATED_PATIENCE_SECONDS = 30.0
"""A broken house loses many, and each is waited for; 30 s is more than the longest absence of a small run."""
LOOK_AGAIN_SECONDS = 4.0
RECORDED = "SELECT FROM messages WHERE request_id = '{}' AND state <> 'waiting'"


@dataclass(frozen=True, slots=True)
class Size:
    """How many dossiers are filed in how many seconds, and how long Kafka's one absence lasts."""

    dossiers: int
    seconds: float
    absent_seconds: float

    @classmethod
    def of(cls, dossiers: int) -> "Size":
        """About 20 a second for a small run, about 60 for a large one; absent for a minute when there is time for it."""
        seconds = max(80.0, dossiers / 80)
        return cls(dossiers, seconds, 60.0 if seconds >= 300 else 12.0)

    @property
    def unseen_seconds(self) -> float:
        """How long what an applicant did may take to be heard: Kafka may be absent three times in a row, and then there is a backlog."""
        return 84 + 3 * self.absent_seconds


def run(
    size: Size,
    seed: int,
    brokers: int,
    *,
    mutation: str = "",
    only: Collection[str] = (),
    say: Callable[[str], None] = lambda line: None,
) -> list[Finding]:
    """The findings of one run, with everything it started stopped again; the folder stays when there are any.

    `only` are the kinds of faults that are injected, of those that are planned; all, if it names none.
    """
    record = Record(seed)
    faults = plan(seed, size.seconds, size.absent_seconds, only)
    record.planned = [f"{f.kind} {f.target}" for f in faults]
    house = House(brokers, mutation, say=say)
    began = time.monotonic()
    catcher = Catcher(house.smtp_port, began)

    async def recorded(request_id: str) -> bool:
        return bool(await database.fetch(house.postgres, "notify", RECORDED.format(request_id)))

    messengers = Messengers(house.sms_ports, record, began, recorded)
    findings: list[Finding] = [Finding("run", "wrong", "the run did not come to its end")]
    try:
        catcher.start()
        messengers.start()
        house.start()
        for service in readings.READERS:
            database.watch_positions(house.postgres, service)
        if any(fault.kind == "release_before" for fault in faults):
            database.give_a_past(house.postgres)
        patience = MUTATED_PATIENCE_SECONDS if mutation else PATIENCE_SECONDS
        load = Load(
            house,
            record,
            size.dossiers,
            size.seconds * LOAD_GOES_ON,
            patience_seconds=patience,
            unseen_seconds=size.unseen_seconds,
        )
        injector = Injector(
            house,
            load.ask_again,
            load.add_door,
            load.end_door,
            lambda n: setattr(catcher, "lose_answers", n),
            messengers,
            record,
        )
        injector.run(faults, load.began)
        say(f"{time.monotonic() - load.began:6.1f}s all faults are over; the load goes on to its end")
        load.finish(house.tend)
        record.mail = catcher.mail
        findings = _settle(house, record, say, QUIET_SECONDS / 10 if mutation else QUIET_SECONDS)
        findings = findings or refilled(house, record, say)
    finally:
        catcher.stop()
        messengers.stop()
        house.stop(keep=bool(findings))
    _tell(record, findings, house, say)
    return findings


def _settle(house: House, record: Record, say: Callable[[str], None], quiet_seconds: float) -> list[Finding]:
    """Looks until nothing is amiss, or until for all that time nothing came any nearer to it; the last look counts.

    A look of a large run takes minutes itself: one that began before the time was over ends nothing.
    """
    began = nearer_at = time.monotonic()
    fewest: int | None = None
    while True:
        house.wait_ready()
        looked_at = time.monotonic()
        record.outcome = _look(house, record)
        findings = checks.findings(record, checks_live.ALL)
        if not findings:
            return findings
        summary = dict(Counter(f"{f.check} {f.kind}" for f in findings))
        say(f"after {looked_at - began:.0f}s of quiet still {summary}")
        if fewest is None or len(findings) < fewest:
            fewest, nearer_at = len(findings), time.monotonic()
        elif looked_at - nearer_at > quiet_seconds:
            return findings
        for _ in range(int(LOOK_AGAIN_SECONDS * 10)):
            house.tend()
            time.sleep(0.1)


def _look(house: House, record: Record) -> Outcome:
    def doors() -> dict[str, Door]:
        return {name: Door(name, member.port) for name, member in house.members.items()}

    outcome: Outcome = ask(readings.outcome(doors(), house.issuer, house.postgres, record))
    outcome.topic = topics.heard(topics.read(house.kafka, topics.DOSSIERS))
    outcome.topic += topics.heard(topics.read(house.kafka, topics.CALENDAR))
    letters = topics.dead_letters(house.kafka)
    outcome.dead_letters = {
        reader: [(m.key or b"").decode() for m in found] for reader, found in letters.items()
    }
    outcome.steps_back = ask(readings.steps_back(house.postgres))
    said = {f"dead letters of {reader}": topics.opened(found) for reader, found in letters.items()}
    said["notices"] = topics.text_of(topics.read(house.kafka, topics.NOTICES))
    outcome.leaks = ask(readings.leaks(house.home, doors(), outcome, said))
    return outcome


def _tell(record: Record, findings: list[Finding], house: House, say: Callable[[str], None]) -> None:
    lost = sum(a.status == 0 for f in record.filings for a in f.answers)
    again = sum(len(f.answers) > 1 for f in record.filings)
    deaths = sum(m.deaths for m in house.members.values())
    stored = {name: len(facts) for name, facts in record.outcome.stores.items()}
    say(f"{len(record.filings)} keys, {again} sent again, {lost} answers lost; {len(record.commands)} acts")
    say(f"put off: {dict(record.put_off)}")
    say(f"events stored {stored}, heard {len(record.outcome.topic)}; mails {len(record.mail)}")
    states = Counter(m.state if m.reason is None else m.reason for m in record.outcome.messages)
    given = Counter(f"{h.provider}{' again' * h.known}" for h in record.handed)
    say(
        f"text messages {dict(sorted(states.items()))}, handed to {dict(sorted(given.items()))}, met {dict(record.touched)}"
    )
    say(
        f"samples {len(record.samples)}; ambiguous {record.outcome.ambiguous_counted}; restarts not asked for {deaths}"
    )
    granted = Counter(c.act for c in record.commands if c.granted)
    refused = Counter(c.answers[-1].body.get("code") for c in record.commands if c.answers and not c.granted)
    ahead = sum(f.true_at > f.recorded_at for f in record.outcome.fired)
    say(f"granted: {dict(sorted(granted.items()))}")
    say(f"refused: {dict(refused)}; true by themselves {len(record.outcome.fired)}, {ahead} by a clock ahead")
    faults = ", ".join(f"{what} ×{count}" for what, count in sorted(Counter(record.injected).items()))
    say(f"faults injected: {faults}")
    for finding in sorted(findings, key=lambda f: f.check != "fault")[:SHOWN]:
        say(f"  {finding.check}: {finding.kind}: {finding.what}")
    if len(findings) > SHOWN:
        say(f"  … and {len(findings) - SHOWN} more")
    kinds = Counter(f.kind for f in findings)
    say(
        f"seed {record.seed}: lost {kinds['lost']}, doubled {kinds['doubled']}, otherwise wrong {kinds['wrong']}"
    )
    if findings:
        say(f"found by: {', '.join(sorted({f.check for f in findings}))}; logs in {house.home}")
        say(f"the schedule was: {'; '.join(map(str, plan_of(record)))}")


def plan_of(record: Record) -> list[str]:
    """What was planned, in order."""
    return record.planned


def draw_seed() -> int:
    """A seed for a run that was given none."""
    return random.SystemRandom().randrange(10**6)
