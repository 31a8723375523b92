"""Makes a case for the bulk doors of what a log's rows said about it: pure, one draft in, one case or its fault out."""

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

from contracts.catalogue.shipped import Version, version_on
from deploy.importing.case import Act, Case
from deploy.importing.drafts import Draft
from deploy.importing.mapping import Mapping

OFFICE_ZONE = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")


# What processing's bulk door takes at once for a dossier.
ACTS_MOST = 50
# The doors' own bounds; beyond them an instant may have no local day at all.
EARLIEST, TOO_LATE = datetime(1900, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, 17, tzinfo=UTC)


class Faulty(Exception):
    """What is wrong with one value or one case, under a reason that many of them share.

    `date` names the date that it stands at, when it is one.
    """

    def __init__(self, reason: str, told: str = "", date: str = "") -> None:
        super().__init__(told or reason)
        self.reason = reason
        self.date = date


def case_of(name: str, draft: Draft, mapping: Mapping) -> Case:
    """The case as the doors take it; Faulty when its dates contradict each other."""
    dossier = mapping.dossier
    times = {key: datetime.fromisoformat(value).astimezone(OFFICE_ZONE) for key, value in draft.times.items()}
    _check(times)
    channel = dossier.channel or mapping.channels[draft.cells["channel"]]
    procedure = dossier.procedure or mapping.procedures[draft.cells["procedure"]]
    submitted_at = times.get("submitted") or times["accepted"]
    named = _class_of(
        procedure, submitted_at.date(), times, draft.cells.get("project_class") or dossier.project_class
    )
    acts = _acts(times, draft, mapping, named)
    if len(acts) > ACTS_MOST:
        raise Faulty(
            "too many acts",
            f"it has {len(acts)} acts; {ACTS_MOST} is the most that one dossier is taken with",
        )
    return Case(name, procedure, dossier.office, channel, submitted_at, tuple(acts))


def of_ours(instant: datetime) -> bool:
    """Whether an instant falls on a day that dates here can have, from 1900 to 2999."""
    return EARLIEST <= instant < TOO_LATE


def _class_of(procedure: str, on: date, times: dict[str, datetime], named: str | None) -> str | None:
    """The class of the project where the limit depends on it. A case may lack it only if the log says when it is due."""
    version = version_on(procedure, on)
    classes = version.limit_days_by_class if isinstance(version, Version) else None
    if not classes:
        return None
    known = ", ".join(classes)
    if named is None and "accepted" in times and "due" not in times:
        raise Faulty(
            "no project class",
            f"the limit of {procedure} depends on the project's class ({known}): give it or the due date",
        )
    if named is not None and named not in classes:
        raise Faulty(
            "project class unknown", f"{procedure} has no project class of that name; there are {known}"
        )
    return named


def _check(times: dict[str, datetime]) -> None:
    if "submitted" not in times and "accepted" not in times:
        raise Faulty("it has no date of submission or acceptance")
    if "resolved" in times and "rejected" in times:
        raise Faulty("it is both resolved and rejected", date="rejected")
    for later in ("resolved", "returned", "due"):
        if later in times and "accepted" not in times:
            raise Faulty("never accepted", f"it has a date for {later} and none for accepted", later)
    if "returned" in times and "resolved" not in times and "rejected" not in times:
        raise Faulty("it is returned and never resolved", date="returned")
    order = [name for name in ("submitted", "accepted", "rejected", "resolved", "returned") if name in times]
    for earlier, later in pairwise(order):
        # Days, not instants: an end earlier in the day than its start, on the same local day, is valid in real logs.
        if times[later].date() < times[earlier].date():
            told = f"{later} on {times[later].date()} is before {earlier} on {times[earlier].date()}"
            raise Faulty("dates out of order", told, later)
    if "due" in times and times["due"].date() < times["accepted"].date():
        told = f"due on {times['due'].date()} is before accepted on {times['accepted'].date()}"
        raise Faulty("due before acceptance", told, "due")


def _acts(times: dict[str, datetime], draft: Draft, mapping: Mapping, named: str | None) -> list[Act]:
    dossier = mapping.dossier
    if "accepted" not in times:
        if "rejected" in times:
            return [Act("reject", times["rejected"], reason=dossier.rejection_reason)]
        return []
    ended_at, outcome = _end_of(times, draft, mapping)
    due_on = times["due"].date() if "due" in times else None
    unit, more = dossier.unit or dossier.office, {"project_class": named} if named else {}
    acts = [Act("accept", times["accepted"], due_on=due_on, unit=unit, more=more)]
    for instant, number in sorted(draft.steps):
        step, forwarded_at = mapping.steps[number], datetime.fromisoformat(instant).astimezone(OFFICE_ZONE)
        # What a log notes before its case begins or after it ends is no step of the dossier.
        if times["accepted"] <= forwarded_at <= (ended_at or forwarded_at):
            acts.append(Act("forward", forwarded_at, unit=step.unit, step=step.step))
    if ended_at is not None:
        late = due_on is not None and ended_at.date() > due_on
        late_reason = dossier.late_reason if late else None
        acts.append(Act("resolve", ended_at, outcome=outcome, late_reason=late_reason))
    if "returned" in times:
        acts.append(Act("return", times["returned"], method=dossier.return_method))
    return acts


def _end_of(times: dict[str, datetime], draft: Draft, mapping: Mapping) -> tuple[datetime | None, str | None]:
    """When an accepted case ended, and how: what refused it after acceptance decided it.

    Guarantee: what a refusal is follows from whether the case was accepted before.
    Test: test_a_refusal_after_acceptance_is_a_decision.
    """
    if "rejected" in times:
        return times["rejected"], "refused"
    return times.get("resolved"), mapping.outcomes.get(draft.by.get("resolved", ""), mapping.dossier.outcome)
