"""What else happens in the demonstration's lives: supplements, fees, opinions, withdrawals, stops, apologies, reversals, corrections.

It adds acts to histories that are whole already, drawn from the same seed, and changes none of their totals: who was received,
resolved, late, pending or overdue stays so. Pure, as histories.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from random import Random

from contracts.catalogue.shipped import Version, version_on
from deploy.demo.days import LAST_DAY, LAST_WORKED_INSTANT, ONE_DAY, add_working, at, next_worked, worked_days
from deploy.importing.case import Act, Case

HOUR = 3600
WITHDRAWN_BEFORE, WITHDRAWN, STOPPED = 57, 64, 181
SUPPLEMENTED, PAID, ASKED, APOLOGISED, CORRECTED, REVERSED = 640, 910, 140, 187, 23, 14
AWAITING_SUPPLEMENT, AWAITING_PAYMENT = 41, 33
DOCUMENT = "1234/QĐ-SXD"
# Longer ago than that, the applicant would have answered or the dossier would have been stopped.
EARLIEST_ASKED = date(2023, 9, 11)

Change = Callable[[Random, Case], Case | None]
"""The case with more in it, or None where there is no room for that."""


def with_whole_lives(random: Random, cases: Sequence[Case]) -> list[Case]:
    """The same cases in the same order, some of them with more acts.

    Guarantee: what is added changes none of the totals. Test: test_every_seed_gives_the_same_totals.
    """
    found = list(cases)
    left = list(range(len(found)))
    random.shuffle(left)
    for count, change in CHANGES:
        done = 0
        kept = []
        for place in left:
            changed = change(random, found[place]) if done < count else None
            if changed is None:
                kept.append(place)
            else:
                found[place] = changed
                done += 1
        left = kept
        assert done == count, f"{change.__name__}: only {done} of {count} found room"
    return found


def act_of(case: Case, name: str) -> Act | None:
    """The act of that name, the last one."""
    return next((act for act in reversed(case.acts) if act.act == name), None)


def _timely(case: Case) -> Act | None:
    """The end of a case that was resolved in time."""
    end = act_of(case, "resolve")
    return end if end and case.acts[0].due_on and end.at.date() <= case.acts[0].due_on else None


def _withdrawn_before(random: Random, case: Case) -> Case | None:
    end = act_of(case, "reject")
    return replace(case, acts=(Act("withdraw", end.at),)) if end else None


def _ended_by(case: Case, other: Act) -> Case:
    kept = tuple(act for act in case.acts if act.act not in ("resolve", "return"))
    return replace(case, acts=(*kept, other))


def _withdrawn(random: Random, case: Case) -> Case | None:
    end = _timely(case)
    return _ended_by(case, Act("withdraw", end.at)) if end else None


def _stopped(random: Random, case: Case) -> Case | None:
    end = _timely(case)
    reason = random.choice(["conditions_changed", "not_competent"])
    return _ended_by(case, Act("stop", end.at, reason=reason)) if end else None


def _between(case: Case, begin: Act, end: Act, hours: float, share: float) -> Case | None:
    """Two acts between the acceptance and the first step, or after that step: some working hours later, and then some more."""
    if _timely(case) is None:
        return None
    for place in range(min(2, len(case.acts) - 1)):
        begun = add_working(case.acts[place].at, int(hours * HOUR))
        ended = add_working(begun, int(share * 8 * HOUR))
        if ended < case.acts[place + 1].at:
            asked, answered = replace(begin, at=begun), replace(end, at=ended)
            return replace(case, acts=(*case.acts[: place + 1], asked, answered, *case.acts[place + 1 :]))
    return None


def _papers(random: Random) -> list[dict[str, object]]:
    return [{"paper": 1, "fault": random.choice(["missing", "unreadable", "wrong", "not_signed"])}]


def _supplemented(random: Random, case: Case) -> Case | None:
    now = case.submitted_at
    asked = Act("request-supplement", now, more={"papers": _papers(random)})
    hours, share = random.uniform(0.5, 12), random.uniform(0.3, 4)
    return _between(case, asked, Act("accept-supplement", now), hours, share)


def _has_fee(case: Case) -> bool:
    version = version_on(case.procedure, case.submitted_at.date())
    return isinstance(version, Version) and bool(version.fee_vnd)


def _paid(random: Random, case: Case) -> Case | None:
    now = case.submitted_at
    if not _has_fee(case):
        return None
    hours, share = random.uniform(0.2, 4), random.uniform(0.02, 1.5)
    return _between(case, Act("request-fee", now), Act("confirm-fee", now), hours, share)


def _asked(random: Random, case: Case) -> Case | None:
    if case.procedure not in ("1.009974", "1.009977", "1.009978"):
        return None
    agency = {"agency": "H29.020.00"}
    asked = Act("ask-opinion", case.submitted_at, more=agency)
    given = Act("give-opinion", case.submitted_at, more=agency | {"opinion": "agreed"})
    return _between(case, asked, given, random.uniform(0.5, 6), random.uniform(0.2, 1.5))


def _apologised(random: Random, case: Case) -> Case | None:
    """Two in three by the last working day before the due date, the others when it had passed."""
    end, due_on = act_of(case, "resolve"), case.acts[0].due_on if case.acts else None
    if end is None or due_on is None or end.at.date() <= due_on:
        return None
    days = worked_days(case.acts[0].at.date() + ONE_DAY, due_on - ONE_DAY)
    said = end.at - timedelta(minutes=random.randint(2, 10))
    if days and random.random() < 0.67:
        said = at(days[-1], time(10, random.randint(0, 59)))
    promised = next_worked(max(end.at.date(), due_on) + timedelta(days=random.randint(1, 5)))
    more = {"appointment_on": promised.isoformat()}
    sorry = Act("apologise", said, reason=end.late_reason or "workload", more=more)
    acts = sorted((*case.acts, sorry), key=lambda act: act.at)
    return replace(case, acts=tuple(acts)) if acts[0].act == "accept" else None


def _corrected(random: Random, case: Case) -> Case | None:
    end = act_of(case, "return")
    if end is None:
        return None
    said = add_working(end.at, random.randint(2, 20) * HOUR)
    more = {"document": DOCUMENT}
    late = said > LAST_WORKED_INSTANT
    corrected = Act("correct", said, reason="clerical_error", more=more)
    return None if late else replace(case, acts=(*case.acts, corrected))


def _reversed(random: Random, case: Case) -> Case | None:
    """Signed by mistake, taken back and signed again on the same day, before the result went out."""
    end, returned = _timely(case), act_of(case, "return")
    if end is None:
        return None
    place = case.acts.index(end)
    back, again = add_working(end.at, HOUR // 2), add_working(end.at, HOUR)
    following = returned.at if returned else LAST_WORKED_INSTANT
    if again.date() != end.at.date() or again >= following:
        return None
    more = {"sequence": place + 1, "document": DOCUMENT}
    reverse = Act("reverse", back, reason="wrong_decision", more=more)
    acts = (*case.acts[: place + 1], reverse, replace(end, at=again), *case.acts[place + 1 :])
    return replace(case, acts=acts)


def _awaiting(case: Case, act: Act) -> Case | None:
    """Of one that is pending and not due yet: asked after the latest step, and not answered when the period ended."""
    if not case.acts or case.acts[0].act != "accept" or case.acts[-1].act not in ("accept", "forward"):
        return None
    due_on, said = case.acts[0].due_on, add_working(case.acts[-1].at, HOUR // 2)
    if (
        due_on is None
        or due_on <= LAST_DAY
        or not said.date() >= EARLIEST_ASKED
        or said >= LAST_WORKED_INSTANT
    ):
        return None
    return replace(case, acts=(*case.acts, replace(act, at=said)))


def _awaiting_supplement(random: Random, case: Case) -> Case | None:
    return _awaiting(case, Act("request-supplement", case.submitted_at, more={"papers": _papers(random)}))


def _awaiting_payment(random: Random, case: Case) -> Case | None:
    return _awaiting(case, Act("request-fee", case.submitted_at)) if _has_fee(case) else None


CHANGES: tuple[tuple[int, Change], ...] = (
    (WITHDRAWN_BEFORE, _withdrawn_before),
    (AWAITING_SUPPLEMENT, _awaiting_supplement),
    (AWAITING_PAYMENT, _awaiting_payment),
    (APOLOGISED, _apologised),
    (ASKED, _asked),
    (REVERSED, _reversed),
    (CORRECTED, _corrected),
    (WITHDRAWN, _withdrawn),
    (STOPPED, _stopped),
    (SUPPLEMENTED, _supplemented),
    (PAID, _paid),
)
