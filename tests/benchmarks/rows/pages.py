"""What pages cost beside the JSON of the same: a queue of a hundred thousand open dossiers, a dossier of fifty acts, and an upload.

CPU is that of the service and its database. Users wait and read: fifty of them ask for a page a second each.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import time
from pathlib import Path
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from services.chassis.http.pages import utc_now
from services.chassis.http.sessions import Identity, Sessions
from tests.benchmarks.filings import OFFICE, key
from tests.benchmarks.house import House
from tests.benchmarks.load import Answered, Failed, Job, request, send
from tests.benchmarks.measure import Spread, own_seconds, percentile
from tests.benchmarks.open_dossiers import PROCEDURES, UNIT, fill, next_day_to_declare
from tests.benchmarks.results import Row
from tests.benchmarks.sides import Services

USERS = 50
CPU_GOAL, BYTES_GOAL, P95_GOAL_MS = 2.5, 60_000, 100.0
UPLOAD_BYTES = 50 * 1_048_576
UPLOAD_GOAL = 1.5
STEPS = ("tham_tra", "thu_ly")


async def measure(house: House, rounds: int, quick: bool) -> list[Row]:
    return [*await _pages(house, rounds, quick), *await _upload(house, rounds)]


async def _pages(house: House, rounds: int, quick: bool) -> list[Row]:
    count, asked = (5_000, 100) if quick else (100_000, 400)
    services = Services(house, "ours", ("processing",), MOTCUA_SWEEP_SECONDS="3600")
    chance, rows = random.Random(7), []
    try:
        services.start()
        await services.ready()
        connection = await services.connect("processing")
        await fill(connection, PROCEDURES, count, next_day_to_declare(), chance)
        await connection.execute("VACUUM ANALYZE dossiers, events, desk_counts")
        cookie = await _logged_in(connection)
        dossier = await _with_fifty_acts(house, services, connection, chance)
        await connection.close()
        for what, json_path, path in (
            (
                f"a queue page at {count:,} open dossiers",
                f"/v1/queues/held?desk={UNIT}&limit=50",
                f"/queues/held?desk={UNIT}",
            ),
            ("a dossier page with 50 acts", f"/v1/dossiers/{dossier}", f"/dossiers/{dossier}"),
        ):
            rows += await _page(house, services, rounds, asked, what, json_path, path, cookie)
    finally:
        services.stop()
    return rows


async def _page(
    house: House,
    services: Services,
    rounds: int,
    asked: int,
    what: str,
    json_path: str,
    path: str,
    cookie: str,
) -> list[Row]:
    token = house.issuer.token("officer", office=OFFICE, unit=UNIT)
    answered = [request("GET", json_path, token=token)] * asked
    shown = [request("GET", path, headers={"cookie": cookie, "accept": "text/html"})] * asked
    port, cost, waits, size = services.ports["processing"], {"json": [], "page": []}, [], 0
    for _ in range(rounds):
        for name, requests in (("json", answered), ("page", shown)):
            before = services.seconds()
            answers = _fine(await send(Job(port, requests, USERS)))
            cost[name].append(1e6 * (services.seconds() - before) / asked)
        size = max(len(answer.body) for answer in answers)
        moments = [n / USERS for n in range(asked)]
        paced = _fine(await send(Job(port, shown, USERS, moments)))
        waits.append(1e3 * percentile([answer.seconds for answer in paced], 0.95))
    return [
        Row("pages", f"{what}: CPU beside the JSON of it", "µs", Spread(cost["page"]), Spread(cost["json"]), CPU_GOAL),
        Row("pages", f"{what}: p95 of {USERS} users", "ms", Spread(waits), None, P95_GOAL_MS),
        Row("pages", f"{what}: its bytes", "bytes", Spread([float(size)]), None, BYTES_GOAL),
    ]  # fmt: skip


def _fine(answers: list[Answered]) -> list[Answered]:
    others = [answer for answer in answers if answer.status != 200]
    if others:
        raise Failed(f"{len(others)} were refused: {others[0].status} {others[0].body[:300]!r}")
    return answers


async def _logged_in(connection: asyncpg.Connection) -> str:
    """The cookie of an officer's session."""
    who = Identity("bench", "officer", UNIT, OFFICE, "Bench", {}, "", "", "")
    return f"motcua-processing={await Sessions(connection, utc_now).open(who)}"  # type: ignore[arg-type]


