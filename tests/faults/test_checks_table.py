"""Each checker of the table and of its clock speaks on a record that was doctored in its own way."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.faults import checks, checks_live
from tests.faults.doctoring import Doctor, finding_each
from tests.faults.record import Answer, Fact, Record
from tests.faults.small_record import START, good_record

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _change(r: Record, dossier: str, kind: str, **members: Any) -> None:
    """The first fact of that kind, with other members."""
    rows = r.outcome.stores["processing"]
    place = next(n for n, f in enumerate(rows) if (f.stream_id, f.type) == (dossier, kind))
    rows[place] = replace(rows[place], **members)


def _data(r: Record, dossier: str, kind: str, **data: object) -> None:
    (fact, *_) = [f for f in r.outcome.stores["processing"] if (f.stream_id, f.type) == (dossier, kind)]
    _change(r, dossier, kind, data={**fact.data, **data})


def _waive_what_was_not_asked(r: Record) -> None:
    _change(r, "d6", "FeeRequested", type="ApologyIssued")


def _settle_and_go_elsewhere(r: Record) -> None:
    _data(r, "d6", "FeeWaived", status="in_processing")


def _deem_the_consent_of_nobody(r: Record) -> None:
    _data(r, "d7", "ConsentDeemed", agency="C")


def _stop_before_the_deadline(r: Record) -> None:
    _change(r, "d7", "SupplementLapsed", type="ProcessingStopped", data={"on": "2026-11-17", "reason": "x"})


def _reverse_an_older_act(r: Record) -> None:
    _data(r, "d5", "DossierReversed", sequence=5)


def _confirm_without_a_payment(r: Record) -> None:
    _data(r, "d5", "FeeConfirmed", payment=9)


def _date_an_act_before_the_last(r: Record) -> None:
    (forwarded,) = [f for f in r.outcome.stores["processing"] if f.type == "DossierForwarded"]
    _change(r, "d1", "DossierForwarded", occurred_at=forwarded.occurred_at - DAY)


def _bear_another_day(r: Record) -> None:
    _data(r, "d1", "DossierResolved", on="2026-11-21")


def _let_anyone_act(r: Record) -> None:
    _change(r, "d6", "OpinionRequested", actor="officer/o9")


def _let_an_officer_waive(r: Record) -> None:
    _change(r, "d6", "FeeWaived", actor="officer/o3")


def _let_an_officer_assign(r: Record) -> None:
    rows = r.outcome.stores["processing"]
    rows[:] = [replace(f, actor="officer/o1") if f.data.get("how") == "assigned" else f for f in rows]


def _note_a_fact_twice(r: Record) -> None:
    r.outcome.fired.append(r.outcome.fired[0])


def _miss_an_overdue_date(r: Record) -> None:
    r.outcome.fired[:] = [f for f in r.outcome.fired if f.kind != "overdue"]


def _note_at_the_time_of_the_sweep(r: Record) -> None:
    r.outcome.fired[1] = replace(r.outcome.fired[1], true_at=r.outcome.fired[1].true_at + HOUR)


def _note_before_it_is_true(r: Record) -> None:
    r.outcome.fired[1] = replace(r.outcome.fired[1], recorded_at=r.outcome.fired[1].true_at - HOUR)


def _forget(r: Record, kind: str) -> None:
    rows = r.outcome.stores["processing"]
    rows[:] = [f for f in rows if f.type != kind]


def _forget_a_silent_agency(r: Record) -> None:
    _forget(r, "ConsentDeemed")
    _forget(r, "SupplementRequested")
    _forget(r, "SupplementLapsed")


def _forget_a_lapse(r: Record) -> None:
    _forget(r, "SupplementLapsed")


def _deem_consent_a_day_late(r: Record) -> None:
    (deemed,) = [f for f in r.outcome.stores["processing"] if f.type == "ConsentDeemed"]
    _change(r, "d7", "ConsentDeemed", occurred_at=deemed.occurred_at + DAY)


def _deem_consent_too_soon(r: Record) -> None:
    (deemed,) = [f for f in r.outcome.stores["processing"] if f.type == "ConsentDeemed"]
    _change(r, "d7", "ConsentDeemed", recorded_at=deemed.occurred_at - HOUR)


def _jump_in_vain(r: Record) -> None:
    r.jumped.add("processing")


DOCTORED: list[tuple[Doctor, str, str]] = [
    (_waive_what_was_not_asked, "table", "wrong"),
    (_settle_and_go_elsewhere, "table", "wrong"),
    (_deem_the_consent_of_nobody, "table", "wrong"),
    (_stop_before_the_deadline, "table", "wrong"),
    (_reverse_an_older_act, "table", "wrong"),
    (_confirm_without_a_payment, "table", "wrong"),
    (_date_an_act_before_the_last, "days", "wrong"),
    (_bear_another_day, "days", "wrong"),
    (_let_anyone_act, "rights", "wrong"),
    (_let_an_officer_waive, "rights", "wrong"),
    (_let_an_officer_assign, "rights", "wrong"),
    (_note_a_fact_twice, "by-itself", "doubled"),
    (_miss_an_overdue_date, "by-itself", "lost"),
    (_note_at_the_time_of_the_sweep, "by-itself", "wrong"),
    (_note_before_it_is_true, "by-itself", "wrong"),
    (_forget_a_silent_agency, "by-itself", "lost"),
    (_forget_a_lapse, "by-itself", "lost"),
    (_deem_consent_a_day_late, "by-itself", "wrong"),
    (_deem_consent_too_soon, "by-itself", "wrong"),
    (_forget_a_lapse, "run", "wrong"),
    (_jump_in_vain, "run", "wrong"),
]


test_a_doctored_record_is_found = finding_each(DOCTORED)


def _refused(record: Record, code: str) -> Fact:
    """The last act, which was never granted."""
    record.commands[-1].answers[:] = [Answer(409, {"code": code}, "processing", 3.0)]
    return record.outcome.stores["processing"].pop()


def _of_acts(record: Record) -> set[str]:
    return {f.what for f in checks.every_act_answered_is_recorded_once(record)}


def test_after_a_clock_that_was_ahead_an_act_may_be_refused() -> None:
    record = good_record()
    _refused(record, "earlier-than-last-act")
    assert len(_of_acts(record)) == 1
    rows = record.outcome.stores["processing"]
    rows[-1] = replace(rows[-1], occurred_at=rows[-1].occurred_at + DAY)
    assert _of_acts(record) == set()


def test_what_names_no_request_of_a_clock_that_was_ahead_may_not_count() -> None:
    record = good_record()
    (accepting,) = [c for c in record.commands if c.act == "accept-supplement"]
    refusal = Answer(409, {"code": "supplement-not-provided"}, "processing", 3.0)
    accepting.answers[:] = [refusal]
    assert _of_acts(record) != set()
    _change(record, "d5", "SupplementRequested", occurred_at=START + DAY)
    rows = record.outcome.stores["intake"]
    rows[1] = replace(rows[1], data={"request": None})
    assert _of_acts(record) == set()


def test_a_clock_that_was_ahead_makes_the_next_days_facts_true() -> None:
    record = good_record()
    _note_before_it_is_true(record)
    record.jumped.add("processing")
    assert checks.findings(record, checks_live.ALL) == []
