"""The expected result of every reader: a single-threaded replay of the stores' event tables, first intake's, then processing's.

Written from DOMAIN's tables alone and sharing no code with the services, so that both cannot be wrong in the same way.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.faults import table
from tests.faults.record import COUNT_FIELDS, Command, Fact, Rows, Standing
from tests.faults.table import Stand, day_of

OF_APPLICANTS = ("DossierSubmitted", "SupplementProvided", "WithdrawalRequested", "FeePaid")
INBOX_ALONE = (
    "DossierForwarded",
    "DossierHandedOver",
    "OpinionRequested",
    "OpinionGiven",
    "ConsentDeemed",
    "OpinionDeadlineChanged",
)
"""What passes between desks and agencies asks nothing of the applicant."""
CHANNELS: dict[str, tuple[str, ...]] = {
    name: ("inbox",) if name in INBOX_ALONE else ("email", "inbox") for name in (*OF_APPLICANTS, *table.ACTS)
} | dict.fromkeys(table.UNTOLD, ())
DIMENSIONS = ("procedure", "office", "channel", "month", "day")


@dataclass(slots=True)
class Life:
    """One dossier as the oracle follows it."""

    dossier_id: str
    submitted: Fact
    standing: Standing
    now: Stand = field(default_factory=Stand)
    acts: list[Fact] = field(default_factory=list)
    own: list[Fact] = field(default_factory=list)

    def attribute(self, name: str) -> str:
        """Row attributes are those of the acceptance; before it, those of the submission."""
        return str((self.now.accepted or self.submitted).data[name])


def replay(intake: Iterable[Fact], processing: Iterable[Fact]) -> dict[str, Life]:
    """Every submitted dossier with all that its applicant and the authority did, in each store's own order."""
    lives: dict[str, Life] = {}
    for fact in sorted(intake, key=lambda f: f.position):
        if fact.type == "DossierSubmitted":
            standing = Standing("submitted", None, None, (fact.type,))
            lives[fact.stream_id] = Life(fact.stream_id, fact, standing)
        elif fact.stream_id in lives and fact.type in OF_APPLICANTS:
            lives[fact.stream_id].own.append(fact)
    for fact in sorted(processing, key=lambda f: f.position):
        if fact.stream_id in lives and fact.type in CHANNELS:
            lives[fact.stream_id].acts.append(fact)
    for life in lives.values():
        _follow(life)
    return lives


def _follow(life: Life) -> None:
    """Where the acts lead, and whether a request to withdraw waits for its answer."""
    life.now = now = table.stand(life.acts)
    answers = [f for f in life.acts if f.type in ("DossierWithdrawn", "WithdrawalRefused")]
    answered = max((int(f.data["request"] or 0) for f in answers), default=0)
    asked = max((f.version for f in life.own if f.type == "WithdrawalRequested"), default=0)
    waits = asked > answered and now.status not in table.ENDED
    life.standing = Standing(
        "withdrawal_requested" if waits else now.status,
        life.acts[-1].version if life.acts else None,
        official_code(now.accepted) if now.accepted else None,
        tuple(f.type for f in (life.submitted, *life.own, *life.acts)),
        (now.unit, now.officer),
    )


def standings(lives: dict[str, Life]) -> dict[str, Standing]:
    """What intake's tracking and processing's queue must both say."""
    return {dossier_id: life.standing for dossier_id, life in lives.items()}


def notices(lives: dict[str, Life]) -> Counter[tuple[str, str, str]]:
    """(dossier, event type, channel) of every notice that must have been decided, and how often; of an import nobody is told."""
    told = [
        (i, fact.type)
        for i, life in lives.items()
        for fact in (life.submitted, *life.own, *life.acts)
        if not fact.actor.startswith("importer/")
    ]
    return Counter((dossier_id, about, channel) for dossier_id, about in told for channel in CHANNELS[about])


