"""What the public is not shown of a breakdown: no number from 1 to 4, and nothing that would tell one; at every door the same."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.catalogue import shipped as catalogue
from services.reporting.report.columns import Columns, OfficialReport
from services.reporting.report.form import NUMBERED, WITHHELD
from services.reporting.report.queries import hidden_of
from services.reporting.report.verify import verdict
from services.reporting.report.vintages import as_shown, hash_of
from services.reporting.report.withheld import SMALL, SUMS, circuits, hidden
from tests.reporting.conftest import Served
from tests.reporting.report.publishing import House, corrected, replay_of
from tests.reporting.report.test_form import as_rows
from tests.reporting.report.test_verify import COMPLETE
from tests.reporting.serving import SUPERVISOR

PRIME = 2**61 - 1
KEYS = {
    "procedure": sorted(catalogue.PROCEDURES)[:14],
    "field": ["Hoạt động xây dựng", "Nhà ở", "Quy hoạch", "Vật liệu xây dựng"],
    "office": ["H29.015.00", "H29.016.00", "H29.017.00"],
    "channel": ["in_person", "online", "postal"],
}
AMOUNTS = st.sampled_from((0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 8, 30, 400))


@st.composite
def rows(draw: st.DrawFn, key: str) -> Columns:
    """A row of which all identities hold."""
    online = key not in ("in_person", "postal")
    full, partial = (draw(AMOUNTS) if online else 0 for _ in range(2))
    otherwise = 0 if key == "online" else draw(AMOUNTS)
    new = full + partial + otherwise
    early, on_time, sorry, unsorry, overdue_sorry, overdue_unsorry, in_due = (draw(AMOUNTS) for _ in range(7))
    late, overdue = sorry + unsorry, overdue_sorry + overdue_unsorry
    resolved = early + on_time + late
    in_due += max(0, new - resolved - overdue - in_due)
    pending = in_due + overdue
    received = resolved + pending
    rejected, withdrawn_before, before, waiting = (draw(AMOUNTS) for _ in range(4))
    waiting += max(0, before - rejected - withdrawn_before - new - waiting)
    return Columns(
        submitted=waiting + rejected + withdrawn_before + new - before,
        waiting_before=before,
        waiting=waiting,
        not_accepted=rejected + withdrawn_before,
        rejected=rejected,
        withdrawn_before_acceptance=withdrawn_before,
        received=received,
        received_online=full + partial,
        received_otherwise=otherwise,
        carried_over=received - new,
        resolved=resolved,
        early=early,
        on_time=on_time,
        late=late,
        pending=pending,
        in_due=in_due,
        overdue=overdue,
        accepted_late=min(new, draw(AMOUNTS)),
        online_full=full,
        online_partial=partial,
        stopped=min(resolved, draw(AMOUNTS)),
        withdrawn=draw(st.sampled_from((0, 1, 7))),
        late_with_apology=sorry,
        late_without_apology=unsorry,
        overdue_with_apology=overdue_sorry,
        overdue_without_apology=overdue_unsorry,
    )


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, dict[str, Columns]]:
    by = draw(st.sampled_from(sorted(KEYS)))
    keys = draw(st.lists(st.sampled_from(KEYS[by]), unique=True, min_size=1))
    return by, {key: draw(rows(key)) for key in sorted(keys)}


def added(table: Iterable[Columns]) -> dict[str, int]:
    table = list(table)
    return {name: sum(getattr(row, name) for row in table) for name in asdict(Columns())}


def field_of(code: str) -> str:
    found = catalogue.find(code)
    return found.field if found else ""


def computed(unknown: set[Any], equations: Iterable[Mapping[Any, int]]) -> set[Any]:
    """The unknowns that linear equations determine: the rows of the reduced matrix with one entry. Exact, in a large prime field."""
    reduced: list[dict[Any, int]] = []
    for terms in equations:
        row = {cell: weight % PRIME for cell, weight in terms.items() if cell in unknown}
        for other in reduced:
            pivot = next(iter(other))
            if factor := row.get(pivot, 0):
                row = {
                    c: v for c in {*row, *other} if (v := (row.get(c, 0) - factor * other.get(c, 0)) % PRIME)
                }
        if not row:
            continue
        pivot = next(iter(row))
        inverse = pow(row[pivot], -1, PRIME)
        row = {pivot: 1} | {c: v * inverse % PRIME for c, v in row.items() if c != pivot}
        for n, other in enumerate(reduced):
            if factor := other.get(pivot, 0):
                first = next(iter(other))
                left = {
                    c: v for c in {*row, *other} if (v := (other.get(c, 0) - factor * row.get(c, 0)) % PRIME)
                }
                reduced[n] = {first: left.pop(first)} | left
        reduced.append(row)
    return {next(iter(row)) for row in reduced if len(row) == 1}


def equations_of(table: Mapping[str, Columns], level: str) -> list[dict[Any, int]]:
    """What everybody knows of a table: its rows add up to the total, and each row to its sums."""
    names = [*asdict(Columns()), "received_new"]
    found: list[dict[Any, int]] = [{(level, key, name): 1 for key in table} for name in names]
    found += [
        {(level, key, name): weight for name, weight in terms.items()} for key in table for terms in SUMS
    ]
    return found


@settings(max_examples=150, deadline=None)
@given(tables())
def test_no_withheld_number_can_be_computed(told: tuple[str, dict[str, Columns]]) -> None:
    by, table = told
    assert OfficialReport(Columns(**added(table.values())), table).broken() == []
    found = hidden(table, by)
    unknown = {(by, key, name) for key, names in found.items() for name in names}
    equations = equations_of(table, by)
    if by == "procedure":
        fields: dict[str, list[Columns]] = {}
        for code, row in table.items():
            fields.setdefault(field_of(code), []).append(row)
        sums = {field: Columns(**added(of)) for field, of in fields.items()}
        unknown |= {("field", key, name) for key, names in hidden(sums, "field").items() for name in names}
        equations += equations_of(sums, "field")
        for field in sums:
            codes = [code for code in table if field_of(code) == field]
            for name in [*asdict(Columns()), "received_new"]:
                equations.append({("field", field, name): -1} | {(by, code, name): 1 for code in codes})
    if by == "channel":  # everybody knows what each door leaves empty
        known = {("channel", key, "received_otherwise") for key in table if key == "online"}
        online = ("received_online", "online_full", "online_partial")
        known |= {("channel", key, name) for key in table if key != "online" for name in online}
        assert not known & unknown
    assert computed(unknown, equations) == set()
    doors = {"received_online", "received_otherwise", "online_full", "online_partial", "received_new"}
    for key, row in table.items():
        for name, value in asdict(row).items():
            if value in SMALL and name not in found.get(key, ()):
                assert len(table) == 1 or (by == "channel" and name in doors), (key, name, value)


def test_a_number_withheld_alone_would_be_computed() -> None:
    table = {
        "a": Columns(stopped=2, resolved=9, on_time=9, received=9, carried_over=9),
        "b": Columns(stopped=7),
    }
    equations = equations_of(table, "office")
    assert computed({("office", "a", "stopped")}, equations) == {("office", "a", "stopped")}
    assert computed({("office", k, "stopped") for k in table}, equations) == set()


def test_every_column_can_be_withheld() -> None:
    for name in (*asdict(Columns()), "received_new"):
        assert circuits(name)
        for change in circuits(name):
            for terms in SUMS:
                assert sum(weight * change.get(each, 0) for each, weight in terms.items()) == 0


async def test_many_small_numbers_hold_up_nobody_else() -> None:
    small = Columns(
        stopped=2, resolved=9, on_time=4, early=5, received=12, carried_over=12, pending=3, in_due=3
    )
    told = OfficialReport(Columns(), {f"H29.{number:03}.00": small for number in range(400)})
    finding, turns = asyncio.create_task(hidden_of(told, "office")), 0
    while not finding.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert len(await finding) == 400 and turns > 3


async def get(served: Served, path: str, headers: Any = None, **asked: str) -> httpx.Response:
    async with served.client() as client:
        answer = await client.get(path, params=asked, headers=headers or {})
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.parametrize("by", ["procedure", "channel", "office"])
async def test_every_public_door_withholds_the_same(served: Served, by: str) -> None:
    """And to supervisors each tells everything."""
    asked = {"by": by, "from": "2023-01-01", "to": "2023-09-30"}
    public, full = [
        [(await get(served, path, headers, **asked)).json() for path in ("/v1/counts", "/v1/report")]
        for headers in ({}, SUPERVISOR)
    ]
    names = [name for name in public[0]["rows"][0] if name in public[1]["rows"][0]]
    rows = [{row["key"]: row for row in answer["rows"]} for answer in public]
    for key, row in rows[1].items():
        assert {name: rows[0][key][name] for name in names} == {name: row[name] for name in names}
    assert [answer["withheld"] for answer in full] == [False, False]
    if by == "procedure":
        assert [answer["withheld"] for answer in public] == [True, True]
        shown = [value for row in rows[1].values() for name, value in row.items() if name != "key"]
        assert None in shown and not set(SMALL) & set(shown)
        page = (await get(served, "/live", **{k: v for k, v in asked.items() if k != "by"})).text
        table = page.split('id="procedures-title"')[1].split("</section>")[0]
        for key, row in rows[1].items():
            line = table.split(f"<small>{key}")[1].split("</tr>")[0]
            cells = re.findall(r'<td>(?:<data value="(\d+)">|(…))', line)
            told = [None if dots else int(value) for value, dots in cells]
            assert told == [row[name] for name in ("received", "resolved", "pending", "late")]
        assert public[0]["result_hash"] != full[0]["result_hash"]
    for one, other in zip(public, full, strict=True):
        for row, exact in zip(one["rows"], other["rows"], strict=True):
            assert all(value in (None, exact[name]) for name, value in row.items())


async def test_a_form_for_the_public_shows_what_the_report_shows(served: Served) -> None:
    asked = {"period": "2023-09"}
    rows = {row["key"]: row for row in (await get(served, "/v1/report", by="field", **asked)).json()["rows"]}
    assert any(row[name] is None for row in rows.values() for name in NUMBERED)
    for kind in ("csv", "xlsx"):
        table = as_rows(kind, (await get(served, f"/v1/report/form.{kind}", **asked)).content)
        for line in table:
            if len(line) > 12 and line[1] in rows:
                told = [
                    WITHHELD if rows[line[1]][name] is None else str(rows[line[1]][name]) for name in NUMBERED
                ]
                assert line[2:] == told
        assert [line for line in table if line and line[0].startswith(f"{WITHHELD} Số liệu nhỏ")]
        full = as_rows(kind, (await get(served, f"/v1/report/form.{kind}", SUPERVISOR, **asked)).content)
        assert not any(WITHHELD in cell for line in full for cell in line)


async def test_what_the_public_sees_of_a_report_is_proven(house: House) -> None:
    """The hash over all numbers would tell the small ones, so the public has one over what it is shown."""
    one, _, events = await corrected(house)
    whole = await house.publish(**{"from": "2023-01-01", "to": "2023-01-03", "by": "office"}, key="small")
    assert whole["withheld"] is False
    for number in (one["number"], whole["number"]):
        published = (await house.client.get(f"/v1/vintages/{number}")).json()
        assert verdict(published, replay_of(events), COMPLETE) == ""
        assert ("null" in str(published["result"]).replace("None", "null")) == published["withheld"]
    found = as_shown(
        '{"rows":{"a":{"received_online":0,"received_otherwise":3},"b":{"received_online":0,"received_otherwise":9}}}',
        "",
    )
    assert found[1] == hash_of(found[0].encode())


async def test_of_a_single_act_the_public_is_not_told_whose_it_is(house: House) -> None:
    await corrected(house)
    asked = {"to": "2023-02-28", "as_of": "2023-03-01T00:00:00Z"}
    for headers, seen in (({}, False), (SUPERVISOR, True)):
        compared = (await house.client.get("/v1/vintages/1/compare/2", headers=headers)).json()
        listed = (await house.client.get("/v1/corrections", params=asked, headers=headers)).json()
        for each in (*compared["entries"], *listed["corrections"]):
            assert (each["procedure"] is not None, each["office"] is not None) == (seen, seen)
        assert compared["entries"] and listed["corrections"]
