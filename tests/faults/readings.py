"""Reads what the house says of itself: through its doors what a door shows, from tables and topics what no door shows."""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deploy.local.postgres.run import Postgres
from tests.faults import database, oracle
from tests.faults.checks_messages import leaks_in
from tests.faults.client import Door, Lost, Reply
from tests.faults.people import OFFICES, Issuer
from tests.faults.record import (
    COUNT_FIELDS,
    Fired,
    Message,
    Notice,
    Outcome,
    Record,
    Rows,
    Standing,
    StepBack,
)

READERS_AT_ONCE = 32
PAGE = 100
WAIT_SECONDS = 60.0
VIOLATIONS = re.compile(rb"^motcua_identity_violations(?:\{[^}]*\})? (\S+)", re.MULTILINE)
READERS = ("intake", "processing", "notify", "reporting")
FIRED = "SELECT dossier_id, kind, day, true_at, recorded_at FROM fired WHERE kind NOT LIKE '%:void'"
MESSAGES = "SELECT notice_id, dossier_id, about, number, state, reason, request_id, in_doubt, ambiguous FROM messages"
DROPPED = re.compile(rb'^motcua_consumer_applied_total\{outcome="dropped"\} (\S+)', re.MULTILINE)
STATUSES = (
    "submitted",
    "accepted",
    "rejected",
    "in_processing",
    "supplement_requested",
    "payment_requested",
    "withdrawal_requested",
    "withdrawn",
    "resolved",
    "returned",
    "stopped",
)


class Unreadable(Exception):
    """A door does not answer as it should; the text says which and how."""


async def outcome(doors: Mapping[str, Door], issuer: Issuer, postgres: Postgres, record: Record) -> Outcome:
    """The state of the house, all but what the topics say."""
    looked_at = datetime.now(UTC)
    stores = {name: await database.facts(postgres, name) for name in ("intake", "processing", "notify")}
    submitted = [f.stream_id for f in stores["intake"] if f.type == "DossierSubmitted"]
    owners = {
        dossier_id: (filing.role, filing.caller)
        for filing in record.filings
        if filing.role == "portal"
        for dossier_id in set(filing.dossier_ids)
    }
    offices = {f.stream_id: f.data["office"] for f in stores["intake"] if f.type == "DossierSubmitted"}
    result = Outcome(stores=stores, looked_at=looked_at)
    fired = await database.fetch(postgres, "processing", FIRED)
    result.fired = [Fired(str(r[0]), r[1], r[2], r[3], r[4]) for r in fired]
    await _each(submitted, lambda i: _track(doors["intake"], issuer, owners, offices[i], i, result.tracking))
    for office, status in product(OFFICES, STATUSES):
        await _list(doors["processing"], issuer, office, status, result.queue)
    await _each(submitted, lambda i: _notices(doors["notify"], issuer, i, result.notices))
    result.messages = [
        Message(str(r[0]), str(r[1]), r[2], r[3], r[4], r[5], str(r[6]), r[7], r[8])
        for r in await database.fetch(postgres, "notify", MESSAGES)
    ]
    result.counts = {"all": {"all": await counts(doors["reporting"])}}
    for dimension in oracle.DIMENSIONS:
        result.counts[dimension] = await _rows(doors["reporting"], issuer, dimension)
    result.ambiguous_counted = (
        await database.fetch(postgres, "notify", "SELECT count(*) FROM ambiguous_notices")
    )[0][0]
    return result


async def _each(ids: Iterable[str], read: Callable[[str], Any]) -> None:
    places = asyncio.Semaphore(READERS_AT_ONCE)

    async def one(dossier_id: str) -> None:
        async with places:
            await read(dossier_id)

    await asyncio.gather(*(one(i) for i in ids))


async def ask(door: Door, path: str, token: str = "") -> Reply:
    """A reading, repeated while it is lost or limited."""
    last = "lost"
    for _ in range(40):
        try:
            reply = await door.ask("GET", path, token=token, wait_seconds=20)
        except Lost:
            await asyncio.sleep(0.25)
            continue
        if reply.status not in (429, 503):
            return reply
        last = str(reply.status)
        await asyncio.sleep(0.25)
    raise Unreadable(f"{door.name} {path}: {last}")


