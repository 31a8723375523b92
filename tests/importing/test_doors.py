"""The doors' client and the answers that real services seldom give: away, busy, not yet known, refused."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from deploy.importing import doors as doors_module
from deploy.importing.case import Act, Case
from deploy.importing.doors import DoorFault, Doors, Progress, take_in

BEGAN = datetime(2023, 3, 2, 8, tzinfo=UTC)
DOCUMENT = {"reason": "wrong_data", "document": "12/QĐ-SXD"}
Answer = Callable[[str, list[dict[str, Any]]], httpx.Response]


def case(name: str, *, acts: bool = True) -> Case:
    accept = Act("accept", BEGAN + timedelta(hours=1), unit="H29.015.00/QLXD")
    return Case(name, "1.009982", "H29.015.00", "online", BEGAN, (accept,) if acts else ())


def recorded(items: list[dict[str, Any]], **answer: Any) -> httpx.Response:
    said = {"outcome": "recorded", "dossier_id": "0189-0"} | answer
    return httpx.Response(200, json={"answers": [{"case": item["case"], **said} for item in items]})


def taken(answer: Answer, *cases: Case, correction: dict[str, str] | None = None) -> Progress:
    """What comes of the cases when the doors answer so; the door's name is `intake` or `processing`."""

    def respond(request: httpx.Request) -> httpx.Response:
        return answer(request.url.host, orjson.loads(request.content)["items"])

    transport = httpx.MockTransport(respond)
    doors = Doors("http://intake", "http://processing", lambda: "a-token", transport, correction)
    return asyncio.run(take_in(doors, "a-source", cases))


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors_module, "RETRY_FIRST_SECONDS", 0.001)
    monkeypatch.setattr(doors_module, "PATIENCE_SECONDS", 0.2)


def test_every_case_goes_through_both_doors_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors_module, "BATCH_CASES", 10)
    sizes: Counter[tuple[str, int]] = Counter()

    def answer(door: str, items: list[dict[str, Any]]) -> httpx.Response:
        sizes[door, len(items)] += 1
        return recorded(items)

    progress = taken(answer, *(case(f"c{n}") for n in range(25)))
    assert (progress.submitted, progress.processed, progress.repeated) == (25, 25, 0)
    assert sizes == {("intake", 10): 2, ("intake", 5): 1, ("processing", 10): 2, ("processing", 5): 1}


def test_a_case_without_acts_is_left_waiting() -> None:
    asked = []

    def answer(door: str, items: list[dict[str, Any]]) -> httpx.Response:
        asked.append(door)
        return recorded(items)

    assert taken(answer, case("c1", acts=False)).processed == 1
    assert asked == ["intake"]


def test_what_is_not_yet_known_alone_is_asked_again() -> None:
    asked: Counter[str] = Counter()

    def answer(door: str, items: list[dict[str, Any]]) -> httpx.Response:
        if door == "intake":
            return recorded(items)
        answers = []
        for item in items:
            asked[item["case"]] += 1
            late = item["case"] == "c2" and asked["c2"] < 4
            answers.append(
                {"outcome": "refused", "code": "not-yet-known"} if late else {"outcome": "recorded"}
            )
        return httpx.Response(200, json={"answers": answers})

    progress = taken(answer, case("c1"), case("c2"))
    assert progress.processed == 2 and not progress.refusals
    assert asked == {"c1": 1, "c2": 4}


def test_what_never_becomes_known_is_told() -> None:
    def answer(door: str, items: list[dict[str, Any]]) -> httpx.Response:
        return (
            recorded(items) if door == "intake" else recorded(items, outcome="refused", code="not-yet-known")
        )

    with pytest.raises(DoorFault, match="processing has not heard of 1 submitted dossiers"):
        taken(answer, case("c1"))


def test_a_refused_case_is_listed_and_its_neighbours_go_on() -> None:
    def answer(door: str, items: list[dict[str, Any]]) -> httpx.Response:
        answers: list[dict[str, Any]] = [{"outcome": "recorded", "dossier_id": "0189-0"} for _ in items]
        if door == "intake":
            answers[0] = {
                "outcome": "refused",
                "code": "unknown-procedure",
                "field": "procedure",
                "detail": "no such",
            }
        return httpx.Response(200, json={"answers": answers})

    progress = taken(answer, case("c1"), case("c2"))
    [refusal] = progress.refusals
    assert (refusal.case, refusal.door, refusal.code) == ("c1", "intake", "unknown-procedure")
    assert refusal.detail == "procedure: no such"
    assert progress.processed == 1


