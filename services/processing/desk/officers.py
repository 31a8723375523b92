"""The register of officers: who serves in which unit, from when and until when, as an operator tells it or the log-in shows it.

Their names are official; they are shown to colleagues and, of who has a dossier, to its applicant. They leave by the topic `officers`
alone, and are in no event, log line or metric.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from contracts.officers import CHANGE_HEADER, TOPIC, Officer
from services.chassis.http.tokens import Caller
from services.chassis.http.visibility import STAFF, units_of
from services.chassis.kafka.feeds import Feed
from services.chassis.kafka.sending import Message
from services.processing.clock.working_days import local_day

SUBJECT = r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$"
"""An officer as the token's subject names them."""
KNOWN_MAX = 100_000
_SUBJECT = re.compile(SUBJECT)
MET = "SELECT keep_met_officers($1::text[], $2::text[], $3::text[], $4)"
TOLD = "SELECT keep_told_officers($1::text[], $2::text[], $3::text[], $4::date[], $5::date[], $6)"
OF_UNIT = """
SELECT subject, max(name) AS name FROM officers
WHERE unit = $1 AND since <= $2 AND (until IS NULL OR until >= $2) GROUP BY subject ORDER BY subject
"""
NAMES = "SELECT officer, name FROM officer_names WHERE officer = ANY($1::text[]) AND name IS NOT NULL"
CHANGES = "SELECT change, officer, name FROM officer_names WHERE change > $1 ORDER BY change LIMIT $2"
LIST = """
SELECT subject, unit, since, until, name FROM officers
WHERE ($1::text[] IS NULL OR unit = ANY($1) OR split_part(unit, '/', 1) = $2) AND (subject, unit, since) > ($3, $4, $5)
ORDER BY subject, unit, since LIMIT $6
"""


class Serving(NamedTuple):
    """An officer's time in a unit, both days included; until further notice where `until` is None."""

    subject: str
    unit: str
    since: date
    until: date | None
    name: str | None


class Officers:
    """The register in the database, and who was met and is still to be kept there."""

    def __init__(self, pool: Any, clock: Callable[[], datetime]) -> None:
        self._pool, self._clock = pool, clock
        self._known: dict[tuple[str, str], str] = {}
        self._met: dict[tuple[str, str], str] = {}

    def met(self, caller: Caller, name: str = "") -> None:
        """Somebody's token or log-in was seen; kept by the next look at the register, or by the next sweep."""
        if caller.role not in STAFF or not _SUBJECT.fullmatch(caller.subject):
            return
        for unit in units_of(caller):
            known = self._known.get((caller.subject, unit))
            if known is None or (name and name != known):
                self._met[caller.subject, unit] = name or known or ""

    async def keep(self) -> None:
        """Keeps who was met since the last time; repeatable, by any number of processes."""
        met = dict(self._met)
        if not met:
            return
        subjects, units = zip(*met, strict=True)
        await self._pool.execute(MET, subjects, units, list(met.values()), local_day(self._clock()))
        if len(self._known) + len(met) > KNOWN_MAX:
            self._known.clear()
        self._known |= met
        self._met = {key: name for key, name in self._met.items() if met.get(key) != name}

    async def tell(self, serving: Sequence[Serving], who: str) -> None:
        """An operator's word, which stands over what was only seen."""
        subjects, units, since, until, names = (list(column) for column in zip(*serving, strict=True))
        await self._pool.execute(TOLD, subjects, units, names, since, until, who)

    async def of(self, unit: str, on: date) -> Mapping[str, str | None]:
        """Who serves in a unit that day, with their names as far as they are known."""
        await self.keep()
        return {row["subject"]: row["name"] for row in await self._pool.fetch(OF_UNIT, unit, on)}

    async def names(self, subjects: Collection[str | None]) -> Mapping[str, str]:
        """The names of those of whom one is known."""
        asked = {subject for subject in subjects if subject}
        if not asked:
            return {}
        return {row["officer"]: row["name"] for row in await self._pool.fetch(NAMES, list(asked))}

    async def forget(self, subject: str) -> int:
        """Forgets what an officer is called, wherever it is shown; how many times of service had the name."""
        return int(await self._pool.fetchval("SELECT forget_officer($1)", subject))

    async def listed(
        self, units: list[str] | None, office: str, after: tuple[str, str, date], limit: int
    ) -> list[Serving]:
        """The next of the register: of these units and of this office's, of all where `units` is None."""
        await self.keep()
        return [Serving(*row) for row in await self._pool.fetch(LIST, units, office, *after, limit)]


async def _changes(connection: Any, after: int, limit: int) -> list[tuple[int, Message]]:
    """Each officer whose name changed, with what it is *now*: an older name is told no more."""
    rows = await connection.fetch(CHANGES, after, limit)
    return [(row["change"], name_message(*row)) for row in rows]


def name_message(change: int, officer: str, name: str | None) -> Message:
    headers: Sequence[tuple[str, bytes]] = [(CHANGE_HEADER, b"%d" % change)]
    if name is None:
        return Message(TOPIC, officer.encode(), None, headers)
    said = Officer(officer=officer, change=change, name=name)
    return Message(TOPIC, officer.encode(), said.model_dump_json().encode(), headers)


NAMES_FEED = Feed(TOPIC, _changes)
