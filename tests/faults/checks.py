"""The promises of a run, each a pure function from a record to its findings; none means that the promise was kept.

Nothing here reads a clock, a socket or a database. Each has a test that doctors a record and sees it found.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from tests.faults import oracle
from tests.faults.record import Fact, Finding, Heard, Record, Rows, Standing

Check = Callable[[Record], Iterable[Finding]]
ACTS = {
    "accept": "DossierAccepted",
    "reject": "DossierRejected",
    "forward": "DossierForwarded",
    "resolve": "DossierResolved",
    "return": "ResultReturned",
    "stop": "ProcessingStopped",
    "apologise": "ApologyIssued",
    "correct": "ResultCorrected",
    "request-supplement": "SupplementRequested",
    "accept-supplement": "SupplementAccepted",
    "request-fee": "FeeRequested",
    "withdraw": "DossierWithdrawn",
    "refuse-withdrawal": "WithdrawalRefused",
    "reverse": "DossierReversed",
    "waive-fee": "FeeWaived",
    "ask-opinion": "OpinionRequested",
    "give-opinion": "OpinionGiven",
    "take": "DossierHandedOver/taken",
    "assign": "DossierHandedOver/assigned",
    "hand-over": "DossierHandedOver/handed_over",
    "transfer": "DossierHandedOver/transferred",
}
PUBLISHED = ("intake", "processing")
DECLARED = ("DayProposed", "DayDeclared", "WithdrawalProposed", "DeclarationWithdrawn", "ProposalRefused")
"""Of the calendar and of no dossier: on a topic of their own, in one partition."""


def _store(record: Record, name: str) -> list[Fact]:
    return record.outcome.stores.get(name, [])


def what(fact: Fact) -> str:
    """As ACTS names it: by which way a dossier was handed over belongs to it."""
    return f"{fact.type}/{fact.data['how']}" if fact.type == "DossierHandedOver" else fact.type


def every_201_has_its_dossier_and_event(record: Record) -> Iterator[Finding]:
    """A filing that was answered is in the log; one that was never answered to the end is a lost answer."""
    stored = {f.stream_id for f in _store(record, "intake") if f.type == "DossierSubmitted"}
    for filing in record.filings:
        if not filing.dossier_ids:
            statuses = [a.status for a in filing.answers]
            yield Finding(
                "filing", "lost", f"{filing.caller} {filing.key} never got its 201: {statuses[-5:]}"
            )
        for dossier_id in set(filing.dossier_ids) - stored:
            yield Finding(
                "filing", "lost", f"{filing.caller} {filing.key} was told {dossier_id}: no such event"
            )


def no_key_made_two(record: Record) -> Iterator[Finding]:
    """One caller's key names one dossier for ever, and there is no dossier that no key asked for."""
    asked: set[str] = set()
    for filing in record.filings:
        told = set(filing.dossier_ids)
        asked |= told
        if len(told) > 1:
            yield Finding("key", "doubled", f"{filing.caller} {filing.key} made {sorted(told)}")
    for first, count in Counter(i for f in record.filings for i in set(f.dossier_ids)).items():
        if count > 1:
            yield Finding("key", "wrong", f"{count} keys were told the one dossier {first}")
    for fact in _store(record, "intake"):
        if fact.type == "DossierSubmitted" and fact.stream_id not in asked:
            yield Finding("key", "doubled", f"{fact.stream_id} by {fact.actor} stands behind no answered key")


def every_act_answered_is_recorded_once(record: Record) -> Iterator[Finding]:
    """A granted act stands in processing's log once, at the version it was told, and a retry hears the same."""
    acts: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in _store(record, "processing"):
        if fact.type not in DECLARED:
            acts[fact.stream_id, what(fact)].append(fact)
    granted: dict[tuple[str, str], set[int]] = defaultdict(set)
    for command in record.commands:
        place = command.dossier_id, ACTS[command.act]
        told = {(a.body.get("version"), a.body.get("code")) for a in command.granted}
        granted[place] |= {command.turn} if told else set()
        if len(told) > 1:
            yield Finding("act", "doubled", f"{command.act} {command.dossier_id}: answers differ {told}")
        for version, _code in told:
            if version not in {f.version for f in acts[place]}:
                yield Finding("act", "lost", f"{command.act} {command.dossier_id}: told version {version}")
    lives = _lives(record)
    for command in record.commands:
        statuses = [a.status for a in command.answers]
        if oracle.refused_rightly(command, lives.get(command.dossier_id)):
            continue
        if command.turn not in granted[command.dossier_id, ACTS[command.act]]:
            yield Finding(
                "act", "wrong", f"{command.act} {command.dossier_id} was never granted: {statuses[-5:]}"
            )
        elif not {200, 409, 412} & set(statuses[-1:]):
            yield Finding("act", "wrong", f"{command.act} {command.dossier_id} ended with {statuses[-5:]}")
    for place, facts in acts.items():
        # Every act of the load can happen once in a turn, however many officers were told that it was theirs.
        if len(facts) > max(1, len(granted[place])):
            yield Finding("act", "doubled", f"{place[1]} of {place[0]} stands {len(facts)} times")