async def _body(door: Door, path: str, token: str = "") -> dict[str, Any]:
    reply = await ask(door, path, token)
    if reply.status != 200:
        raise Unreadable(f"{door.name} {path}: {reply.status} {reply.raw[:300]!r}")
    return reply.body


async def _track(
    door: Door,
    issuer: Issuer,
    owners: Mapping[str, tuple[str, str]],
    office: str,
    dossier_id: str,
    into: dict[str, Standing],
) -> None:
    role, caller = owners.get(dossier_id, ("supervisor", "reader"))
    reply = await ask(door, f"/v1/dossiers/{dossier_id}", issuer.token(role, caller, office))
    if reply.status == 404:
        return
    body = reply.body
    if reply.status != 200:
        raise Unreadable(f"intake {dossier_id}: {reply.status} {reply.raw[:300]!r}")
    history = tuple(str(step["what"]) for step in body["history"])
    into[dossier_id] = Standing(body["status"], None, body["code"], history)


async def _list(door: Door, issuer: Issuer, office: str, status: str, into: dict[str, Standing]) -> None:
    cursor = ""
    while True:
        path = f"/v1/dossiers?status={status}&limit={PAGE}" + (f"&cursor={quote(cursor)}" if cursor else "")
        body = await _body(door, path, issuer.token("supervisor", "reader", office))
        for item in body["items"]:
            into[item["dossier_id"]] = Standing(
                item["status"], item["version"], item["code"], held_by=(item["unit"], item["officer"])
            )
        cursor = body["next"] or ""
        if not cursor:
            return


async def _notices(door: Door, issuer: Issuer, dossier_id: str, into: list[Notice]) -> None:
    body = await _body(door, f"/v1/notices?dossier_id={dossier_id}", issuer.token("operator", "reader"))
    into += [
        Notice(n["notice_id"], n["dossier_id"], n["about"], n["channel"], n["status"], bool(n["ambiguous"]))
        for n in body["items"]
    ]


async def counts(door: Door) -> dict[str, int]:
    """The nine fields of reporting's public answer, for all time."""
    body = await _body(door, "/v1/counts")
    return {name: int(body[name]) for name in COUNT_FIELDS}


async def _rows(door: Door, issuer: Issuer, dimension: str) -> Rows:
    """To the last dossier, as supervisors see them."""
    body = await _body(door, f"/v1/counts?by={dimension}", issuer.token("supervisor", "reader"))
    return {str(row["key"]): {name: int(row[name]) for name in COUNT_FIELDS} for row in body["rows"]}


async def violations(door: Door) -> float:
    """Reporting's own metric of broken identities; missing is as bad as broken."""
    found = VIOLATIONS.search((await door.ask("GET", "/metrics")).raw)
    return float(found.group(1)) if found else -1.0


async def steps_back(postgres: Postgres, readers: Iterable[str] = READERS) -> list[StepBack]:
    """What the triggers of database.watch_positions saw, in every reader's database."""
    found = []
    for name in readers:
        rows = await database.fetch(
            postgres, name, "SELECT reader, place, before, after FROM faults.steps_back"
        )
        found += [StepBack(*row) for row in rows]
    return found


async def leaks(
    home: Path, doors: Mapping[str, Door], outcome: Outcome, said: Mapping[str, str]
) -> list[str]:
    """Where personal data stands that must stand nowhere: in logs, metrics, events, and what is `said` on topics."""
    found: list[str] = []
    for log in sorted((home / "log").glob("*.log")):
        found += leaks_in(f"log {log.name}", log.read_text(encoding="utf-8", errors="replace"))
    for name, door in doors.items():
        found += leaks_in(f"metrics of {name}", (await ask(door, "/metrics")).raw.decode())
    for name, facts in outcome.stores.items():
        found += leaks_in(f"events of {name}", "\n".join(f"{fact.type} {fact.data}" for fact in facts))
    for where, text in said.items():
        found += leaks_in(where, text)
    return found


async def dropped(door: Door) -> float:
    """How many messages this process gave up because another member had them by then; -1 when it does not say."""
    try:
        found = DROPPED.search((await door.ask("GET", "/metrics")).raw)
    except Lost:
        return -1.0
    return float(found.group(1)) if found else 0.0
