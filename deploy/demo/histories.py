"""The demonstration's dossiers: nine months of 2023 of one department, drawn from a seed.

Promises the same histories for the same seed, and for every seed exactly the totals below. Made up from end to end:
nobody's data, no clock, nothing read but the catalogue.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random

from contracts.catalogue.shipped import Version, version_on
from deploy.demo.days import (
    DAY_SECONDS,
    FIRST_DAY,
    LAST_DAY,
    LAST_WORKED_INSTANT,
    ONE_DAY,
    Filings,
    add_limit,
    add_working,
    at,
    worked_days,
    working_instant,
    working_seconds,
)
from deploy.demo.lives import with_whole_lives
from deploy.importing.case import Act, Case

SEED = 2023
OFFICE = "H29.015.00"

RECEIVED = 13_276
RESOLVED = 12_467
PENDING = RECEIVED - RESOLVED
WAITING = 118
WAITING_LATE = 9
NOT_ACCEPTED = 437
SUBMITTED = RECEIVED + WAITING + NOT_ACCEPTED
RESOLVED_LATE = 312
PENDING_OVERDUE = 46
ACCEPTED_LATE = 205

CERTIFICATES = {
    "1.009982": 24.0,
    "1.009983": 8.0,
    "1.009984": 3.0,
    "1.009985": 0.6,
    "1.009986": 6.0,
    "1.009987": 0.9,
    "1.009928": 7.0,
    "1.009988": 9.0,
    "1.009989": 1.0,
    "1.009990": 0.3,
    "1.009991": 4.0,
    "1.009936": 2.7,
    "1.002572": 7.0,
    "1.002625": 1.5,
}
APPRAISALS = {"1.009972": 2.1, "1.009973": 2.9}
OTHERS = {
    "1.009980": 2.0,
    "1.009981": 0.8,
    "1.006871": 6.2,
    "1.009974": 6.0,
    "1.009977": 3.5,
    "1.009978": 1.5,
}
WEIGHTS = CERTIFICATES | APPRAISALS | OTHERS

CHANNELS = {"online": 89, "in_person": 7, "postal": 4}
UNITS = {"certificates": "H29.015.00/QLXD", "appraisals": "H29.015.00/QLTD", "others": "H29.015.00/QLCP"}
REJECTION_REASONS = {
    "incomplete": 55,
    "not_eligible": 18,
    "wrong_procedure": 10,
    "wrong_office": 7,
    "duplicate": 10,
}
LATE_REASONS = {"workload": 60, "waiting_for_agency": 25, "complex_case": 15}
METHODS = {"online": 62, "in_person": 22, "postal": 16}
# The share of certificates that the unit signs itself: they are forwarded once.
SIGNED_IN_THE_UNIT = 0.55
# How often each class of an appraisal comes, the largest works first.
CLASS_WEIGHTS = (8, 32, 60)


@dataclass(frozen=True, slots=True)
class _Accepted:
    """An accepted dossier before it is decided how far it came."""

    procedure: str
    channel: str
    submitted_at: datetime
    accepted_at: datetime
    due_on: date
    project_class: str | None

    def elapsed(self) -> float:
        """The share of its limit that had passed when the period ended."""
        accepted_on = self.accepted_at.date()
        return (LAST_DAY - accepted_on).days / (self.due_on - accepted_on).days


def histories(seed: int = SEED) -> list[Case]:
    """Every case of the demonstration in order of business time, the same list for the same seed.

    Guarantee: RECEIVED, RESOLVED, PENDING, WAITING, NOT_ACCEPTED and the late ones come out exactly, whatever the seed.
    Test: test_every_seed_gives_the_same_totals.
    """
    random = Random(seed)
    cases = [*_accepted_cases(random), *_rejected_cases(random), *_waiting_cases(random)]
    # By acceptance, so that the serials of official codes rise with the hour of the day.
    cases.sort(key=lambda case: (case.acts[0].at if case.acts else case.submitted_at, case.submitted_at))
    cases = with_whole_lives(random, cases)
    return [replace(case, case=f"{number:05d}") for number, case in enumerate(cases, start=1)]


def _accepted_cases(random: Random) -> list[Case]:
    filings = Filings(FIRST_DAY, LAST_WORKED_INSTANT.date())
    accepted = [_accepted(random, filings, late=number < ACCEPTED_LATE) for number in range(RECEIVED)]
    # Overdue at the end: none is older than some weeks, and each due date lies safely inside the period.
    overdue_since, overdue_until = date(2023, 8, 14), date(2023, 9, 22)
    overdue = random.sample(
        [one for one in accepted if overdue_since < one.due_on <= overdue_until], PENDING_OVERDUE
    )
    is_overdue = _Among(overdue)
    late = random.sample(
        [one for one in accepted if one.due_on <= overdue_until and one not in is_overdue], RESOLVED_LATE
    )
    # The rest of the pending ones: those with most of their limit still before them, give or take.
    open_at_end = [one for one in accepted if one.due_on > LAST_DAY]
    open_at_end.sort(key=lambda one: one.elapsed() + random.gauss(0, 0.12))
    accepted_last = [
        one for one in open_at_end if one.accepted_at.date() >= LAST_WORKED_INSTANT.date() - ONE_DAY
    ]
    is_last = _Among(accepted_last)
    ranked = accepted_last + [one for one in open_at_end if one not in is_last]
    pending = ranked[: PENDING - PENDING_OVERDUE]
    is_late, is_pending = _Among(late), _Among(overdue + pending)
    return [
        _pending_case(random, one)
        if one in is_pending
        else _resolved_case(
            random, one, _late_day(random, one) if one in is_late else _timely_day(random, one)
        )
        for one in accepted
    ]


def _accepted(random: Random, filings: Filings, *, late: bool) -> _Accepted:
    procedure = _procedure(random)
    while True:
        channel = "online" if late else _one_of(random, CHANNELS)
        submitted_at = filings.online(random) if channel == "online" else filings.desk(random)
        accepted_at = add_working(submitted_at, _intake_seconds(random, channel, late=late))
        if accepted_at <= LAST_WORKED_INSTANT - timedelta(hours=1):
            return _Accepted(
                procedure,
                channel,
                submitted_at,
                accepted_at,
                *_limited(random, procedure, submitted_at.date(), accepted_at.date()),
            )


def _rejected_cases(random: Random) -> list[Case]:
    filings = Filings(FIRST_DAY, date(2023, 9, 27))
    cases = []
    for _ in range(NOT_ACCEPTED):
        channel = _one_of(random, CHANNELS)
        submitted_at = filings.online(random) if channel == "online" else filings.desk(random)
        rejected_at = add_working(submitted_at, _intake_seconds(random, channel, late=False))
        act = Act("reject", rejected_at, reason=_one_of(random, REJECTION_REASONS))
        cases.append(Case("", _procedure(random), OFFICE, channel, submitted_at, (act,)))
    return cases


def _waiting_cases(random: Random) -> list[Case]:
    """Filed after the desk's last hours of September, and a few that it had overlooked for days."""
    fresh, old = Filings(LAST_WORKED_INSTANT.date(), LAST_DAY), Filings(date(2023, 9, 19), date(2023, 9, 27))
    cases = []
    for number in range(WAITING):
        filings = old if number < WAITING_LATE else fresh
        submitted_at = filings.online(random)
        while filings is fresh and submitted_at < at(LAST_WORKED_INSTANT.date(), time(14)):
            submitted_at = filings.online(random)
        cases.append(Case("", _procedure(random), OFFICE, "online", submitted_at))
    return cases


