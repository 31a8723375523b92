"""Carries out a schedule: each fault begins at its time, or as soon as what it needs is free, and ends after its length.

Each fault has a thread for as long as it stands. It notes what was injected; it judges nothing.
"""

import random
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field

from deploy.local.postgres.run import in_thread
from tests.faults import readings, topics
from tests.faults.books import Books
from tests.faults.client import Door
from tests.faults.database import age_keys, fetch, new_database, stop_in_transaction, watch_positions
from tests.faults.messengers import Messengers
from tests.faults.operators import Operators
from tests.faults.outages import Outages
from tests.faults.record import Record
from tests.faults.schedule import SERVICES, Fault
from tests.faults.world import House

End = Callable[[], None]
TICK_SECONDS = 0.05
IN_THE_MIDDLE_SECONDS = (0.01, 0.15)
ANSWERS_LOST = 12
TRUE_BY_IT_SECONDS = 30.0
TRUE_BY_A_CLOCK = "SELECT FROM fired WHERE true_at > recorded_at LIMIT 1"
NEEDS = {
    "duplicate": {"kafka"},
    "poison": {"kafka"},
    "reorder": {"kafka", "postgres", "reporting", "intake", "processing"},
    "new_reader": {"postgres", "reporting"},
    "zombie": {"kafka", "postgres", "reporting"},
    "midnight": {"postgres"},
    "mail_in_doubt": set(),
    # Who is started meanwhile compares its log with a broker that holds nothing yet, and poison that bears its name.
    "wipe_kafka": {"kafka", "intake", "processing"},
    "remake_topic": {"kafka", "intake", "processing"},
    "two_of_all": {"kafka", "postgres", *SERVICES},
    "failover": {"first", "second"},
    "providers_a_day": {"first", "second", "notify"},
    "kill_sending": {"first", "second", "notify", "postgres"},
}
ALONE_WITH_THEM = (
    "dump",
    "restore",
    "log_ahead",
    "release_before",
    "kill_counting",
    "kill_rebuild",
    "kill_publication",
)
BESIDE = {kind: {"kafka", "postgres"} for kind in ALONE_WITH_THEM}
"""What a fault needs for itself beside its target."""
USES = {kind: {"kafka", "postgres"} for kind in ("kill_behind", "clock_jump")}


def _needs(fault: Fault) -> set[str]:
    """What a fault has for itself while it stands."""
    return NEEDS.get(fault.kind, {fault.target} | BESIDE.get(fault.kind, set()))


def _uses(fault: Fault) -> set[str]:
    """What must be well while a fault stands, though others may use it too: without it there would be no backlog, and nothing to date."""
    return USES.get(fault.kind, set())


def may_begin(fault: Fault, standing: Iterable[Fault]) -> bool:
    """Whether none of the standing faults is in the way."""
    return not any(
        _needs(fault) & (_needs(other) | _uses(other)) or _uses(fault) & _needs(other) for other in standing
    )


def nothing() -> None:
    """The end of a fault that is over as soon as it is done."""


