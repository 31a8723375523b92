"""The promises that only a running house can break: laws while it runs, notices, dead letters, positions, and the run itself.

Pure functions of a record like those in checks.py.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.faults import checks, checks_messages, checks_table, oracle
from tests.faults.record import Finding, Record

FEWEST_SAMPLES = 10


def both_laws_hold_at_every_sample(record: Record) -> Iterator[Finding]:
    """waiting_before + submitted = waiting + not_accepted + received_new, received = resolved + pending; the metric is 0.

    Silence proves nothing: too few samples, or none with a dossier in it, is a finding too.
    """
    for sample in record.samples:
        c = sample.counts
        if c["waiting_before"] + c["submitted"] != c["waiting"] + c["not_accepted"] + c["received_new"]:
            yield Finding("laws", "wrong", f"first law at {sample.at_seconds:.1f}s: {dict(c)}")
        if c["received"] != c["resolved"] + c["pending"]:
            yield Finding("laws", "wrong", f"second law at {sample.at_seconds:.1f}s: {dict(c)}")
        if sample.violations:
            yield Finding("laws", "wrong", f"metric {sample.violations} at {sample.at_seconds:.1f}s")
    telling = [s for s in record.samples if s.counts["submitted"]]
    if len(telling) < FEWEST_SAMPLES:
        yield Finding("laws", "wrong", f"only {len(telling)} samples saw a dossier")


def no_notice_is_missing_or_doubled(record: Record) -> Iterator[Finding]:
    """Each status change was noticed once per channel, and each notice reached whom it could reach."""
    lives = oracle.replay(
        record.outcome.stores.get("intake", []), record.outcome.stores.get("processing", [])
    )
    expected = oracle.notices(lives)
    reachable = {i for filing in record.filings if filing.email for i in filing.dossier_ids}
    told = [n for n in record.outcome.notices if n.channel != "sms"]  # text messages have checks of their own
    have = Counter((n.dossier_id, n.about, n.channel) for n in told)
    for place, count in sorted((expected - have).items()):
        yield Finding("notices", "lost", f"{place} was not noticed, {count} times")
    for place, count in (have - expected).items():
        if place not in expected:
            yield Finding("notices", "doubled", f"{place} tells of nothing that happened")
        else:
            yield Finding("notices", "doubled", f"{place} was decided {count} times too often")
    for notice in told:
        due = "sent" if notice.channel == "inbox" or notice.dossier_id in reachable else "failed"
        if notice.status != due:
            yield Finding("notices", "lost", f"{notice} was left {notice.status} instead of {due}")


def no_mail_is_missing_or_doubled(record: Record) -> Iterator[Finding]:
    """The catcher's own tale: one message per e-mail notice, more only under one Message-ID and counted ambiguous."""
    received: dict[str, list[str]] = defaultdict(list)
    for mail in record.mail:
        received[mail.message_id].append(mail.to)
    by_mail = {n.notice_id: n for n in record.outcome.notices if n.channel == "email"}
    matched: Counter[str] = Counter()
    for message_id, people in received.items():
        notice = by_mail.get(message_id.strip("<>").split("@")[0])
        if notice is None:
            yield Finding("mail", "doubled", f"{message_id} belongs to no notice")
            continue
        matched[notice.notice_id] += 1
        if len(people) > 1 and not notice.ambiguous:
            yield Finding("mail", "doubled", f"{message_id} came {len(people)} times, not counted ambiguous")
        if len(set(people)) > 1:
            yield Finding("mail", "wrong", f"{message_id} went to {len(set(people))} people")
    for notice_id, notice in by_mail.items():
        if notice.status == "sent" and not matched[notice_id]:
            yield Finding("mail", "lost", f"{notice} was never received")
    shown = sum(n.ambiguous for n in record.outcome.notices if n.channel != "sms")
    if shown != record.outcome.ambiguous_counted:
        counted = record.outcome.ambiguous_counted
        yield Finding("mail", "wrong", f"{shown} notices are ambiguous, {counted} were counted")