def _resolved_case(random: Random, one: _Accepted, resolved_at: datetime) -> Case:
    late_reason = _one_of(random, LATE_REASONS) if resolved_at.date() > one.due_on else None
    outcome = "refused" if random.random() < 0.035 else "granted"
    acts = [
        *_handling(random, one, resolved_at, until=resolved_at),
        Act("resolve", resolved_at, outcome=outcome, late_reason=late_reason),
    ]
    method = _one_of(random, METHODS)
    days_to_collect = {"online": 0.02, "in_person": 2.5, "postal": 1.5}[method]
    returned_at = add_working(resolved_at, 600 + int(random.expovariate(1 / (days_to_collect * DAY_SECONDS))))
    if returned_at <= LAST_WORKED_INSTANT and random.random() < 0.97:
        acts.append(Act("return", returned_at, method=method))
    return _case(one, acts)


def _pending_case(random: Random, one: _Accepted) -> Case:
    planned_end = at(max(one.due_on, LAST_DAY + ONE_DAY), time(16))
    return _case(one, _handling(random, one, planned_end, until=LAST_WORKED_INSTANT))


def _handling(random: Random, one: _Accepted, end: datetime, *, until: datetime) -> list[Act]:
    """Acceptance and the control slip's steps, spread over the working time up to the end, kept as far as `until`."""
    unit = _unit(one.procedure)
    more = {"project_class": one.project_class} if one.project_class else {}
    acts = [Act("accept", one.accepted_at, due_on=one.due_on, unit=unit, more=more)]
    span = working_seconds(one.accepted_at, end)
    steps = [("thu_ly", random.uniform(0.01, 0.12)), ("ky_duyet", random.uniform(0.8, 0.97))]
    if one.procedure not in CERTIFICATES:
        steps.insert(1, ("tham_tra", random.uniform(0.3, 0.7)))
    elif random.random() < SIGNED_IN_THE_UNIT:
        steps.pop()
    for step, share in steps:
        forwarded_at = add_working(one.accepted_at, int(span * share))
        if forwarded_at < until:
            acts.append(Act("forward", forwarded_at, unit=unit, step=step))
    return acts