async def _with_fifty_acts(
    house: House, services: Services, connection: asyncpg.Connection, chance: random.Random
) -> UUID:
    """A dossier that went from step to step and back until its log has fifty events."""
    dossier = UUID(int=uuid7().int)
    await connection.execute(
        "INSERT INTO dossiers (dossier_id, procedure, office, channel, submitted_at, intake_due_at) "
        "VALUES ($1, '1.009982', $2, 'online', now(), now() + interval '1 day')",
        dossier,
        OFFICE,
    )
    token = house.issuer.token("officer", office=OFFICE, unit=UNIT)
    acts = [("accept", b"{}")]
    for n in range(49):
        name, more = ("send-back", b', "reason": "incomplete_file"') if n % 2 else ("forward", b"")
        acts.append((name, b'{"unit": "%s", "step": "%s"%s}' % (UNIT.encode(), STEPS[n % 2].encode(), more)))
    for version, (name, body) in enumerate(acts):
        headers = {"idempotency-key": key(chance), "if-match": f'"{version}"'}
        path = f"/v1/dossiers/{dossier}/{name}"
        asked = request("POST", path, token=token, body=body, headers=headers)
        _fine(await send(Job(services.ports["processing"], [asked], 1)))
    return dossier


async def _upload(house: House, rounds: int) -> list[Row]:
    """A file of 50 MB through intake's door, beside its copy and its SHA-256."""
    content = b"%PDF-1.7\n" + random.Random(7).randbytes(UPLOAD_BYTES - 15) + b"\n%%EOF"
    folder = Path(house.home, "files")
    services = Services(house, "ours", ("intake",), MOTCUA_FILES_URL=f"file://{folder}")
    cost: dict[str, list[float]] = {"upload": [], "copied": []}
    grown: list[float] = []
    source, copy = Path(house.home, "source"), Path(house.home, "copy")
    _write(source, content)
    try:
        services.start()
        await services.ready()
        pid = services.processes["intake"].pid
        token = house.issuer.token("portal", "portal-1")
        for n in range(rounds + 1):
            headers = {"idempotency-key": f"upload-{n}", "content-type": "application/octet-stream"}
            headers["content-length"] = str(len(content))
            asked = request("POST", "/v1/files?name=a.pdf", token=token, headers=headers) + content
            _reset_peak(pid)
            before, memory = own_seconds(pid), _peak_kilobytes(pid)
            answers = await send(Job(services.ports["intake"], [asked], 1))
            if answers[0].status != 201:
                raise Failed(f"refused: {answers[0].status} {answers[0].body[:300]!r}")
            spent, more = own_seconds(pid) - before, _peak_kilobytes(pid) - memory
            copied = _copy(source, copy)
            if n:  # the first one imports what uploads need
                cost["upload"].append(spent)
                cost["copied"].append(copied)
                grown.append(float(more))
    finally:
        services.stop()
    upload, copied, more = Spread(cost["upload"]), Spread(cost["copied"]), Spread(grown)
    what = "an upload of 50 MB: CPU of intake, beside a copy and a SHA-256"
    return [
        Row("pages", what, "s", upload, copied, UPLOAD_GOAL),
        Row("pages", "the same: memory that intake grows by", "kB", more),
    ]


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _copy(source: Path, copy: Path) -> float:
    began = time.process_time()
    shutil.copyfile(source, copy)
    hashlib.sha256(copy.read_bytes()).hexdigest()
    return time.process_time() - began


def _reset_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _peak_kilobytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0
