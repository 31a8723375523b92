import asyncio
import json
import logging
import sys
from collections.abc import Iterator
from uuid import UUID

import pytest

from services.chassis.process import logs


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def lines() -> Iterator[list[dict[str, object]]]:
    """What a logger of ours would write, each line parsed."""
    written: list[dict[str, object]] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(json.loads(self.format(record)))

    kept = Kept()
    kept.setFormatter(logs.JsonLines())
    root = logging.getLogger()
    root.addHandler(kept)
    yield written
    root.removeHandler(kept)


def test_a_line_is_one_json_object(lines: list[dict[str, object]]) -> None:
    logs.trace.set("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    logging.getLogger("services.test").warning("lease-lost", extra={"fields": {"epoch": 7}})
    logs.trace.set("")
    assert lines[0]["what"] == "lease-lost"
    assert lines[0]["epoch"] == 7
    assert lines[0]["trace_id"] == "0af7651916cd43dd8448eb211c80319c"


def test_a_line_says_whose_it_is_and_what_it_is_about(lines: list[dict[str, object]]) -> None:
    logs.begin("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    logging.getLogger("services.test").warning("nobody yet")
    logs.actor.set("portal/a-portal")
    logs.subject.set("01980d5e-5b7c-7c21-8a52-0d6c5f6a1b33")
    logging.getLogger("services.test").warning("known")
    logs.begin("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", UUID(int=7))
    logging.getLogger("services.test").warning("with an id of its own")
    logs.begin("")
    logging.getLogger("services.test").warning("of the process")
    assert "actor" not in lines[0] and "trace_id" in lines[0]
    assert (lines[1]["actor"], lines[1]["caller"]) == ("portal/a-portal", "portal")
    assert lines[1]["subject"] == "01980d5e-5b7c-7c21-8a52-0d6c5f6a1b33"
    assert [line["correlation_id"] for line in lines[:3]] == [*[lines[0]["trace_id"]] * 2, str(UUID(int=7))]
    assert not {"trace_id", "correlation_id", "actor", "caller", "subject"} & lines[3].keys()


async def test_levels_are_set_for_a_while(lines: list[dict[str, object]]) -> None:
    logger = logging.getLogger("services.test.levels")
    logs.set_level("services.test", "DEBUG", 0.05)
    logger.debug("heard")
    logs.set_level("services.test", "DEBUG", 0.05)
    await asyncio.sleep(0.1)
    logger.debug("not heard")
    # The loop is shared: clients that other tests left to end may say something meanwhile.
    assert [line["what"] for line in lines if line["logger"] == logger.name] == ["heard"]


def test_an_exceptions_message_is_not_logged(lines: list[dict[str, object]]) -> None:
    try:
        try:
            raise KeyError("Nguyễn Văn An")
        except KeyError as error:
            raise ValueError("identifier 079085123456") from error
    except ValueError as error:
        logging.getLogger("services.test").exception("failed")
        described = logs.describe(error)
    assert "079085123456" not in str(lines)
    assert "Nguyễn" not in str(lines)
    assert lines[0]["error"] == "ValueError"
    assert lines[0]["cause"] == "KeyError"
    assert "test_an_exceptions_message_is_not_logged" in str(described["where"])


def test_an_outage_is_one_line_when_it_begins_and_one_when_it_ends(lines: list[dict[str, object]]) -> None:
    clock = Clock()
    outage = logs.Outage("someclient", clock=clock)
    client = logging.getLogger("someclient.conn")

    def complain(times: int) -> list[bool]:
        record = client.makeRecord(client.name, logging.ERROR, "f", 1, "away", (), None)
        return [outage.filter(record) for _ in range(times)]

    assert complain(1000) == [True] + [False] * 999
    clock.now = 61.0
    outage.seen()
    outage.seen()
    assert [(line["what"], line["away_seconds"], line["lines_suppressed"]) for line in lines] == [
        ("broker-back", 61.0, 999)
    ]
    assert complain(3) == [True, False, False]


def test_one_complaint_alone_is_no_outage(lines: list[dict[str, object]]) -> None:
    outage = logs.Outage("someclient", clock=Clock())
    client = logging.getLogger("someclient")
    assert outage.filter(client.makeRecord(client.name, logging.WARNING, "f", 1, "hm", (), None))
    outage.seen()
    assert lines == []


def test_other_loggers_pass_an_outage() -> None:
    outage = logs.Outage("someclient", clock=Clock())
    for name in ("services.chassis.kafka.relay", "someclientele"):
        other = logging.getLogger(name)
        record = other.makeRecord(name, logging.ERROR, "f", 1, "hm", (), None)
        assert outage.filter(record)
        assert outage.filter(record)


async def test_access_lines_share_a_write(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []

    class Stream:
        class buffer:  # noqa: N801  # the standard library's name
            write = written.append

            @staticmethod
            def flush() -> None:
                return

    monkeypatch.setattr(sys, "stderr", Stream)
    for number in range(3):
        logs.access({"what": "request", "status": 200 + number})
    assert written == []
    logs.flush()
    logs.flush()
    assert len(written) == 1
    assert [json.loads(line)["status"] for line in written[0].splitlines()] == [200, 201, 202]