def _timely_day(random: Random, one: _Accepted) -> datetime:
    last = min(one.due_on, LAST_WORKED_INSTANT.date())
    choices = worked_days(one.accepted_at.date() + ONE_DAY, last)
    # Most are done in the last third of their limit, about one in four on the due date itself.
    return working_instant(random, choices[int(len(choices) * random.betavariate(3.2, 1.1) * 0.9999)])


def _late_day(random: Random, one: _Accepted) -> datetime:
    choices = worked_days(one.due_on + ONE_DAY, LAST_WORKED_INSTANT.date())
    return working_instant(random, choices[min(int(random.expovariate(0.35)), len(choices) - 1)])


def _intake_seconds(random: Random, channel: str, *, late: bool) -> int:
    """Working time until the desk decides: minutes for who stands there, else within its 8 hours, unless late."""
    if late:
        return DAY_SECONDS + 60 + int(random.expovariate(1 / 9000))
    if channel == "in_person":
        return 120 + int(random.expovariate(1 / 400)) % 3000
    return min(180 + int(random.lognormvariate(8.5, 0.8)), DAY_SECONDS - 120)


def _limited(random: Random, code: str, submitted_on: date, accepted_on: date) -> tuple[date, str | None]:
    """The due date, and the class of the project where the limit depends on it."""
    version = version_on(code, submitted_on)
    assert isinstance(version, Version), "in 2023 every procedure was in force"
    by_class = version.limit_days_by_class
    named = random.choices(list(by_class), CLASS_WEIGHTS)[0] if by_class else None
    limit_days = by_class[named] if by_class and named else version.limit_days
    return add_limit(accepted_on, limit_days, working=version.limit_unit == "working_days"), named


def _procedure(random: Random) -> str:
    return _one_of(random, WEIGHTS)


def _unit(procedure: str) -> str:
    if procedure in CERTIFICATES:
        return UNITS["certificates"]
    return UNITS["appraisals" if procedure in APPRAISALS else "others"]


def _case(one: _Accepted, acts: list[Act]) -> Case:
    return Case("", one.procedure, OFFICE, one.channel, one.submitted_at, tuple(acts))


def _one_of(random: Random, weights: dict[str, float] | dict[str, int]) -> str:
    return random.choices(list(weights), list(weights.values()))[0]


class _Among:
    """Membership by identity: two dossiers may well have equal fields."""

    def __init__(self, members: list[_Accepted]) -> None:
        self._ids = {id(member) for member in members}

    def __contains__(self, one: _Accepted) -> bool:
        return id(one) in self._ids
