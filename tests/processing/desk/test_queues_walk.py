"""Whatever is done by whom, the queues of every desk show what the log says, and their counts are those of their pages."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.processing import sweeps
from services.processing.clock.working_days import local_day, shipped
from services.processing.clock.working_hours import intake_due_at
from services.processing.desk import queue_rows, queues
from services.processing.desk.carry_out import event_of
from services.processing.dossier import becomes_true
from services.processing.dossier.history import fold
from services.processing.dossier.state import (
    AwaitingPayment,
    AwaitingSupplement,
    Dossier,
    Ended,
    Held,
    Submitted,
)
from services.processing.dossier.supplement import provided
from tests.processing.conftest import MORNING, OFFICER, SUPERVISOR, House, Member
from tests.processing.desk.test_queues import BINH, OF_THE_OTHER, PAPERS, counted, of
from tests.processing.examples import OFFICE, OTHER_UNIT, UNIT

HEARD: list[tuple[str, dict[str, Any]]] = [
    ("WithdrawalRequested", {}),
    ("FeePaid", {"amount": 7, "currency": "VND"}),
    ("FeePaid", {"amount": 300_000, "currency": "VND"}),
    ("SupplementProvided", {"request": None}),
]
ACTS: list[tuple[str, dict[str, Any]]] = [
    ("accept", {}),
    ("accept", {}),
    ("accept", {}),
    ("reject", {"reason": "incomplete"}),
    ("forward", {"unit": OTHER_UNIT, "step": "tham_tra"}),
    ("forward", {"unit": UNIT, "step": "tham_tra"}),
    ("request-supplement", PAPERS),
    ("accept-supplement", {}),
    ("request-fee", {}),
    ("waive-fee", {"reason": "exempt_by_law"}),
    ("confirm-fee", {"payment": 2}),
    ("take", {}),
    ("hand-over", {"officer": "binh"}),
    ("apologise", {"reason": "workload", "appointment_on": "2023-06-01"}),
    ("withdraw", {}),
    ("refuse-withdrawal", {"reason": "already_signed"}),
    ("resolve", {"outcome": "granted", "late_reason": "workload"}),
    ("return", {"method": "postal"}),
    ("stop", {"reason": "not_competent"}),
    ("reverse", {"reason": "wrong_data", "document": "12/QĐ-SXD"}),
]
BY: list[Member] = [OFFICER, SUPERVISOR, BINH, OF_THE_OTHER, ("supervisor", "lan", OFFICE, OTHER_UNIT)]


async def live(house: House, dossiers: list[UUID], chance: random.Random, ids: range) -> int:
    """Random acts of everybody on all of them; how many were done."""
    done = 0
    for n in ids:
        dossier = chance.choice(dossiers)
        house.clock.forward(hours=chance.choice((0, 0, 1, 5)))
        if chance.random() < 0.2:
            kind, data = chance.choice(HEARD)
            version = len(await house.desk.store.load(dossier))
            if kind == "SupplementProvided" and chance.random() < 0.7:
                data = {"request": version}
            await house.heard(dossier, kind, sequence=n, **data)
            continue
        version = len(await house.desk.store.load(dossier))
        for name, body in chance.sample(ACTS, len(ACTS)):
            sequence = {"sequence": max(version, 1)} if name == "reverse" else {}
            answer = await house.act(dossier, name, body | sequence, by=chance.choice(BY), version=version)
            assert answer.status_code < 500, answer.text
            if answer.status_code == 200:
                done += 1
                break
    return done


async def by_the_log(
    house: House, dossiers: list[UUID], officers: tuple[str, ...]
) -> dict[tuple[str, str], set[str]]:
    """Which dossiers stand in each queue of each desk, told from the log and from what was heard alone."""
    now = house.clock.now.replace(second=0, microsecond=0)
    today = local_day(now)
    soon = shipped().working_after(today, 2)
    found: dict[tuple[str, str], set[str]] = {}

    def put(desk: str, queue: str, dossier: UUID) -> None:
        found.setdefault((desk, queue), set()).add(str(dossier))

    known = await queue_rows.find_for_command(house.pool, dossiers, "", today)
    for dossier, one in known.items():
        life = fold(one.filing, [event_of(s) for s in await house.desk.store.load(dossier)], one.heard)
        state, held = life.now, life.held
        at_desk = isinstance(state, Ended) or held is None
        desk = OFFICE if at_desk or held is None else held.unit
        if isinstance(state, Ended):
            if state.status == "resolved":
                put(OFFICE, "results", dossier)
            continue
        if life.withdrawal:
            put(desk, "withdrawals", dossier)
        elif isinstance(state, Submitted):
            late = intake_due_at(state.since_at, shipped()) < now
            put(desk, "waiting-late" if late else "waiting-in-time", dossier)
        elif not isinstance(state, Held):
            put(desk, "brought" if await something_came(house, dossier, life) else "applicant", dossier)
        if held is None:
            continue
        put(desk, "held", dossier)
        if held.officer in officers:
            put(desk, "mine", dossier)
        if life.due_on is not None:
            if life.due_on < today:
                put(desk, "overdue", dossier)
            elif life.due_on <= soon:
                put(desk, "due-soon", dossier)
            if held.apology is None and life.due_on <= becomes_true.latest("apology_due", now, shipped()):
                put(desk, "apology-due", dossier)
    return found


async def something_came(house: House, dossier: UUID, life: Dossier) -> bool:
    if isinstance(life.now, AwaitingSupplement):
        return bool(provided(life.now, life))
    assert isinstance(life.now, AwaitingPayment)
    return bool(
        await house.pool.fetchval(
            "SELECT count(*) FROM heard WHERE dossier_id = $1 AND outcome = 'waits'", dossier
        )
    )


@pytest.mark.parametrize("seed", range(2))
async def test_every_count_is_that_of_its_pages(fresh_house: House, seed: int) -> None:
    """Whatever was done by whom: each queue shows what the log says, each count is its length, and no counter is left over."""
    chance = random.Random(seed)
    dossiers = [
        (await fresh_house.submitted(at=MORNING - timedelta(hours=chance.randrange(90))))[0]
        for _ in range(25)
    ]
    for begins in (2, 52, 102):
        assert await live(fresh_house, dossiers, chance, range(begins, begins + 50)) > 25
        await sweeps.settle_payments(fresh_house.desk)
        expected = await by_the_log(fresh_house, dossiers, ("an",))
        for desk, by in ((UNIT, OFFICER), (OFFICE, OFFICER), (OTHER_UNIT, ("officer", "an", "", OTHER_UNIT))):
            counts = (await counted(fresh_house, by=by))[desk]
            for queue in queues.QUEUES:
                shown = await of(fresh_house, queue, by=by, limit=3, desk=desk)
                assert set(shown) == expected.get((desk, queue), set()), (desk, queue)
                assert counts[queue] == len(shown)
        fresh_house.clock.forward(days=4)
    await counters_are_right(fresh_house)


async def counters_are_right(house: House) -> None:
    """The counters are what counting all rows anew would give, none of them nothing."""
    anew = """
        SELECT p.place, p.lane, p.apologised, p.span, p.at, count(*) AS dossiers
        FROM dossiers d, places_of(d.own_status, d.unit, d.desk, d.officer, d.lane, d.lane_at, d.apologised, d.due_on) p
        GROUP BY p.place, p.lane, p.apologised, p.span, p.at
    """
    owner = await house.owner()
    try:
        assert set(await owner.fetch(anew)) == set(await owner.fetch("TABLE desk_counts"))
    finally:
        await owner.close()


async def test_counters_stand_when_everybody_writes_at_once(fresh_house: House) -> None:
    """Submissions, what applicants do and officers' acts, from many connections: nobody waits in a circle, nothing is lost."""
    dossiers = await fresh_house.submitted(24)

    async def told(n: int) -> None:
        await fresh_house.submitted(5)
        await fresh_house.heard(dossiers[n], "WithdrawalRequested", sequence=2 + n)

    async def handled(dossier: UUID) -> None:
        assert (await fresh_house.act(dossier, "accept")).status_code in (200, 409)
        await fresh_house.act(dossier, "take", version=1)

    await asyncio.gather(*(told(n) for n in range(24)), *(handled(dossier) for dossier in dossiers))
    await counters_are_right(fresh_house)


async def test_the_reader_waits_for_its_turn_before_it_holds_a_row(fresh_house: House) -> None:
    """An append is under way and has come as far as the head of the log; the reader marks the row that the append moves next."""
    (dossier,) = await fresh_house.submitted()
    append = await asyncpg.connect(fresh_house.database.admin_dsn)
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    try:
        async with append.transaction():
            await append.execute("SELECT FROM log_head FOR UPDATE")
            heard = asyncio.create_task(fresh_house.heard(dossier, "WithdrawalRequested"))
            for _ in range(1_000):
                if await append.fetchval(waiting):
                    break
                await asyncio.sleep(0.01)
            await append.execute("UPDATE dossiers SET officer = 'an' WHERE dossier_id = $1", dossier)
        await heard
    finally:
        await append.close()
    await counters_are_right(fresh_house)
