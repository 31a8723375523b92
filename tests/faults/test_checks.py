"""Each checker stays silent on a good record and speaks on one that was doctored in its own way."""

from dataclasses import replace

from tests.faults import checks, checks_live
from tests.faults.doctoring import Doctor, finding_each
from tests.faults.record import Answer, Record
from tests.faults.small_record import SUBMITTED, code, fact, good_record


def test_a_good_record_has_no_findings() -> None:
    assert checks.findings(good_record(), checks_live.ALL) == []


def _forget_an_event(r: Record) -> None:
    r.outcome.stores["intake"].pop()


def _never_answer(r: Record) -> None:
    r.filings[0].answers = [Answer(0, {}, "intake", 1.0)]


def _answer_two_ids(r: Record) -> None:
    r.filings[0].answers.append(Answer(201, {"dossier_id": "d2"}, "intake", 2.0))


def _add_an_unasked_dossier(r: Record) -> None:
    r.outcome.stores["intake"].append(fact("intake", 12, "d8", 1, "DossierSubmitted", **SUBMITTED))


def _tell_two_keys_of_one_dossier(r: Record) -> None:
    r.filings[0].answers = r.filings[1].answers


def _forget_an_act(r: Record) -> None:
    del r.outcome.stores["processing"][-1]


def _act_twice(r: Record) -> None:
    last = r.outcome.stores["processing"][-1]
    r.outcome.stores["processing"].append(replace(last, position=7, version=5, event_id="again"))


def _grant_two_officers_the_same(r: Record) -> None:
    _act_twice(r)
    r.commands.append(replace(r.commands[-1], caller="o2", answers=[Answer(200, {"version": 5}, "x", 3.0)]))


def _answer_an_act_differently(r: Record) -> None:
    r.commands[0].answers.append(Answer(200, {"version": 2, "code": code(1)}, "processing", 3.0))


def _refuse_an_act_for_good(r: Record) -> None:
    r.commands[0].answers.append(Answer(422, {}, "processing", 3.0))


def _never_grant(r: Record) -> None:
    r.commands[0].answers[:] = [Answer(412, {}, "processing", 3.0)]


def _refuse_for_a_later_act(r: Record) -> None:
    r.commands[-1].answers[:] = [Answer(409, {"code": "earlier-than-last-act"}, "processing", 3.0)]


def _refuse_a_stranger(r: Record) -> None:
    r.commands[-1].answers[:] = [Answer(403, {"code": "not-the-holder"}, "processing", 3.0)]


def _leave_a_hole(r: Record) -> None:
    del r.outcome.stores["processing"][2]


def _turn_time_back(r: Record) -> None:
    rows = r.outcome.stores["processing"]
    rows[3] = replace(rows[3], recorded_at=rows[0].recorded_at)


def _store_an_event_twice(r: Record) -> None:
    rows = r.outcome.stores["processing"]
    rows[3] = replace(rows[3], event_id=rows[2].event_id)


def _repeat_a_version(r: Record) -> None:
    rows = r.outcome.stores["processing"]
    rows[4] = replace(rows[4], version=2)


def _double_a_code(r: Record) -> None:
    rows = r.outcome.stores["processing"]
    rows[3] = replace(rows[3], data={**rows[3].data, "number": 1})


def _skip_a_code(r: Record) -> None:
    rows = r.outcome.stores["processing"]
    rows[3] = replace(rows[3], data={**rows[3].data, "number": 3})


def _tell_another_code(r: Record) -> None:
    r.commands[0].answers[:] = [Answer(200, {"version": 1, "code": code(9)}, "processing", 3.0)]


def _leave_one_unpublished(r: Record) -> None:
    del r.outcome.topic[5]


def _publish_out_of_order(r: Record) -> None:
    heard = r.outcome.topic
    first, second = heard[11], heard[13]
    heard[11], heard[13] = replace(first, offset=second.offset), replace(second, offset=first.offset)


def _publish_a_new_event_first(r: Record) -> None:
    last = r.outcome.topic[-2]
    assert last.sequence > 1
    r.outcome.topic.append(replace(last, offset=-1))


def _publish_another_version(r: Record) -> None:
    r.outcome.topic[13] = replace(r.outcome.topic[13], sequence=1)


def _track_wrongly(r: Record) -> None:
    r.outcome.tracking["d3"] = replace(r.outcome.tracking["d3"], status="submitted")