def dead_letters_are_the_poison(record: Record) -> Iterator[Finding]:
    """The distinct ids in each reader's dead-letter topic are exactly the poison that was injected for it."""
    for reader in sorted(set(record.poison) | set(record.outcome.dead_letters)):
        wanted = record.poison.get(reader, set())
        found = set(record.outcome.dead_letters.get(reader, []))
        for event_id in sorted(wanted - found):
            yield Finding("dead-letters", "lost", f"{reader}: poison {event_id} has no letter")
        for event_id in sorted(found - wanted):
            yield Finding("dead-letters", "wrong", f"{reader}: {event_id} was no poison")


def reader_positions_never_go_back(record: Record) -> Iterator[Finding]:
    """Who was overtaken writes nothing: within one cluster a reader's stored position only grows."""
    for step in (*record.steps_back, *record.outcome.steps_back):
        yield Finding("reader-positions", "wrong", f"{step}")


def no_fault_is_unforeseen(record: Record) -> Iterator[Finding]:
    """What passes by itself is answered 503, so that the caller knows to try again; a 500 is a fault of ours."""
    for told, count in record.put_off.items():
        if told.startswith("500"):
            yield Finding("answers", "wrong", f"{told}, {count} times")


def nothing_was_amiss_while_a_fault_stood(record: Record) -> Iterator[Finding]:
    """A log goes on beside a dump, and a restored one takes nothing."""
    for what in record.amiss:
        yield Finding("fault", "wrong", what)


def the_run_did_its_work(record: Record) -> Iterator[Finding]:
    """Every planned fault was injected and every act of a dossier's life was granted at least once."""
    for fault, count in (Counter(record.planned) - Counter(record.injected)).items():
        yield Finding("run", "wrong", f"planned and not injected: {fault} ({count}×)")
    granted = Counter(c.act for c in record.commands if c.granted)
    for act in checks.ACTS:
        if not granted[act]:
            yield Finding("run", "wrong", f"no {act} was ever granted")
    told = {f.type for f in record.outcome.stores.get("processing", [])}
    for what in {*checks_table.BY_ITSELF, "FeeConfirmed"} - told:
        yield Finding("run", "wrong", f"no {what} ever became true")
    if "processing" in record.jumped and not any(f.true_at > f.recorded_at for f in record.outcome.fired):
        yield Finding("run", "wrong", "the clock jumped, and nothing came true by it")
    retried = sum(len(f.answers) > 1 for f in record.filings)
    if not retried:
        yield Finding("run", "wrong", "no filing was ever sent again")


ALL: tuple[checks.Check, ...] = (
    checks.every_201_has_its_dossier_and_event,
    checks.no_key_made_two,
    checks.every_act_answered_is_recorded_once,
    checks.every_act_of_an_applicant_stands_once,
    checks.positions_are_dense,
    checks.versions_are_dense,
    checks.codes_are_dense,
    checks.topic_is_the_log,
    checks.tracking_equals_the_oracle,
    checks.queue_equals_the_oracle,
    checks.counts_equal_the_oracle,
    checks_table.every_act_follows_the_table,
    checks_table.no_act_is_dated_before_the_last,
    checks_table.only_who_may_acts,
    checks_table.what_becomes_true_stands_once,
    both_laws_hold_at_every_sample,
    no_notice_is_missing_or_doubled,
    no_mail_is_missing_or_doubled,
    dead_letters_are_the_poison,
    reader_positions_never_go_back,
    no_fault_is_unforeseen,
    nothing_was_amiss_while_a_fault_stood,
    checks_messages.every_message_is_decided_once,
    checks_messages.every_message_comes_to_an_end,
    checks_messages.no_message_goes_out_twice,
    checks_messages.messages_keep_their_order,
    checks_messages.no_personal_data_is_told,
    checks_messages.every_fault_was_met,
    the_run_did_its_work,
)