def every_act_of_an_applicant_stands_once(record: Record) -> Iterator[Finding]:
    """What an applicant was given a receipt for stands in intake's log at its place, once; a payment settles one fee once."""
    stored: dict[tuple[str, str], list[int]] = defaultdict(list)
    for fact in _store(record, "intake"):
        if fact.type != "DossierSubmitted":
            stored[fact.stream_id, fact.type].append(fact.version)
    answered: dict[tuple[str, str], set[int]] = defaultdict(set)
    for act in record.acts:
        place = act.dossier_id, act.what
        answered[place] |= act.sequences
        if not act.sequences:
            statuses = [a.status for a in act.answers]
            yield Finding(
                "applicant", "lost", f"{act.what} of {act.dossier_id} got no receipt: {statuses[-5:]}"
            )
        for sequence in act.sequences - set(stored[place]):
            yield Finding("applicant", "lost", f"{act.what} of {act.dossier_id}: told {sequence}")
    for place, versions in stored.items():
        if len(versions) > len(answered[place]):
            yield Finding("applicant", "doubled", f"{place[1]} of {place[0]} stands at {versions}")
    settled: Counter[tuple[str, int]] = Counter()
    for fact in _store(record, "processing"):
        if fact.type == "FeeConfirmed":
            settled[fact.stream_id, int(fact.data["payment"])] += 1
    for (dossier_id, payment), count in settled.items():
        if count > 1:
            yield Finding("applicant", "doubled", f"payment {payment} of {dossier_id} settled {count} fees")


def positions_are_dense(record: Record) -> Iterator[Finding]:
    """Positions are 1, 2, 3 …; record time never goes back; an event id stands once."""
    for name, facts in record.outcome.stores.items():
        rows = sorted(facts, key=lambda f: f.position)
        for expected, fact in enumerate(rows, 1):
            if fact.position != expected:
                yield Finding("positions", "lost", f"{name}: {fact.position} where {expected} was due")
                break
        for before, after in pairwise(rows):
            if after.recorded_at < before.recorded_at:
                yield Finding("positions", "wrong", f"{name}: record time goes back at {after.position}")
        for event_id, count in Counter(f.event_id for f in rows).items():
            if count > 1:
                yield Finding("positions", "doubled", f"{name}: event {event_id} stands {count} times")


def versions_are_dense(record: Record) -> Iterator[Finding]:
    """Each stream's versions are 1, 2, 3 … in the order of positions."""
    for name, facts in record.outcome.stores.items():
        streams: dict[str, list[int]] = defaultdict(list)
        for fact in sorted(facts, key=lambda f: f.position):
            streams[fact.stream_id].append(fact.version)
        for stream_id, versions in streams.items():
            if versions != list(range(1, len(versions) + 1)):
                yield Finding("versions", "wrong", f"{name} {stream_id}: {versions}")


def codes_are_dense(record: Record) -> Iterator[Finding]:
    """Per office and local day the serials are 1 … n, each once; the code answered is the code stored."""
    serials: dict[tuple[str, str], list[int]] = defaultdict(list)
    codes: dict[str, str] = {}
    for fact in _store(record, "processing"):
        if fact.type == "DossierAccepted":
            codes[fact.stream_id] = oracle.official_code(fact)
            serials[str(fact.data["office"]), str(fact.data["on"])].append(int(fact.data["number"]))
    for (office, day), numbers in serials.items():
        for number, count in Counter(numbers).items():
            if count > 1:
                yield Finding("codes", "doubled", f"{office} {day}: serial {number} stands {count} times")
        for number in sorted(set(range(1, max(numbers) + 1)) - set(numbers)):
            yield Finding("codes", "lost", f"{office} {day}: serial {number} is missing")
    for command in record.commands:
        for answer in command.granted if command.act == "accept" else []:
            if answer.body.get("code") != codes.get(command.dossier_id):
                yield Finding("codes", "wrong", f"{command.dossier_id} was told {answer.body.get('code')}")


