"""Each checker of what only a running house can break speaks on a record that was doctored in its own way."""

from dataclasses import replace

from tests.faults import checks_live
from tests.faults.doctoring import Doctor, finding_each
from tests.faults.record import Mail, Record, StepBack
from tests.faults.small_record import LAWFUL, good_record
from tests.faults.test_checks import DOCTORED as OTHERS
from tests.faults.test_checks_messages import DOCTORED as OF_MESSAGES
from tests.faults.test_checks_table import DOCTORED as OF_THE_TABLE


def _break_the_first_law(r: Record) -> None:
    r.samples[4] = replace(r.samples[4], counts={**LAWFUL, "waiting": 1})


def _break_the_second_law(r: Record) -> None:
    r.samples[4] = replace(r.samples[4], counts={**LAWFUL, "pending": 2})


def _raise_the_metric(r: Record) -> None:
    r.samples[4] = replace(r.samples[4], violations=1.0)


def _sample_nothing(r: Record) -> None:
    r.samples.clear()


def _sample_emptiness(r: Record) -> None:
    r.samples[:] = [replace(s, counts=dict.fromkeys(LAWFUL, 0)) for s in r.samples]


def _fail_a_reachable_notice(r: Record) -> None:
    r.outcome.notices[2] = replace(r.outcome.notices[2], status="failed")


def _miss_a_notice(r: Record) -> None:
    del r.outcome.notices[3]


def _decide_a_notice_twice(r: Record) -> None:
    r.outcome.notices.append(replace(r.outcome.notices[3], notice_id="n99"))


def _notice_nothing(r: Record) -> None:
    r.outcome.notices.append(replace(r.outcome.notices[3], about="ResultReturned", dossier_id="d2"))


def _leave_a_notice_pending(r: Record) -> None:
    r.outcome.notices[3] = replace(r.outcome.notices[3], status="pending")


def _lose_a_mail(r: Record) -> None:
    del r.mail[3]


def _send_a_mail_twice(r: Record) -> None:
    r.mail.append(r.mail[3])


def _send_under_another_id(r: Record) -> None:
    r.mail.append(Mail("<other@motcua>", "d1@example.org", 6.0))


def _send_to_a_stranger(r: Record) -> None:
    r.mail[-1] = replace(r.mail[-1], to="stranger@example.org")


def _count_no_ambiguity(r: Record) -> None:
    r.outcome.ambiguous_counted = 0


def _bury_a_healthy_event(r: Record) -> None:
    r.outcome.dead_letters["intake"] = ["intake-1"]


def _swallow_the_poison(r: Record) -> None:
    r.outcome.dead_letters["reporting"] = []


def _go_back(r: Record) -> None:
    r.steps_back.append(StepBack("reporting", "dossiers/0", 9, 2))


def _answer_500(r: Record) -> None:
    r.put_off["500 internal-error"] += 1


def _see_something_amiss(r: Record) -> None:
    r.amiss.append("the log of intake stood still beside a dump")


def _skip_a_fault(r: Record) -> None:
    r.injected.clear()


def _never_return_a_result(r: Record) -> None:
    r.commands[:] = [c for c in r.commands if c.act != "return"]


def _never_retry(r: Record) -> None:
    for filing in r.filings:
        del filing.answers[1:]


DOCTORED: list[tuple[Doctor, str, str]] = [
    (_break_the_first_law, "laws", "wrong"),
    (_break_the_second_law, "laws", "wrong"),
    (_raise_the_metric, "laws", "wrong"),
    (_sample_nothing, "laws", "wrong"),
    (_sample_emptiness, "laws", "wrong"),
    (_miss_a_notice, "notices", "lost"),
    (_decide_a_notice_twice, "notices", "doubled"),
    (_notice_nothing, "notices", "doubled"),
    (_leave_a_notice_pending, "notices", "lost"),
    (_fail_a_reachable_notice, "notices", "lost"),
    (_lose_a_mail, "mail", "lost"),
    (_send_a_mail_twice, "mail", "doubled"),
    (_send_under_another_id, "mail", "doubled"),
    (_send_to_a_stranger, "mail", "wrong"),
    (_count_no_ambiguity, "mail", "wrong"),
    (_bury_a_healthy_event, "dead-letters", "wrong"),
    (_swallow_the_poison, "dead-letters", "lost"),
    (_go_back, "reader-positions", "wrong"),
    (_answer_500, "answers", "wrong"),
    (_see_something_amiss, "fault", "wrong"),
    (_skip_a_fault, "run", "wrong"),
    (_never_return_a_result, "run", "wrong"),
    (_never_retry, "run", "wrong"),
]


test_a_doctored_record_is_found = finding_each(DOCTORED)


def test_every_check_has_a_doctored_record() -> None:
    spoken = set()
    for doctor, _check, _kind in [*OTHERS, *OF_THE_TABLE, *OF_MESSAGES, *DOCTORED]:
        record = good_record()
        doctor(record)
        spoken |= {check for check in checks_live.ALL if list(check(record))}
    assert spoken == set(checks_live.ALL)