def _track_a_wrong_history(r: Record) -> None:
    r.outcome.tracking["d3"] = replace(r.outcome.tracking["d3"], history=("DossierSubmitted",))


def _forget_in_tracking(r: Record) -> None:
    del r.outcome.tracking["d3"]


def _queue_a_stranger(r: Record) -> None:
    r.outcome.queue["d9"] = r.outcome.queue["d3"]


def _queue_an_old_version(r: Record) -> None:
    r.outcome.queue["d1"] = replace(r.outcome.queue["d1"], version=2)


def _queue_another_holder(r: Record) -> None:
    r.outcome.queue["d6"] = replace(r.outcome.queue["d6"], held_by=("y", "o3"))


def _count_twice(r: Record) -> None:
    r.outcome.counts["channel"] = {"online": {**r.outcome.counts["channel"]["online"], "submitted": 8}}


def _count_no_day(r: Record) -> None:
    r.outcome.counts["day"] = {}


def _forget_a_payment(r: Record) -> None:
    r.outcome.stores["intake"] = [f for f in r.outcome.stores["intake"] if f.type != "FeePaid"]


def _never_receipt_a_supplement(r: Record) -> None:
    r.acts[0].answers[:] = [Answer(503, {}, "intake", 3.0)]


def _keep_a_supplement_twice(r: Record) -> None:
    again = replace(r.outcome.stores["intake"][1], position=12, version=6, event_id="again")
    r.outcome.stores["intake"].append(again)


def _settle_a_payment_twice(r: Record) -> None:
    (paid,) = [f for f in r.outcome.stores["processing"] if f.type == "FeeConfirmed"]
    again = replace(paid, position=34, version=10, event_id="again")
    r.outcome.stores["processing"].append(again)


DOCTORED: list[tuple[Doctor, str, str]] = [
    (_forget_an_event, "filing", "lost"),
    (_never_answer, "filing", "lost"),
    (_answer_two_ids, "key", "doubled"),
    (_add_an_unasked_dossier, "key", "doubled"),
    (_tell_two_keys_of_one_dossier, "key", "wrong"),
    (_forget_an_act, "act", "lost"),
    (_act_twice, "act", "doubled"),
    (_grant_two_officers_the_same, "act", "doubled"),
    (_answer_an_act_differently, "act", "doubled"),
    (_refuse_an_act_for_good, "act", "wrong"),
    (_never_grant, "act", "wrong"),
    (_refuse_for_a_later_act, "act", "wrong"),
    (_refuse_a_stranger, "act", "wrong"),
    (_forget_a_payment, "applicant", "lost"),
    (_never_receipt_a_supplement, "applicant", "lost"),
    (_keep_a_supplement_twice, "applicant", "doubled"),
    (_settle_a_payment_twice, "applicant", "doubled"),
    (_leave_a_hole, "positions", "lost"),
    (_turn_time_back, "positions", "wrong"),
    (_store_an_event_twice, "positions", "doubled"),
    (_repeat_a_version, "versions", "wrong"),
    (_double_a_code, "codes", "doubled"),
    (_skip_a_code, "codes", "lost"),
    (_tell_another_code, "codes", "wrong"),
    (_leave_one_unpublished, "topic", "lost"),
    (_publish_out_of_order, "topic", "wrong"),
    (_publish_a_new_event_first, "topic", "wrong"),
    (_publish_another_version, "topic", "wrong"),
    (_track_wrongly, "tracking", "wrong"),
    (_track_a_wrong_history, "tracking", "wrong"),
    (_forget_in_tracking, "tracking", "lost"),
    (_queue_a_stranger, "queue", "doubled"),
    (_queue_an_old_version, "queue", "wrong"),
    (_queue_another_holder, "queue", "wrong"),
    (_count_twice, "counts", "doubled"),
    (_count_no_day, "counts", "lost"),
]


test_a_doctored_record_is_found = finding_each(DOCTORED)


def test_a_broker_that_came_back_empty_may_hear_a_new_event_first() -> None:
    record = good_record()
    _publish_a_new_event_first(record)
    record.wiped = True
    assert checks.findings(record, checks_live.ALL) == []


def test_a_broker_that_came_back_empty_hears_the_log_in_order() -> None:
    record = good_record()
    _publish_out_of_order(record)
    record.wiped = True
    assert {f.check for f in checks.findings(record, checks_live.ALL)} == {"topic"}