@dataclass(slots=True)
class Injector(Operators, Outages, Books):
    """`ask_again` sends old filings again, at a port or anywhere; `add_door` and `end_door` tell the load of a second process."""

    house: House
    ask_again: Callable[[int, int | None], None]
    add_door: Callable[[str, int], None]
    end_door: Callable[[str, int], None]
    lose_mail_answers: Callable[[int], None]
    messengers: Messengers
    record: Record
    _said: list[topics.Poison] = field(default_factory=list)

    def run(self, faults: Iterable[Fault], began: float) -> None:
        """Until every fault has begun and ended. Faults that need different things stand at the same time."""
        waiting = list(faults)
        standing: dict[Future[None], Fault] = {}
        while waiting or standing:
            now = time.monotonic() - began
            due = next((f for f in waiting if f.at_seconds <= now and may_begin(f, standing.values())), None)
            if due is not None:
                waiting.remove(due)
                self.house.say(f"{now:6.1f}s: {due}")
                standing[self.house.hands.submit(self._carry_out, due)] = due
            for ended in [each for each in standing if each.done()]:
                standing.pop(ended)
                ended.result()
            self.house.tend()
            time.sleep(TICK_SECONDS)

    def _carry_out(self, fault: Fault) -> None:
        end = getattr(self, f"_{fault.kind}")(fault, random.Random(fault.seed))
        self.record.injected.append(f"{fault.kind} {fault.target}")
        time.sleep(fault.for_seconds)
        end()

    def _kill(self, fault: Fault, draw: random.Random) -> End:
        if fault.target == "postgres":
            self.house.postgres.kill()
            return self.house.postgres.start
        if fault.target == "kafka":
            for node in self.house.one_node(draw):
                node.kill()
            return self.house.kafka.start
        self.house.kill(fault.target)
        return lambda: self.house.launch(self.house.members[fault.target])

    def _freeze(self, fault: Fault, draw: random.Random) -> End:
        if fault.target == "postgres":
            self.house.postgres.pause()
            return self.house.postgres.resume
        if fault.target == "kafka":
            (node,) = self.house.one_node(draw)
            node.pause()
            return node.resume
        self.house.freeze(fault.target)
        return lambda: self.house.thaw(fault.target)

    def _kill_behind(self, fault: Fault, draw: random.Random) -> End:
        """It wakes up with much to do at once, and dies in the middle of it."""
        self.house.freeze(fault.target)

        def end() -> None:
            self.house.thaw(fault.target)
            time.sleep(draw.uniform(*IN_THE_MIDDLE_SECONDS))
            self.house.kill(fault.target)
            self.house.launch(self.house.members[fault.target])

        return end

    def _absent_kafka(self, _fault: Fault, _draw: random.Random) -> End:
        self.house.kafka.kill()
        return self.house.kafka.start

    def _wipe_kafka(self, _fault: Fault, _draw: random.Random) -> End:
        self._wipe()
        self._poison_again()
        return nothing

    def _wipe(self, first: list[topics.Message] | None = None) -> None:
        """An empty cluster, then `first`."""
        self.house.kafka.wipe()
        self.record.wiped = True
        topics.say(self.house.kafka, first or [])

    def _poison_again(self) -> None:
        """The poison of before, which no store could fill in again; not before both logs have said that they publish here."""
        topics.wait_for_progress(self.house.kafka, {b"intake", b"processing"})
        topics.say(self.house.kafka, [p.message for p in self._said])

    def _duplicate(self, _fault: Fault, draw: random.Random) -> End:
        topics.say(self.house.kafka, topics.duplicates(self.house.kafka, draw))
        return nothing

    def _poison(self, _fault: Fault, draw: random.Random) -> End:
        made = topics.poison(draw)
        topics.say(self.house.kafka, [p.message for p in made])
        self._said += made
        for each in made:
            for reader in each.readers:
                self.record.poison.setdefault(reader, set()).add(each.message.header("ce_id"))
        return nothing

    def _reorder(self, _fault: Fault, draw: random.Random) -> End:
        """A broker that comes back empty is first told some dossiers backwards, then a reader begins from nothing."""
        known = topics.scrambled(topics.read(self.house.kafka, topics.DOSSIERS), draw)
        self.record.reordered |= {m.header("ce_subject") for m in known}
        for name in ("intake", "processing"):
            self.house.freeze(name)
        self.house.kill("reporting")
        self._wipe(known)
        self._forget_reporting()
        self.house.thaw("intake")
        self.house.thaw("processing")
        self._poison_again()
        return nothing

    def _two_relays(self, fault: Fault, _draw: random.Random) -> End:
        second = self.house.double(fault.target)
        self.house.wait_for(second)
        self.add_door(fault.target, second.port)
        if fault.target == "intake":
            self.ask_again(20, second.port)

        def end() -> None:
            self.end_door(fault.target, second.port)
            self.house.end_double(fault.target)

        return end

    def _zombie(self, fault: Fault, _draw: random.Random) -> End:
        """The first process stops in a batch, the second takes its partitions, then the first goes on as if nothing had been."""
        self.house.wait_for(self.house.double(fault.target))
        stop_in_transaction(self.house.postgres, fault.target, lambda: self.house.freeze(fault.target))

        def end() -> None:
            self.house.thaw(fault.target)
            time.sleep(3)
            dropped = in_thread(readings.dropped(Door(fault.target, self.house.members[fault.target].port)))
            self.house.say(f"the zombie came back and had {dropped:.0f} messages dropped")
            self.house.end_double(fault.target)

        return end

    def _new_reader(self, _fault: Fault, _draw: random.Random) -> End:
        self.house.kill("reporting")
        self._forget_reporting()
        return nothing

    def _forget_reporting(self) -> None:
        self.record.steps_back += in_thread(readings.steps_back(self.house.postgres, ("reporting",)))
        new_database(self.house.postgres, "reporting")
        self.house.migrate("reporting")
        watch_positions(self.house.postgres, "reporting")
        self.house.launch(self.house.members["reporting"])

    def _midnight(self, _fault: Fault, _draw: random.Random) -> End:
        """Every key so far was first used a week ago, in another partition; then some are used again."""
        age_keys(self.house.postgres, "intake")
        self.ask_again(20, None)
        return nothing

    def _clock_jump(self, fault: Fault, _draw: random.Random) -> End:
        """The clock of one service is a day ahead and then right again, and the service works on through both.

        Of notify, letters wait meanwhile whose answers were lost: until tomorrow, as that clock has it.
        """
        if fault.target == "notify":
            self.lose_mail_answers(ANSWERS_LOST)
        ahead = self.house.ahead(fault.target)
        self.record.jumped.add(fault.target)
        ahead.touch()
        if fault.target == "processing":
            self._wait_until_true_by_it()
        return ahead.unlink

    def _wait_until_true_by_it(self) -> None:
        """It may only just have been started again, and look for what became true seconds later, when its clock was right again."""
        over_at = time.monotonic() + TRUE_BY_IT_SECONDS
        while time.monotonic() < over_at:
            if in_thread(fetch(self.house.postgres, "processing", TRUE_BY_A_CLOCK)):
                return
            time.sleep(TICK_SECONDS)

    def _mail_in_doubt(self, _fault: Fault, draw: random.Random) -> End:
        self.lose_mail_answers(draw.randint(1, 3))
        return nothing