def official_code(accepted: Fact) -> str:
    """The form in force since 2025-09-15: office, local day of acceptance, serial of at least four digits."""
    day = date.fromisoformat(str(accepted.data["on"]))
    return f"{accepted.data['office']}-{day:%y%m%d}-{int(accepted.data['number']):04}"


def refused_rightly(command: Command, life: Life | None) -> bool:
    """Whether an act was refused for what the logs show: a colleague had the dossier, or a clock that was ahead dated an act
    before which none may be dated, or a request that nothing of today answers, or a declared day moved a date meanwhile."""
    if life is None or command.granted or not command.answers:
        return False
    code = command.answers[-1].body.get("code")
    if code == "not-the-holder":
        holders = {f.data["officer"] for f in life.acts if f.type == "DossierHandedOver"}
        return bool(holders - {command.caller, None})
    if code == "stale-version":
        return any(f.type in table.MOVED for f in life.acts)
    if code == "supplement-not-provided":
        asked = [f for f in life.acts if f.type == "SupplementRequested" and table.is_ahead(f)]
        brought = [f for f in life.own if f.type == "SupplementProvided" and f.data.get("request") is None]
        return any(day_of(b.occurred_at) < day_of(a.occurred_at) for a in asked for b in brought)
    return code == "earlier-than-last-act" and any(table.is_ahead(f) for f in (life.submitted, *life.acts))


def counts(lives: dict[str, Life]) -> dict[str, Rows]:
    """The fields of the report in all: under "all" for ever, and the rows of each dimension."""
    everyone = list(lives.values())
    tables: dict[str, Rows] = {"all": {"all": _window(everyone, date.min, date.max)}}
    for name in ("procedure", "office", "channel"):
        keys = sorted({life.attribute(name) for life in everyone})
        tables[name] = {
            key: _window([life for life in everyone if life.attribute(name) == key], date.min, date.max)
            for key in keys
        }
    days = sorted({_day(f) for life in everyone for f in _facts(life)})
    tables["day"] = {day.isoformat(): _window(everyone, day, day) for day in days}
    months = sorted({(day.year, day.month) for day in days})
    tables["month"] = {f"{y:04}-{m:02}": _window(everyone, *_month(y, m)) for y, m in months}
    return tables


def _facts(life: Life) -> list[Fact]:
    return [
        f for f in (life.submitted, life.now.accepted, life.now.rejected, life.now.ended) if f is not None
    ]


def _day(fact: Fact) -> date:
    return day_of(fact.occurred_at)


def _month(year: int, month: int) -> tuple[date, date]:
    following = date(year + month // 12, month % 12 + 1, 1)
    return date(year, month, 1), following - timedelta(days=1)


def _window(lives: list[Life], first: date, last: date) -> dict[str, int]:
    """Flows inside [first, last] and stocks at its two ends, each counted from the dossiers one by one."""
    numbers = dict.fromkeys(COUNT_FIELDS, 0)
    for life in lives:
        now = life.now
        submitted = _day(life.submitted)
        accepted = _day(now.accepted) if now.accepted else date.max
        rejected = _day(now.rejected) if now.rejected else date.max
        ended = _day(now.ended) if now.ended else date.max
        known = now.accepted is not None, now.rejected is not None, now.ended is not None
        numbers["submitted"] += first <= submitted <= last
        numbers["received_new"] += known[0] and first <= accepted <= last
        numbers["not_accepted"] += known[1] and first <= rejected <= last
        numbers["resolved"] += known[2] and first <= ended <= last
        decided = min(accepted if known[0] else date.max, rejected if known[1] else date.max)
        undecided = not known[0] and not known[1]
        numbers["waiting_before"] += submitted < first and (undecided or decided >= first)
        numbers["waiting"] += submitted <= last and (undecided or decided > last)
        numbers["carried_over"] += known[0] and accepted < first and (not known[2] or ended >= first)
        numbers["pending"] += known[0] and accepted <= last and (not known[2] or ended > last)
    numbers["received"] = numbers["carried_over"] + numbers["received_new"]
    return numbers
