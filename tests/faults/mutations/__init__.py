"""Guarantees taken out one at a time, to see that a fault run finds out. A service never imports this.

`python -m tests.faults.mutations NAME MODULE [ARGUMENT ...]` runs MODULE with one text of one source file replaced, in that
process alone; no file is changed. A text that does not stand there exactly once is refused.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]


class Mutation(NamedTuple):
    """In `file`, `guarded` becomes `broken`; `takes_out` says which promise goes with it."""

    takes_out: str
    file: str
    guarded: str
    broken: str

    @property
    def path(self) -> Path:
        return ROOT / self.file

    def apply(self, text: str) -> str:
        """The mutated text of the file; ValueError when the guarded text is not there exactly once."""
        if text.count(self.guarded) != 1:
            raise ValueError(f"{self.file} has not exactly once: {self.guarded!r}")
        return text.replace(self.guarded, self.broken)


MUTATIONS: Mapping[str, Mutation] = {
    "commit-before-work": Mutation(
        "a reader's effect and its position commit in one transaction",
        "services/chassis/kafka/inbox.py",
        "            taken = await self._advance(connection, cluster_id, slices)\n",
        "            async with self._pool.acquire() as early, early.transaction():\n"
        "                taken = await self._advance(early, cluster_id, slices)\n",
    ),
    "publish-without-log": Mutation(
        "a relay goes on where the log says that publication ended, not where the process began",
        "services/chassis/kafka/cursors.py",
        '        return row["position"], offsets, known\n',
        '        newest = await pool.fetchval("SELECT max(position) FROM events")\n'
        '        await pool.execute("UPDATE relay_cursors SET position = $1 WHERE cluster_id = $2", newest or 0, cluster_id)\n'
        "        return newest or 0, offsets, known\n",
    ),
    "no-compare-and-set": Mutation(
        "a member that lost its partitions and comes back writes nothing",
        "services/chassis/kafka/inbox.py",
        " AND a.position = p.position ",
        " ",
    ),
    "no-expected-version": Mutation(
        "the slower of two writers is told, and writes nothing",
        "services/chassis/functions/append_v2.sql",
        "WHEN a.expected_version <> coalesce(latest.version, 0) THEN 'conflict'",
        "WHEN false THEN 'conflict'",
    ),
    "no-repeats": Mutation(
        "a caller's key that comes again is answered with the first dossier",
        "services/chassis/functions/append_v2.sql",
        "WHERE k.caller = a.caller AND k.key = a.key LIMIT 1\n            ) known ON a.key IS NOT NULL",
        "WHERE k.caller = a.caller AND k.key = a.key LIMIT 1\n            ) known ON false",
    ),
    "days-go-back": Mutation(
        "no act of a dossier is dated before its last one",
        "services/processing/dossier/decide.py",
        "decision and decision[-1].on < dossier.since:",
        "decision and dossier.since < dossier.filing.submitted_on:",
    ),
    "anybody-acts": Mutation(
        "nobody acts on a dossier that a colleague holds",
        "services/processing/desk/rights.py",
        "    if held and held.officer and held.officer not in (caller.subject, *stands_for):\n",
        "    if held is None:\n",
    ),
    "late-sweeps-late-facts": Mutation(
        "a fact bears the time at which it became true, whenever it is swept",
        "services/processing/sweeps.py",
        'Context(uuid5(FACTS, f"{kind}/{fact}"), ACTOR, at)',
        'Context(uuid5(FACTS, f"{kind}/{fact}"), ACTOR, desk.clock())',
    ),
    "waived-and-elsewhere": Mutation(
        "after a fee is settled the dossier is back where it was",
        "services/processing/dossier/fee.py",
        "FeeWaived(command.on, command.reason, now.before.status, due_on, ",
        'FeeWaived(command.on, command.reason, "in_processing", due_on, ',
    ),
    "refill-at-once": Mutation(
        "after a wiped broker the log that answers waits for the one that opens",
        "services/chassis/kafka/refill.py",
        "    while at < heard:\n",
        "    while at > heard:\n",
    ),
    "mails-keep-a-wrong-clock": Mutation(
        "a clock that was ahead and is right again keeps no e-mail back",
        "services/notify/channels/claims.py",
        "            await connection.execute(TURN_BACK, now, now + PUT_OFF_MAX)\n",
        "",
    ),
    "a-500-was-not-taken": Mutation(
        "a message that a provider may have taken is never called not taken",
        "services/notify/messages/provider.py",
        "the message arrives\n            return PutOff(in_doubt=True, of_all=True)\n",
        "the message arrives\n            return PutOff(in_doubt=False, of_all=True)\n",
    ),
    "anybody-sends-what-is-in-doubt": Mutation(
        "a message that a provider may have taken is given to no other",
        "services/notify/messages/rows.py",
        "CASE WHEN m.in_doubt OR m.claimed_at IS NOT NULL THEN m.provider ELSE (",
        "CASE WHEN false THEN m.provider ELSE (",
    ),
    "any-answer-is-its-own": Mutation(
        "what a server says twice is taken for no other request's answer",
        "services/notify/channels/own_answer.py",
        "    return stream.heard\n",
        "    return True\n",
    ),
    "no-early-receipts": Mutation(
        "a receipt that comes before the answer to its message is recorded when that is",
        "services/notify/messages/receipts.py",
        "    WHERE t.ours AND NOT EXISTS (",
        "    WHERE t.ours AND EXISTS (SELECT FROM messages m WHERE m.request_id = t.request_id AND m.state = 'sent') AND NOT EXISTS (",
    ),
    "messages-overtake": Mutation(
        "messages of a dossier go out in its order",
        "services/notify/messages/rows.py",
        "AND e.number < m.number AND e.state = 'waiting'\n",
        "AND e.number < m.number AND e.state = 'nowhere'\n",
    ),
    "nothing-expires": Mutation(
        "what nobody could send in time is told as lapsed, and never sent",
        "services/notify/messages/rows.py",
        "m.expires_at <= $1 AS expired, by.provider,",
        "false AS expired, by.provider,",
    ),
    "providers-keep-a-wrong-clock": Mutation(
        "a clock that was ahead and is right again leaves no provider alone",
        "services/notify/messages/health.py",
        "not timedelta() < self._look_at - self._clock() <= LOOK_MOST",
        "self._look_at <= self._clock()",
    ),
    "a-book-behind": Mutation(
        "the book that comes has read what the one that goes has read, no more and no less",
        "services/reporting/rebuild/switch.py",
        "                    await book.come_to(await book.live())\n",
        "                    pass\n",
    ),
    "a-request-publishes-again": Mutation(
        "a request that is sent again publishes once",
        "services/reporting/report/vintage_routes.py",
        "                caller.actor,\n                key,\n",
        "                caller.actor,\n                f'{key} {sources.now()}',\n",
    ),
}
