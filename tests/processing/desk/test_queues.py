"""The queues of a desk: what stands in each, in which order, how many, and what a page costs."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.processing import incoming, sweeps
from services.processing.clock.working_days import ZONE
from services.processing.desk import queues
from services.processing.desk.queues import Place
from tests.chassis.queries import ask_all
from tests.processing.conftest import DESK, MORNING, OFFICER, STRANGER, SUPERVISOR, House, Member
from tests.processing.examples import OFFICE, OTHER_UNIT, UNIT

BINH: Member = ("officer", "binh", "", UNIT)
OF_THE_OTHER: Member = ("officer", "giang", "", OTHER_UNIT)
PAPERS = {"papers": [{"paper": 1, "fault": "missing"}]}


async def of(house: House, queue: str, *, by: Member = OFFICER, limit: int = 200, **more: str) -> list[str]:
    """Every dossier of a queue, page by page; the count of each page is that of the whole."""
    found: list[str] = []
    counts: set[int] = set()
    after = ""
    while True:
        asked = "&".join(f"{name}={value}" for name, value in {"limit": limit, **more}.items())
        answer = await house.get(f"/v1/queues/{queue}?{asked}&cursor={after}", by=by)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [item["dossier_id"] for item in page["items"]]
        counts.add(page["count"])
        if page["next"] is None:
            assert counts == {len(found)}
            return found
        assert len(page["items"]) == limit
        after = page["next"]


async def counted(house: House, *, by: Member = OFFICER) -> dict[str, dict[str, int]]:
    answer = await house.get("/v1/queues", by=by)
    assert answer.status_code == 200, answer.text
    return {each["desk"]: each["queues"] for each in answer.json()["desks"]}


async def test_what_waits_for_acceptance_is_late_after_its_minute(fresh_house: House) -> None:
    """Submitted on Monday at 9: eight working hours end on Tuesday at 9."""
    late, later, in_time = [
        (await fresh_house.submitted(at=MORNING + timedelta(minutes=m)))[0] for m in (-1450, -1441, -1439)
    ]
    fresh_house.clock.now = MORNING + timedelta(seconds=59)
    assert await of(fresh_house, "waiting-late", by=DESK, limit=1) == [str(late), str(later)]
    assert await of(fresh_house, "waiting-in-time", by=DESK) == [str(in_time)]
    fresh_house.clock.forward(minutes=2)
    assert await of(fresh_house, "waiting-late", by=DESK, limit=2) == [str(late), str(later), str(in_time)]
    assert (await counted(fresh_house, by=DESK))[OFFICE]["waiting-in-time"] == 0


@pytest.mark.parametrize("table", ["dossiers", "desk_counts"])
async def test_a_page_and_its_count_are_of_one_snapshot(fresh_house: House, table: str) -> None:
    """A dossier arrives between the two reads, whichever comes first: who reads this table waits, and it comes meanwhile."""
    await fresh_house.submitted()
    writer = await asyncpg.connect(fresh_house.database.admin_dsn)
    waiting = "SELECT count(*) FROM pg_locks WHERE relation = $1::regclass AND NOT granted"
    try:
        async with writer.transaction():
            await writer.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            page = asyncio.create_task(fresh_house.get("/v1/queues/waiting-in-time", by=DESK))
            for _ in range(1_000):
                if waits := await writer.fetchval(waiting, table):
                    break
                await asyncio.sleep(0.01)
            assert waits
            row = (uuid4(), "1.009982", OFFICE, "online", MORNING, MORNING + timedelta(days=1), None, None)
            await writer.execute(incoming.QUEUE_UP, *([column] for column in row))
        shown = (await page).json()
    finally:
        await writer.close()
    assert shown["count"] == len(shown["items"])
    assert len(await of(fresh_house, "waiting-in-time", by=DESK)) == 2


async def test_the_longest_overdue_stands_first_and_a_paused_clock_last(fresh_house: House) -> None:
    first, second, third, paused = await fresh_house.submitted(4)
    for dossier in (third, paused, second, first):
        await fresh_house.act(dossier, "accept")
        fresh_house.clock.forward(days=1)
    assert (await fresh_house.act(paused, "request-supplement", PAPERS, version=1)).status_code == 200
    assert await of(fresh_house, "held", limit=2) == [str(i) for i in (third, second, first, paused)]
    assert await of(fresh_house, "applicant") == [str(paused)]
    fresh_house.clock.now = datetime(2023, 3, 27, 9, tzinfo=ZONE)
    assert (await of(fresh_house, "overdue"), await of(fresh_house, "due-soon", soon_days="0")) == (
        [],
        [str(third)],
    )
    fresh_house.clock.forward(days=1)
    assert await of(fresh_house, "overdue") == [str(third)]
    fresh_house.clock.forward(days=30)
    assert await of(fresh_house, "overdue") == [str(i) for i in (third, second, first)]


async def test_due_soon_counts_working_days(fresh_house: House) -> None:
    """Due on Monday, 27 March: on the Thursday before it is two working days ahead, on the Wednesday three."""
    (dossier,) = await fresh_house.submitted()
    await fresh_house.act(dossier, "accept")
    fresh_house.clock.now = datetime(2023, 3, 22, 16, tzinfo=ZONE)
    assert await of(fresh_house, "due-soon") == []
    assert await of(fresh_house, "due-soon", soon_days="3") == [str(dossier)]
    fresh_house.clock.forward(days=1)
    assert await of(fresh_house, "due-soon") == [str(dossier)]


async def test_an_apology_is_due_from_the_opening_of_the_last_working_day_before(fresh_house: House) -> None:
    (dossier,) = await fresh_house.submitted()
    await fresh_house.act(dossier, "accept")
    fresh_house.clock.now = datetime(2023, 3, 24, 7, 29, tzinfo=ZONE)
    assert await of(fresh_house, "apology-due") == []
    fresh_house.clock.forward(minutes=1)
    assert await of(fresh_house, "apology-due") == [str(dossier)]
    apology = {"reason": "workload", "appointment_on": "2023-04-03"}
    assert (await fresh_house.act(dossier, "apologise", apology, version=1)).status_code == 200
    assert await of(fresh_house, "apology-due") == []


async def test_what_the_applicant_brought_waits_for_the_officer(fresh_house: House) -> None:
    """Asked again, it waits for the applicant again, though something came before."""
    (dossier,) = await fresh_house.submitted()
    await fresh_house.act(dossier, "request-supplement", PAPERS)
    assert await of(fresh_house, "applicant", by=DESK) == [str(dossier)]
    await fresh_house.heard(dossier, "SupplementProvided", request=1)
    assert (await of(fresh_house, "applicant", by=DESK), await of(fresh_house, "brought", by=DESK)) == (
        [],
        [str(dossier)],
    )
    fresh_house.clock.forward(days=1)
    assert (await fresh_house.act(dossier, "request-supplement", PAPERS, version=1)).status_code == 200
    assert (await of(fresh_house, "applicant", by=DESK), await of(fresh_house, "brought", by=DESK)) == (
        [str(dossier)],
        [],
    )


async def test_a_payment_of_a_wrong_amount_stands_among_what_was_brought(fresh_house: House) -> None:
    (dossier,) = await fresh_house.submitted()
    await fresh_house.act(dossier, "accept")
    await fresh_house.act(dossier, "request-fee", version=1)
    await fresh_house.heard(dossier, "FeePaid", amount=1, currency="VND")
    assert await of(fresh_house, "applicant") == [str(dossier)]
    await sweeps.sweep(fresh_house.desk)
    assert (await of(fresh_house, "applicant"), await of(fresh_house, "brought")) == ([], [str(dossier)])


async def test_a_withdrawal_and_a_result_stand_where_they_are_answered(fresh_house: House) -> None:
    early, held, done = await fresh_house.submitted(3)
    for dossier in (held, done):
        await fresh_house.act(dossier, "accept")
        await fresh_house.act(dossier, "forward", {"unit": OTHER_UNIT, "step": "tham_tra"}, version=1)
    for dossier in (early, held):
        await fresh_house.heard(dossier, "WithdrawalRequested")
    await fresh_house.act(done, "resolve", {"outcome": "granted"}, by=OF_THE_OTHER, version=2)
    assert await of(fresh_house, "withdrawals", by=DESK) == [str(early)]
    assert await of(fresh_house, "withdrawals", by=OF_THE_OTHER) == [str(held)]
    assert await of(fresh_house, "results", by=DESK) == [str(done)]
    assert await of(fresh_house, "held", by=OF_THE_OTHER) == [str(held)]


async def test_mine_are_those_that_i_took_and_those_for_whom_i_stand(fresh_house: House) -> None:
    mine, theirs = await fresh_house.submitted(2)
    for dossier, by in ((mine, OFFICER), (theirs, BINH)):
        await fresh_house.act(dossier, "accept")
        assert (await fresh_house.act(dossier, "take", by=by, version=1)).status_code == 200
    assert await of(fresh_house, "mine") == [str(mine)]
    absence = {"officer": "binh", "substitute": "an", "first_on": "2023-03-07", "last_on": "2023-03-08"}
    said = await fresh_house.client.post(
        "/v1/absences",
        json=absence,
        headers=fresh_house.headers(SUPERVISOR) | {"idempotency-key": "absent-1"},
    )
    assert said.status_code == 200, said.text
    assert set(await of(fresh_house, "mine", limit=1)) == {str(mine), str(theirs)}
    fresh_house.clock.forward(days=2)
    assert await of(fresh_house, "mine") == [str(mine)]


async def test_nobody_sees_the_queue_of_another_desk(house: House) -> None:
    for by, desk in ((STRANGER, UNIT), (OFFICER, OTHER_UNIT), (DESK, UNIT)):
        refused = await house.get(f"/v1/queues/held?desk={desk}", by=by)
        assert (refused.status_code, refused.json()["code"]) == (403, "not-your-desk")
    assert set(await counted(house, by=OFFICER)) == {UNIT, OFFICE}
    refused = await house.get("/v1/queues/held?cursor=what")
    assert (refused.status_code, refused.json()["field"]) == (422, "cursor")


@given(st.datetimes(), st.uuids())
def test_a_place_is_read_back(at: datetime, dossier_id: UUID) -> None:
    assert queues.read_cursor(queues.cursor(Place(at, dossier_id))) == Place(at, dossier_id)


@given(st.text(max_size=60))
def test_any_other_text_is_no_place(text: str) -> None:
    try:
        queues.read_cursor(text)
    except ValueError as error:
        assert str(error) == "no cursor"


@given(
    st.datetimes(),
    st.datetimes(),
    st.booleans(),
)
def test_every_instant_of_a_cut_is_in_one_span(edge: datetime, at: datetime, by_minute: bool) -> None:
    """As the database truncates: what sorts before an edge, and what does not."""
    edge = edge.replace(year=2023, day=min(edge.day, 28), second=0, microsecond=0)
    at = at.replace(year=2022 + at.year % 3, day=min(at.day, 28))
    midnight = dict.fromkeys(("hour", "minute", "second", "microsecond"), 0)
    if not by_minute:
        edge, at = edge.replace(**midnight), at.replace(**midnight)  # type: ignore[arg-type]
    counters = {"month": at.replace(day=1, **midnight), "day": at.replace(**midnight)}  # type: ignore[arg-type]
    if by_minute:
        counters["minute"] = at.replace(second=0, microsecond=0)
    before = edge - queues.INSTANT if by_minute else edge - timedelta(days=1)
    for since, until in ((queues.BEGINNING, before), (edge, queues.END)):
        spans = list(queues.spans_of(since, until, by_minute=by_minute))
        held = [span for span, first, last in spans if first <= counters[span] <= last]
        assert len(held) == (since <= at <= until)


async def test_every_member_of_every_query_is_taken_empty_and_refused_wrong(fresh_house: House) -> None:
    headers = {
        "authorization": f"Bearer {fresh_house.issuer.token('supervisor', subject='s', office=OFFICE, unit=UNIT)}"
    }
    assert await ask_all(fresh_house.client, fresh_house.application.openapi(), headers) == 42
