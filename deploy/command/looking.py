"""`motcua trace` and `motcua doctor`: what an operator looks at before doing anything. They change nothing.

Shows coordinates, types and times, never what an event says.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from contracts.topics import SERVICES
from deploy.command.reach import dsn, url
from deploy.local.home import Home
from deploy.local.process import Failed
from services.chassis.http.sandbox import HEADER
from services.chassis.log.databases import TRANSIENT, open_pool

Say = Callable[[str], None]
PUBLISHERS = ("intake", "processing", "notify")
ASK_SECONDS = 5.0
CLOCKS_APART_SECONDS = 5.0
LAG_EVENTS = 10_000
# Never by way of a proxy that the environment names.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))

# The cursor of the latest epoch speaks of the broker of now; those of brokers before stay as they were.
PUBLISHED = "SELECT position FROM relay_cursors WHERE feed = 'events' ORDER BY epoch DESC LIMIT 1"
EVENTS = f"""
SELECT e.position, e.version, e.type, e.recorded_at, e.traceparent,
    e.position <= coalesce(({PUBLISHED}), 0) AS published
FROM events e WHERE e.stream_id = $1 ORDER BY e.version
"""
APPLIED = "SELECT producer, version FROM applied_versions WHERE stream_id = $1 ORDER BY producer"
HELD = """
SELECT held_id, reason, topic, partition, "offset", held_at FROM held WHERE stream_id = $1 ORDER BY held_id
"""
UNPUBLISHED = f"SELECT coalesce((SELECT max(position) FROM events), 0) - coalesce(({PUBLISHED}), 0)"
UNDER = "SELECT DISTINCT stream_id FROM events WHERE correlation_id = $1 LIMIT 20"
OLDEST_HELD = "SELECT count(*) AS count, min(held_at) AS since FROM (SELECT held_at FROM held LIMIT 10000) h"


async def trace(home: Home, options: argparse.Namespace, say: Say) -> None:
    """Of each service: its own events of the dossier, what it applied of the others', and what it holds. A portal's own id of its
    request leads to what it filed or did under it, by a look through all of intake's log.

    Guarantee: a dossier that stands still is found where it stands. Test: test_an_operator_looks_from_anywhere.
    """
    lines: list[str] = []
    if not await _trace(home, options.dossier_id, lines.append):
        async with open_pool(dsn(home, "intake"), size=1) as pool:
            under = await pool.fetch(UNDER, options.dossier_id)
        lines.clear()
        if not under:
            raise LookupError("no service knows this dossier, and no request was made under this id")
        for row in under:
            lines += [f"dossier {row['stream_id']}"]
            await _trace(home, row["stream_id"], lines.append)
    for line in lines:
        say(line)


async def _trace(home: Home, dossier_id: UUID, say: Say) -> int:
    found = 0
    for service in SERVICES:
        async with open_pool(dsn(home, service), size=1) as pool:
            events = await pool.fetch(EVENTS, dossier_id) if service in PUBLISHERS else []
            applied = await pool.fetch(APPLIED, dossier_id)
            held = await pool.fetch(HELD, dossier_id)
        found += len(events) + len(applied) + len(held)
        say(service)
        for row in events:
            say(
                f"  {row['position']:>9}  {row['recorded_at']:%Y-%m-%d %H:%M:%S%z}  version {row['version']}  {row['type']}  "
                f"{'published' if row['published'] else 'not published yet'}  trace {(row['traceparent'] or '')[3:35] or '-'}"
            )
        for row in applied:
            say(f"  has applied {row['producer']} up to version {row['version']}")
        for row in held:
            place = f"{row['topic']}/{row['partition']}/{row['offset']}"
            say(
                f"  holds {row['held_id']}: {row['reason']}  {place}  since {row['held_at']:%Y-%m-%d %H:%M:%S%z}"
            )
    return found


async def doctor(home: Home, _options: argparse.Namespace, say: Say) -> None:
    """Every fault of every service; Failed when there is one."""
    told = await asyncio.gather(*(_examined(home, service) for service in SERVICES))
    releases = {release for release, _ in told if release}
    faults = 0
    for service, (release, found) in zip(SERVICES, told, strict=True):
        if len(releases) > 1:
            found.append(f"runs release {release or 'unknown'}; there are {', '.join(sorted(releases))}")
        faults += len(found)
        say(f"{service:<11}{release or '-':<9}{'; '.join(found) or 'sound'}")
    if faults:
        raise Failed(f"{faults} faults; the run-books say what to do: docs/runbooks/README.md")


async def _examined(home: Home, service: str) -> tuple[str, list[str]]:
    """Its release, and what is wrong with it."""
    faults: list[str] = []
    release, address, ahead = "", url(home, service), 0.0
    try:
        _, version, ahead = await asyncio.to_thread(_asked, f"{address}/version")
        release = str(version.get("release", ""))
        ready, parts, _ = await asyncio.to_thread(_asked, f"{address}/readyz")
        if not ready:
            faults.append("not ready: " + ", ".join(f"{name} {how}" for name, how in parts.items()))
    except (OSError, ValueError) as error:
        faults.append(f"does not answer at {address} ({type(error).__name__})")
    try:
        async with open_pool(dsn(home, service), size=1) as pool:
            faults += await _of_database(pool, ahead, publishes=service in PUBLISHERS)
    except (asyncpg.PostgresError, *TRANSIENT) as error:
        faults.append(f"its database cannot be asked ({type(error).__name__})")
    return release, faults


async def _of_database(pool: asyncpg.Pool[Any], ahead: float, *, publishes: bool) -> list[str]:
    """`ahead`: the seconds by which a sandbox's clock is meant to be."""
    faults = []
    now = await pool.fetchval("SELECT clock_timestamp()")
    apart = abs((now - datetime.now(UTC)).total_seconds() - ahead)
    if apart > CLOCKS_APART_SECONDS:
        faults.append(f"its database's clock is {apart:.0f} s from this machine's")
    held = await pool.fetchrow(OLDEST_HELD)
    if held["count"]:
        faults.append(f"holds {held['count']:,} messages since {held['since']:%Y-%m-%d %H:%M:%S%z}")
    if publishes and (behind := await pool.fetchval(UNPUBLISHED)) > LAG_EVENTS:
        faults.append(f"has {behind:,} events that are not published")
    return faults


def _asked(address: str) -> tuple[bool, dict[str, Any], float]:
    """Whether it was answered well, with what, and how far ahead a sandbox says that its clock is."""
    try:
        with _DIRECT.open(address, timeout=ASK_SECONDS) as answer:
            return True, json.load(answer), float(answer.headers.get(HEADER.decode(), "=0").partition("=")[2])
    except urllib.error.HTTPError as refused:
        return False, json.load(refused), 0.0