def topic_is_the_log(record: Record) -> Iterator[Finding]:
    """Every event is on the topic; from where a producer's log begins there, its events of a dossier first occur in order.

    A broker that came back empty may hear a few new events before the relays notice and fill it from the beginning.
    """
    heard = {h.event_id for h in record.outcome.topic}
    known: dict[str, Fact] = {}
    for name in PUBLISHED:
        for fact in _store(record, name):
            known[fact.event_id] = fact
            if fact.event_id not in heard:
                yield Finding("topic", "lost", f"{name} {fact.position} {fact.type} was not published")
    said: list[tuple[Heard, Fact]] = []
    for h in sorted(record.outcome.topic, key=lambda h: (h.partition, h.offset)):
        if found := known.get(h.event_id):
            if (found.store, found.stream_id, found.version) != (h.source, h.dossier_id, h.sequence):
                yield Finding("topic", "wrong", f"{h} says another place than {found}")
            elif h.topic == "dossiers" and h.dossier_id not in record.reordered:
                said.append((h, found))
    yield from _first_occurrences(said, record.wiped)


def _first_occurrences(said: list[tuple[Heard, Fact]], wiped: bool) -> Iterator[Finding]:
    beginnings: dict[tuple[int, str], tuple[int, int]] = {}
    for h, fact in said:
        place = h.partition, h.source
        beginnings[place] = min(beginnings.get(place, (fact.position, h.offset)), (fact.position, h.offset))
    newest: dict[tuple[str, str], int] = {}
    for h, _fact in said:
        stream = h.source, h.dossier_id
        if h.offset < beginnings[h.partition, h.source][1]:
            if not wiped:
                yield Finding("topic", "wrong", f"{h} came before the beginning of the log")
            continue
        if h.sequence > newest.get(stream, 0) + 1:
            yield Finding("topic", "wrong", f"{stream}: {h.sequence} came before {newest.get(stream, 0) + 1}")
        newest[stream] = max(newest.get(stream, 0), h.sequence)


def _lives(record: Record) -> dict[str, oracle.Life]:
    return oracle.replay(_store(record, "intake"), _store(record, "processing"))


def tracking_equals_the_oracle(record: Record) -> Iterator[Finding]:
    """Intake's own page of each dossier says what a single-threaded replay says."""
    expected = oracle.standings(_lives(record))
    yield from _same_standings("tracking", expected, record.outcome.tracking, versions=False)


def queue_equals_the_oracle(record: Record) -> Iterator[Finding]:
    """Processing's list says of each dossier what a single-threaded replay says."""
    expected = oracle.standings(_lives(record))
    yield from _same_standings("queue", expected, record.outcome.queue, versions=True)


def _same_standings(
    check: str, expected: dict[str, Standing], found: dict[str, Standing], *, versions: bool
) -> Iterator[Finding]:
    for dossier_id, want in expected.items():
        have = found.get(dossier_id)
        if have is None:
            yield Finding(check, "lost", f"{dossier_id} is unknown")
        elif (have.status, have.code) != (want.status, want.code):
            yield Finding(check, "wrong", f"{dossier_id}: {have} instead of {want}")
        elif have.history and _sides(have.history) != _sides(want.history):
            yield Finding(check, "wrong", f"{dossier_id}: history {have.history} instead of {want.history}")
        elif versions and have.held_by != want.held_by:
            yield Finding(check, "wrong", f"{dossier_id}: held by {have.held_by} instead of {want.held_by}")
        elif versions and (have.version or 0) != (want.version or 0):
            yield Finding(check, "wrong", f"{dossier_id}: version {have.version} instead of {want.version}")
    for dossier_id in set(found) - set(expected):
        yield Finding(check, "doubled", f"{dossier_id} is known and was never filed")


def _sides(history: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """What the applicant did and what the authority did, each in order; between the two there is none to rely on."""
    own = [what for what in history if what in oracle.OF_APPLICANTS]
    return own, [what for what in history if what not in oracle.OF_APPLICANTS]


def counts_equal_the_oracle(record: Record) -> Iterator[Finding]:
    """Every field of every row of every dimension is the oracle's number."""
    for dimension, rows in oracle.counts(_lives(record)).items():
        yield from _same_rows(dimension, rows, record.outcome.counts.get(dimension, {}))


def _same_rows(dimension: str, expected: Rows, found: Rows) -> Iterator[Finding]:
    for key in sorted(set(expected) | set(found)):
        want, have = expected.get(key, {}), found.get(key, {})
        for name in sorted(set(want) | set(have)):
            wanted, got = want.get(name, 0), have.get(name, 0)
            if wanted != got:
                kind = "lost" if got < wanted else "doubled"
                yield Finding("counts", kind, f"{dimension} {key} {name}: {got} instead of {wanted}")


def findings(record: Record, checks: Iterable[Check]) -> list[Finding]:
    """All findings of all checks, in the checks' order."""
    return [finding for check in checks for finding in check(record)]
