"""The promises of text messages: each comes to an end, none goes out twice but those counted in doubt, a dossier's keep their order; and
personal data stands nowhere but where people are kept.

Pure functions of a record like those in checks.py.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.faults import oracle
from tests.faults.record import Finding, Handed, Message, Record

URGENT = ("WithdrawalRequested", "DossierWithdrawn")
"""These wait for no other message of their dossier."""
ARRIVED = ("sent", "delivered")
PERSONAL = re.compile(r"\bp\d+@example\.org|(?<![\w.+-])(?:\+?84|0)912\d{6}(?!\w)|Nguyễn Văn Thử")
"""What the applicants of a run are called, and where they are reached: people.py."""


def _phones(record: Record) -> dict[str, str]:
    """Of each dossier whose applicant has one, the mobile number."""
    return {i: filing.phone for filing in record.filings if filing.phone for i in set(filing.dossier_ids)}


def _handed(record: Record) -> dict[str, list[Handed]]:
    """What the providers were handed, by the message's id, in order."""
    found: dict[str, list[Handed]] = defaultdict(list)
    for each in sorted(record.handed, key=lambda each: each.at_seconds):
        found[each.request_id].append(each)
    return found


def _ids(message: Message) -> tuple[str, ...]:
    """Under which ids it may have been handed over: its own, and another one after a provider said that it failed."""
    return tuple(dict.fromkeys((message.notice_id, message.request_id)))


def every_message_is_decided_once(record: Record) -> Iterator[Finding]:
    """Who has a mobile number is told by text message of all that is told by e-mail, and nobody else is."""
    stores = record.outcome.stores
    lives = oracle.replay(stores.get("intake", []), stores.get("processing", []))
    phones = _phones(record)
    expected = Counter(
        {
            (dossier_id, about): count
            for (dossier_id, about, channel), count in oracle.notices(lives).items()
            if channel == "email" and dossier_id in phones
        }
    )
    have = Counter((m.dossier_id, m.about) for m in record.outcome.messages)
    for place, count in sorted((expected - have).items()):
        yield Finding("messages", "lost", f"{place} was not told by text message, {count} times")
    for place, count in sorted((have - expected).items()):
        yield Finding("messages", "doubled", f"{place} is told by text message {count} times too often")


def every_message_comes_to_an_end(record: Record) -> Iterator[Finding]:
    """Sent, and then a provider has it; or failed, and its provider said so; or expired, where a clock was ahead. What a provider truly
    told of it stands."""
    handed = _handed(record)
    for m in record.outcome.messages:
        ids = _ids(m)
        told = record.told.get(m.request_id)
        if m.state == "waiting":
            yield Finding("messages", "lost", f"{m} waits still")
        elif m.state in ARRIVED and m.request_id not in handed:
            yield Finding("messages", "lost", f"{m} was handed to nobody")
        elif m.reason == "lapsed":
            if "notify" not in record.jumped:
                yield Finding("messages", "lost", f"{m} expired, and no clock was ahead")
            if not m.in_doubt and any(i in handed for i in ids):
                yield Finding("messages", "wrong", f"{m} expired, and a provider has it")
        elif m.state == "failed" and m.reason not in (told, record.asked.get(m.request_id)):
            yield Finding("messages", "wrong", f"{m} failed, and its provider said {told}")
        elif m.state == "sent" and told == "delivered":
            yield Finding("messages", "lost", f"{m} arrived, as its provider told")


def no_message_goes_out_twice(record: Record) -> Iterator[Finding]:
    """What is handed over again bears its one id and goes to the same provider, and counts as ambiguous where that one did not know it;
    another provider has it only under another id, after the first said that it failed."""
    owners = {i: m for m in record.outcome.messages for i in _ids(m)}
    phones = _phones(record)
    for request_id, times in _handed(record).items():
        message = owners.get(request_id)
        if message is None:
            yield Finding("handed-over", "doubled", f"{request_id} is no message of ours")
            continue
        if len({each.provider for each in times}) > 1:
            yield Finding("handed-over", "doubled", f"both providers have {message}")
        if sum(not each.known for each in times) > 1 and not message.ambiguous:
            yield Finding("handed-over", "doubled", f"{message} went out again, not counted ambiguous")
        wrong = {each.to for each in times if each.to[-9:] != phones.get(message.dossier_id, "")[-9:]}
        if wrong:
            yield Finding("handed-over", "wrong", f"{message} went to {len(wrong)} other numbers")
        first = record.told.get(message.notice_id) or record.asked.get(message.notice_id)
        if request_id != message.notice_id and first != "carrier":
            yield Finding(
                "handed-over", "doubled", f"{message} was sent again, and nobody said that it failed"
            )


def messages_keep_their_order(record: Record) -> Iterator[Finding]:
    """The messages of a dossier go out in the order in which they were decided, but for what cannot wait."""
    handed = _handed(record)
    by_dossier: dict[str, list[Message]] = defaultdict(list)
    for message in sorted(record.outcome.messages, key=lambda m: m.number):
        if message.about not in URGENT and message.notice_id in handed:
            by_dossier[message.dossier_id].append(message)
    for dossier_id, messages in by_dossier.items():
        went = [handed[m.notice_id][0].at_seconds for m in messages]
        if went != sorted(went):
            yield Finding(
                "order", "wrong", f"messages of {dossier_id} went out as {[m.about for m in messages]}"
            )


def no_personal_data_is_told(record: Record) -> Iterator[Finding]:
    """No name, address or number in logs, metrics, events and dead letters."""
    for where in record.outcome.leaks:
        yield Finding("personal", "wrong", where)


def leaks_in(where: str, text: str) -> Iterator[str]:
    """Where personal data was found; never what it was."""
    if found := PERSONAL.search(text):
        begin = text.rfind("\n", 0, found.start()) + 1
        yield f"{where}: {PERSONAL.sub('…', text[begin : found.end()])[-200:]}"


def every_fault_was_met(record: Record) -> Iterator[Finding]:
    """A fault of a provider that no message met, and a step at which nothing was killed, prove nothing."""
    for fault, met in record.meant.items():
        if missed := [each for each in met if not record.touched[each]]:
            yield Finding("run", "wrong", f"nothing met {missed} of {fault}")
