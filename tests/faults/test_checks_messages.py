"""Each checker of text messages, and of personal data, speaks on a record that was doctored in its own way."""

from dataclasses import replace

import pytest

from tests.faults import checks, checks_live
from tests.faults.books import amiss_of
from tests.faults.checks_messages import leaks_in
from tests.faults.doctoring import Doctor, finding_each
from tests.faults.messengers import fate
from tests.faults.record import Handed, Record
from tests.faults.refilling import handed_again
from tests.faults.small_record import PHONE, good_record


def _change(record: Record, number: int, **changes: object) -> None:
    messages = record.outcome.messages
    messages[number - 1] = replace(messages[number - 1], **changes)  # type: ignore[arg-type]


def _decide_one_less(r: Record) -> None:
    del r.outcome.messages[2]


def _decide_one_again(r: Record) -> None:
    _change(r, 3, about="DossierAccepted")


def _leave_one_waiting(r: Record) -> None:
    _change(r, 3, state="waiting")


def _say_that_it_was_sent(r: Record) -> None:
    r.handed = [each for each in r.handed if each.request_id != "m3"]


def _let_one_expire(r: Record) -> None:
    _say_that_it_was_sent(r)
    _change(r, 3, state="failed", reason="lapsed")


def _let_one_expire_that_went_out(r: Record) -> None:
    r.jumped.add("notify")
    _change(r, 3, state="failed", reason="lapsed")


def _believe_anybody(r: Record) -> None:
    _change(r, 3, state="failed", reason="carrier")


def _refuse_one(r: Record) -> None:
    _change(r, 3, state="failed", reason="refused")


def _forget_a_receipt(r: Record) -> None:
    _change(r, 1, state="sent")


def _give_it_to_both(r: Record) -> None:
    r.handed.append(Handed("second", "m3", PHONE, 3.5, known=True))


def _send_it_again(r: Record) -> None:
    r.handed.append(Handed("first", "m3", PHONE, 3.5))


def _count_no_doubt(r: Record) -> None:
    _change(r, 2, ambiguous=False)


def _send_what_nobody_decided(r: Record) -> None:
    r.handed.append(Handed("first", "m9", PHONE, 9.0))


def _send_it_to_a_stranger(r: Record) -> None:
    r.handed[0] = Handed("first", "m1", "+84912000002", 1.0)


def _send_again_what_did_not_fail(r: Record) -> None:
    del r.told["m2"]


def _send_the_later_first(r: Record) -> None:
    r.handed[0], r.handed[2] = Handed("first", "m3", PHONE, 1.0), Handed("first", "m1", PHONE, 3.0)
    r.handed = [each for each in r.handed if not each.known]


def _log_a_number(r: Record) -> None:
    r.outcome.leaks += leaks_in("log notify.log", f"sent to {PHONE}")


def _meet_nothing(r: Record) -> None:
    r.meant["provider_500 first"] = ("first 500",)


DOCTORED: list[tuple[Doctor, str, str]] = [
    (_decide_one_less, "messages", "lost"),
    (_decide_one_again, "messages", "doubled"),
    (_leave_one_waiting, "messages", "lost"),
    (_say_that_it_was_sent, "messages", "lost"),
    (_let_one_expire, "messages", "lost"),
    (_let_one_expire_that_went_out, "messages", "wrong"),
    (_believe_anybody, "messages", "wrong"),
    (_refuse_one, "messages", "wrong"),
    (_forget_a_receipt, "messages", "lost"),
    (_give_it_to_both, "handed-over", "doubled"),
    (_send_it_again, "handed-over", "doubled"),
    (_count_no_doubt, "handed-over", "doubled"),
    (_send_what_nobody_decided, "handed-over", "doubled"),
    (_send_it_to_a_stranger, "handed-over", "wrong"),
    (_send_again_what_did_not_fail, "handed-over", "doubled"),
    (_send_the_later_first, "order", "wrong"),
    (_log_a_number, "personal", "wrong"),
    (_meet_nothing, "run", "wrong"),
]


test_a_doctored_record_is_found = finding_each(DOCTORED)


def test_after_a_clock_that_was_ahead_a_message_may_have_expired() -> None:
    record = good_record()
    _let_one_expire(record)
    record.jumped.add("notify")
    assert checks.findings(record, checks_live.ALL) == []


@pytest.mark.parametrize(
    "said", [PHONE, "tel 0912000001.", '{"to":"84912000001"}', "p17@example.org", "Nguyễn Văn Thử"]
)
def test_personal_data_is_found_and_not_repeated(said: str) -> None:
    (found,) = leaks_in("log", f"one line\nanother {said} more")
    assert "another" in found and "one line" not in found
    assert "912000001" not in found and "p17" not in found and "Thử" not in found


@pytest.mark.parametrize(
    "said", ["0.0912000001", "1732091200000123", "a-0912000001b", "https://example.org/p17"]
)
def test_what_only_looks_like_it_is_no_leak(said: str) -> None:
    assert list(leaks_in("metrics", said)) == []


def test_what_goes_out_on_a_replay_is_found() -> None:
    assert handed_again((3, 4), (3, 4)) == []
    assert [(f.check, f.kind) for f in handed_again((3, 4), (4, 4))] == [("refill", "doubled")]
    assert [(f.check, f.kind) for f in handed_again((3, 4), (3, 5))] == [("refill", "doubled")]


def test_a_request_that_published_twice_or_never_is_found() -> None:
    answers: dict[str, list[tuple[int, str] | None]] = {"a": [(2, "x"), (2, "x")], "b": [(3, "y"), (3, "y")]}
    rows = [(1, "before", "w"), (2, "a", "x"), (3, "b", "y")]
    assert amiss_of(1, ["a", "b"], answers, rows) == []
    assert amiss_of(1, ["a", "b"], answers, [*rows, (4, "a", "x")])
    assert amiss_of(1, ["a", "b"], answers, rows[:2])
    assert amiss_of(1, ["a", "b"], answers, [(1, "before", "w"), (3, "a", "x"), (4, "b", "y")])
    assert amiss_of(1, ["a", "b"], answers | {"a": [(2, "x"), None]}, rows)
    assert amiss_of(1, ["a", "b"], answers | {"b": [(3, "y"), (3, "z")]}, rows)


def test_messages_end_in_every_way() -> None:
    ends = [fate(f"01900000-0000-7000-8000-{number:012x}") for number in range(200)]
    assert {*ends} == {"delivered", "carrier", "unreachable"} and ends.count("delivered") > 180