def test_a_repeat_is_counted_and_goes_on_to_processing() -> None:
    progress = taken(lambda _door, items: recorded(items, outcome="repeated"), case("c1"))
    assert (progress.submitted, progress.processed, progress.repeated) == (1, 1, 1)


@pytest.mark.parametrize("trouble", [503, 429, 500, httpx.ConnectError, httpx.ReadTimeout])
def test_a_door_that_is_away_or_busy_is_asked_again(trouble: Any) -> None:
    asked: Counter[str] = Counter()

    def answer(door: str, items: list[dict[str, Any]]) -> httpx.Response:
        asked[door] += 1
        if asked[door] > 2:
            return recorded(items)
        if isinstance(trouble, int):
            return httpx.Response(trouble, headers={"retry-after": "0"})
        raise trouble("away")

    assert taken(answer, case("c1")).processed == 1
    assert asked == {"intake": 3, "processing": 3}


def test_a_door_that_stays_away_is_told() -> None:
    with pytest.raises(DoorFault, match="http://intake/v1/bulk has not taken the batch for 0 s: 503"):
        taken(lambda _door, _items: httpx.Response(503), case("c1"))


@pytest.mark.parametrize("status", [400, 401, 403, 413, 422])
def test_a_refused_batch_is_not_sent_again(status: int) -> None:
    asked = []

    def answer(door: str, _items: list[dict[str, Any]]) -> httpx.Response:
        asked.append(door)
        return httpx.Response(status, json={"code": "no"})

    with pytest.raises(DoorFault, match=f"refused the batch: {status}"):
        taken(answer, case("c1"))
    assert asked == ["intake"]


def test_acts_are_struck_out_before_their_submission_is_corrected() -> None:
    """Intake corrects once it has heard that nothing stands any more; a dossier on which somebody acted here is told and left."""
    asked: list[tuple[str, list[str]]] = []
    struck: Counter[str] = Counter()

    def one(door: str, item: dict[str, Any]) -> dict[str, Any]:
        assert item["correction"] == DOCUMENT
        name, there = item["case"], {"dossier_id": f"of {item['case']}"}
        if door == "processing":
            assert item["submission"]["submitted_at"] == BEGAN.isoformat()
            if name == "here":
                return {"outcome": "refused", "code": "acted-on-here"}
            struck[name] += 1
            return (
                {"outcome": "recorded"}
                if struck[name] > 2
                else {"outcome": "refused", "code": "not-yet-known"}
            )
        if name == "same":
            return there | {"outcome": "repeated"}
        if struck[name] < 2:
            return there | {"outcome": "refused", "code": "acts-stand"}
        return there | {"outcome": "corrected"}

    def answer(door: str, items: list[dict[str, Any]]) -> httpx.Response:
        asked.append((door, [item["case"] for item in items]))
        return httpx.Response(200, json={"answers": [one(door, item) for item in items]})

    struck["same"] = 2
    progress = taken(answer, case("moved"), case("same"), case("here"), correction=DOCUMENT)
    assert asked == [
        ("intake", ["moved", "same", "here"]),
        ("processing", ["moved", "here"]),
        ("intake", ["moved"]),
        ("processing", ["moved"]),
        ("intake", ["moved"]),
        ("processing", ["same", "moved"]),
    ]
    assert [(each.case, each.door, each.code) for each in progress.refusals] == [
        ("here", "processing", "acted-on-here")
    ]
    assert (progress.submitted, progress.processed, progress.corrected) == (2, 2, {"moved"})


def test_a_correction_that_intake_never_hears_of_is_told() -> None:
    def answer(door: str, items: list[dict[str, Any]]) -> httpx.Response:
        code = "acts-stand" if door == "intake" else "not-yet-known"
        return recorded(items, outcome="refused", code=code)

    with pytest.raises(DoorFault, match="the acts of 1 dossiers were struck out"):
        taken(answer, case("c1"), correction=DOCUMENT)
