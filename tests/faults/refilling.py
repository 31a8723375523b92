"""The last thing in a run: the broker is wiped while nobody files anything, and what readers hold while the logs fill it again is counted.

Under load a few events are sent before a relay notices, and are held for that; in the quiet nothing has a reason to be.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from deploy.local.postgres.run import in_thread
from tests.faults import checks, database, topics
from tests.faults.record import Finding, Record
from tests.faults.schedule import SERVICES
from tests.faults.world import House

NAMING = ("intake", "notify")
REFILLED_SECONDS = 240.0
LOOK_AGAIN_SECONDS = 1.0
LATE_SECONDS = 5.0
NAMES = "SELECT officer, change, name FROM officer_names"
READ = "SELECT coalesce(sum(position), 0)::bigint FROM reader_positions WHERE topic = 'dossiers' AND cluster_id = '{}'"


def refilled(house: House, record: Record, say: Callable[[str], None]) -> list[Finding]:
    """The findings of it: an event that did not come again, or a row that went through `held`."""
    handed = len(record.mail), len(record.handed)
    # One reader begins from nothing: what the others have, they recognise whatever its order.
    house.kill("reporting")
    database.new_database(house.postgres, "reporting")
    house.migrate("reporting")
    database.watch_positions(house.postgres, "reporting")
    for name in SERVICES:
        database.count_held(house.postgres, name)
    # Who shows officers' names has none any more, and the broker is their only source.
    for name in NAMING:
        _asked(house, name, "DELETE FROM officer_names")
    # The log that opens comes last: whoever does not wait for it is there before it.
    house.freeze("intake")
    house.kafka.wipe()
    house.launch(house.members["reporting"])
    record.wiped = True
    time.sleep(LATE_SECONDS)
    house.thaw("intake")
    read = READ.format(house.kafka.cluster_id)
    began = time.monotonic()
    while True:
        house.wait_ready()
        record.outcome.topic = topics.heard(topics.read(house.kafka, topics.DOSSIERS))
        record.outcome.topic += topics.heard(topics.read(house.kafka, topics.CALENDAR))
        findings = list(checks.topic_is_the_log(record))
        there = sum(heard.topic == topics.DOSSIERS for heard in record.outcome.topic)
        behind = [name for name in SERVICES if _asked(house, name, read)[0][0] < there]
        named = set(_asked(house, "processing", NAMES))
        unnamed = [name for name in NAMING if set(_asked(house, name, NAMES)) != named]
        if not (findings or behind or unnamed) or time.monotonic() - began > REFILLED_SECONDS:
            break
        house.tend()
        time.sleep(LOOK_AGAIN_SECONDS)
    seconds = time.monotonic() - began
    held = {name: {(r[0], r[1]): r[2] for r in _asked(house, name, database.EVER_HELD)} for name in SERVICES}
    counts = {name: sum(rows.values()) for name, rows in held.items()}
    say(
        f"a broker wiped in the quiet had {there} messages on dossiers again after {seconds:.0f}s, and {len(named)} officers' names; "
        f"rows held meanwhile: {counts}"
    )
    findings += handed_again(handed, (len(record.mail), len(record.handed)))
    findings += [Finding("refill", "wrong", f"{name} did not read what was refilled") for name in behind]
    findings += [
        Finding("refill", "wrong", f"{name} did not hear what officers are called") for name in unnamed
    ]
    if not named:
        findings.append(
            Finding("refill", "wrong", "no officer has a name, so that nothing is proven of names")
        )
    for name, rows in held.items():
        findings += [Finding("refill", "wrong", f"{name} held {n} rows, {of}") for of, n in rows.items()]
    return findings


def handed_again(before: tuple[int, int], after: tuple[int, int]) -> list[Finding]:
    """All that was ever said was said again: nobody is told anything for it, by e-mail or by text message."""
    ways = zip(("e-mails", "text messages"), before, after, strict=True)
    return [
        Finding("refill", "doubled", f"{now - then} {what} went out on a replay")
        for what, then, now in ways
        if now != then
    ]


def _asked(house: House, name: str, query: str) -> list[Any]:
    found: list[Any] = in_thread(database.fetch(house.postgres, name, query))
    return found
