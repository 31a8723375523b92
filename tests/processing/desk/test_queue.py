"""The queue: who sees what, pages, and that a long queue costs no more than a short one."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.http.tokens import Caller
from services.processing.desk import queue_rows, rights
from services.processing.dossier.act import Command
from services.processing.dossier.history import fold
from services.processing.dossier.state import Dossier
from tests.processing import examples
from tests.processing.conftest import (
    DESK,
    HANDLER,
    IMPORTER,
    MORNING,
    OFFICER,
    OPERATOR,
    OTHER_OFFICE,
    PORTAL,
    STRANGER,
    SUPERVISOR,
    House,
    Member,
)
from tests.processing.examples import (
    ACCEPTED,
    APOLOGISE,
    CORRECT,
    FILING,
    FORWARD,
    OFFICE,
    OTHER_UNIT,
    REJECT,
    RESOLVE,
    RESOLVED,
    RETURN,
    STOP,
    STOPPED,
    UNIT,
)


async def ids(house: House, query: str = "", by: Member = OFFICER) -> list[UUID]:
    """All dossiers of a queue, page by page."""
    found: list[UUID] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await house.get(f"/v1/dossiers?limit=7&cursor={cursor}&{query}", by=by)).json()
        assert len(page["items"]) <= 7
        found += [UUID(item["dossier_id"]) for item in page["items"]]
        cursor = page["next"]
    return found


async def test_pages_show_every_dossier_once_in_order_of_submission(fresh_house: House) -> None:
    later = await fresh_house.submitted(10, at=MORNING - timedelta(hours=1))
    first = await fresh_house.submitted(10, at=MORNING - timedelta(days=3))
    await fresh_house.act(first[3], "accept")
    await fresh_house.act(first[4], "reject", {"reason": "incomplete"})
    assert await ids(fresh_house) == [*first, *later]
    assert await ids(fresh_house, "status=accepted") == [first[3]]
    assert await ids(fresh_house, "status=accepted&status=rejected") == first[3:5]
    assert await ids(fresh_house, "status=submitted") == [d for d in [*first, *later] if d not in first[3:5]]


async def test_the_list_shows_what_the_item_door_opens(fresh_house: House) -> None:
    """Every member of the house, every filter: the list is what the item door opens, no more and no less."""
    home = await fresh_house.submitted(4)
    away = await fresh_house.submitted(2, office=OTHER_OFFICE)
    await fresh_house.act(home[0], "accept")
    await fresh_house.act(home[1], "accept", {"unit": OTHER_UNIT})
    await fresh_house.act(away[0], "accept", {"unit": OTHER_UNIT}, by=STRANGER)
    everyone: list[Member] = [
        DESK,
        OFFICER,
        HANDLER,
        STRANGER,
        SUPERVISOR,
        ("officer", "of-a-unit", "", UNIT),
        ("officer", "nowhere", "", ""),
    ]
    known = await queue_rows.find_for_command(fresh_house.pool, [*home, *away], "", MORNING.date())
    rows = {dossier_id: each.row for dossier_id, each in known.items()}
    offices, units = [None, OFFICE, OTHER_OFFICE], [None, UNIT, OTHER_UNIT, OFFICE]
    for member in everyone:
        opened = {
            d for d in rows if (await fresh_house.get(f"/v1/dossiers/{d}", by=member)).status_code == 200
        }
        for office, unit in product(offices, units):
            query = "&".join(f"{n}={v}" for n, v in (("office", office), ("unit", unit)) if v)
            wanted = {d for d in opened if rows[d].office == (office or rows[d].office)}
            wanted = {d for d in wanted if unit is None or rows[d].unit == unit}
            assert set(await ids(fresh_house, query, by=member)) == wanted, (member, office, unit)
    assert await ids(fresh_house, by=("officer", "nowhere", "", "")) == []


@given(
    own_office=st.sampled_from(["", OFFICE, OTHER_OFFICE]),
    own_unit=st.sampled_from(["", UNIT, OTHER_UNIT]),
    office=st.none() | st.sampled_from([OFFICE, OTHER_OFFICE]),
    unit=st.none() | st.sampled_from([UNIT, OTHER_UNIT, OFFICE]),
    row_office=st.sampled_from([OFFICE, OTHER_OFFICE]),
    row_unit=st.none() | st.sampled_from([UNIT, OTHER_UNIT, OFFICE, OTHER_OFFICE]),
)
def test_stretches_and_the_right_to_see_agree(
    own_office: str,
    own_unit: str,
    office: str | None,
    unit: str | None,
    row_office: str,
    row_unit: str | None,
) -> None:
    caller = Caller("x", "officer", own_unit, own_office)
    shown = queue_rows.stretches(own_office, rights.units_of(caller), office, unit)
    listed = shown.office == row_office or (
        row_unit in shown.units and shown.unit_office in (None, row_office)
    )
    asked_for = office in (None, row_office) and unit in (None, row_unit)
    assert listed == (asked_for and rights.may_see(caller, row_office, row_unit))


DOSSIERS: dict[str, Dossier] = {
    "submitted": fold(FILING, []),
    "accepted": fold(FILING, [ACCEPTED]),
    "resolved": fold(FILING, [ACCEPTED, RESOLVED]),
    "stopped": fold(FILING, [ACCEPTED, STOPPED]),
}


@pytest.mark.parametrize(
    ("member", "desk", "holder"),
    [
        (DESK, True, False),
        (OFFICER, True, True),
        (SUPERVISOR, True, True),
        (HANDLER, False, False),
        (STRANGER, False, False),
        (("officer", "of-the-unit", "", UNIT), False, True),
        (("officer", "nowhere", "", ""), False, False),
        (IMPORTER, True, True),
    ],
)
def test_rights_of_every_role_on_every_act(member: Member, desk: bool, holder: bool) -> None:
    role, subject, office, unit = member
    caller = Caller(subject, role, unit, office)
    cases: list[tuple[Command, str, bool]] = [
        (examples.ACCEPT, "submitted", desk),
        (REJECT, "submitted", desk),
        (FORWARD, "accepted", holder),
        (RESOLVE, "accepted", holder),
        (RETURN, "resolved", desk),
        (STOP, "accepted", holder),
        (APOLOGISE, "accepted", holder),
        (CORRECT, "stopped", holder),
    ]
    for command, state, allowed in cases:
        assert (rights.refusal(caller, command, DOSSIERS[state]) is None) == allowed, command


def test_a_desk_that_holds_a_dossier_itself_acts_on_it() -> None:
    held = fold(FILING, [replace(ACCEPTED, unit=OFFICE)])
    assert rights.refusal(Caller("x", "officer", "", OFFICE), RESOLVE, held) is None
    assert rights.refusal(Caller("x", "officer", UNIT, ""), RESOLVE, held) is not None


@pytest.mark.parametrize("member", [PORTAL, IMPORTER, OPERATOR])
async def test_other_roles_see_no_queue_and_give_no_commands(house: House, member: Member) -> None:
    (dossier,) = await house.submitted()
    assert (await house.get("/v1/dossiers", by=member)).status_code == 403
    assert (await house.get(f"/v1/dossiers/{dossier}", by=member)).status_code == 403
    bodies: dict[str, Any] = {
        "accept": {},
        "reject": {"reason": "incomplete"},
        "forward": {"unit": UNIT, "step": "thu_ly"},
        "resolve": {"outcome": "granted"},
        "return": {"method": "postal"},
        "stop": {"reason": "not_competent"},
        "apologise": {"reason": "workload", "appointment_on": "2023-04-03"},
        "correct": {"reason": "wrong_data", "document": "1/QĐ-SXD"},
    }
    for command, body in bodies.items():
        refused = await house.act(dossier, command, body, by=member)
        assert (refused.status_code, refused.json()["code"]) == (403, "role-not-allowed")


async def test_without_a_token_nothing_is_shown(house: House) -> None:
    assert (await house.client.get("/v1/dossiers")).status_code == 401
    assert (await house.client.post("/v1/bulk", json={"items": []})).status_code == 401


async def test_an_officer_of_another_office_is_refused_on_the_item(house: House) -> None:
    (dossier,) = await house.submitted()
    shown = await house.get(f"/v1/dossiers/{dossier}", by=STRANGER)
    assert (shown.status_code, shown.json()["code"]) == (404, "dossier-unknown")
    refused = await house.act(dossier, "accept", by=STRANGER)
    assert (refused.status_code, refused.json()["code"]) == (404, "dossier-unknown")
    await house.act(dossier, "accept")
    refused = await house.act(dossier, "resolve", {"outcome": "granted"}, version=1, by=DESK)
    assert (refused.status_code, refused.json()["code"]) == (403, "not-the-holder")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=lost", "status.0"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("office=x", "office"),
        ("unit=a%20b", "unit"),
        ("cursor=%00", "cursor"),
        ("cursor=abc", "cursor"),
        ("cursor=MjAyMw", "cursor"),
    ],
)
async def test_a_bad_query_is_told(house: House, query: str, field: str) -> None:
    refused = await house.get(f"/v1/dossiers?{query}")
    assert (refused.status_code, refused.json()["field"]) == (422, field)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+07:00", "9999-12-31T23:00:00-07:00"])
def test_a_place_outside_the_calendar_is_no_cursor(at: str) -> None:
    text = base64.urlsafe_b64encode(f"{at}/{UUID(int=1)}".encode()).decode().rstrip("=")
    with pytest.raises(ValueError, match="no cursor"):
        queue_rows.read_cursor(text)


# In UTC, as the database gives every row.
@given(st.datetimes(timezones=st.just(UTC)), st.uuids())
def test_a_cursor_is_read_back(at: Any, dossier_id: UUID) -> None:
    row = queue_rows.DossierRow(dossier_id, "", "", "", at, "", *[None] * 4, None, 0, None, None, None, None)
    assert queue_rows.read_cursor(queue_rows.cursor(row)) == queue_rows.After(at, dossier_id)


@given(st.text(max_size=60))
def test_any_other_text_is_no_cursor_or_a_place(text: str) -> None:
    try:
        queue_rows.read_cursor(text)
    except ValueError as error:
        assert str(error) == "no cursor"


FILL = """
INSERT INTO dossiers (dossier_id, procedure, office, channel, submitted_at, own_status, unit, accepted_at, number)
SELECT gen_random_uuid(), '1.009982', $3, 'online', timestamptz '2020-01-01' + n * interval '1 minute',
    CASE n % 4 WHEN 0 THEN 'submitted' ELSE 'resolved' END,
    CASE n % 4 WHEN 0 THEN NULL ELSE $4 END, CASE n % 4 WHEN 0 THEN NULL ELSE now() END,
    CASE n % 4 WHEN 0 THEN NULL ELSE n END
FROM generate_series($1::int, $2::int) n
"""


async def buffers(connection: Any, statuses: list[str]) -> int:
    """Database pages that one page of the queue touches."""
    shown = queue_rows.stretches(OFFICE, [UNIT, OFFICE], None, None)
    arguments = (statuses, *shown, *queue_rows.BEGINNING, 51)
    explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {queue_rows.PAGE}"
    (plan,) = json.loads(await connection.fetchval(explain, *arguments))
    return int(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])


async def test_a_page_reads_no_more_of_a_long_queue(fresh_house: House) -> None:
    connection = await asyncpg.connect(fresh_house.database.admin_dsn)
    try:
        measured = []
        for first, last in ((1, 2_000), (2_001, 60_000)):
            await connection.execute(FILL, first, last, OFFICE, UNIT)
            await connection.execute("ANALYZE dossiers")
            measured.append(
                (await buffers(connection, ["submitted"]), await buffers(connection, [*queue_rows.STATUSES]))
            )
        (short_one, short_all), (long_one, long_all) = measured
        assert long_one <= short_one + 10
        assert long_all <= short_all + 40
    finally:
        await connection.close()
