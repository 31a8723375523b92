"""Structured logs: one JSON object a line on stderr.

Promises that no text from a request, a row or a broker gets in: of an exception its type and where it was raised, never its
message, for messages quote values. Every line names its service and release and, where they are known, the trace, who calls and as
what, and the stream that it is about. Access lines are gathered and written together a moment later.
"""

import asyncio
import logging
import sys
import time
import traceback
from collections.abc import Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

GATHER_SECONDS = 0.1
GATHER_LINES_MAX = 1_000
FRAMES_MAX = 12
APPLIED_ON_A_LINE = 100
LIBRARIES = ("uvicorn", "uvicorn.error", "uvicorn.access", "httpx", "httpcore", "faststream")
"""They say much at INFO; what they warn of is heard."""

trace: ContextVar[str] = ContextVar("trace", default="")
correlation: ContextVar[UUID | None] = ContextVar("correlation", default=None)
"""The caller's own id of this task's request, where it gave one."""

actor: ContextVar[str] = ContextVar("actor", default="")
"""Who the request of this task is from, as `role/subject`: an id of the issuer's, never a name. Empty while it is not known."""

subject: ContextVar[str] = ContextVar("subject", default="")
"""The id of the stream that this task is about, as the events' `subject` names it. Empty where there is none, or many."""

_named: dict[str, str] = {}
_back: dict[str, asyncio.TimerHandle] = {}
_gathered: list[bytes] = []
_flush_due = False
_access_on = True
_level = "INFO"


def access(fields: dict[str, Any]) -> None:
    """Writes one access line soon; lines of one tenth of a second share a write, because a write each costs more than a request may."""
    global _flush_due
    if not _access_on:
        return
    _gathered.append(orjson.dumps({"at": datetime.now(UTC), "level": "INFO", **_named, **fields, **about()}))
    if not _flush_due:
        _flush_due = True
        asyncio.get_running_loop().call_later(GATHER_SECONDS, flush)
    elif len(_gathered) >= GATHER_LINES_MAX:
        flush()


def applied(reader: str, messages: Sequence[tuple[Any, str | None, UUID | None]]) -> None:
    """Says which streams a batch was about, and in which traces; a line for a hundred messages, not one for each.

    Guarantee: one id, of a stream, of a trace or of the caller's own, finds it in the logs of every service that heard of it.
    Test: test_one_id_finds_a_submission_in_all_four_logs.
    """
    for start in range(0, len(messages), APPLIED_ON_A_LINE):
        part = messages[start : start + APPLIED_ON_A_LINE]
        traces = list(dict.fromkeys(parent[3:35] for _, parent, _ in part if parent))
        streams = list(dict.fromkeys(stream for stream, _, _ in part))
        own = list(dict.fromkeys(str(given or (parent or "")[3:35]) for _, parent, given in part))
        access(
            {
                "what": "applied",
                "reader": reader,
                "subjects": streams,
                "trace_ids": traces,
                "correlation_ids": [each for each in own if each],
            }
        )


def about() -> dict[str, str]:
    """What is known of the request, or of the message, of this task; nothing that is empty.

    Guarantee: a line says whose request it is of, and which stream's. Test: test_a_line_says_whose_it_is_and_what_it_is_about.
    """
    found = {}
    if trace_id := trace.get()[3:35]:
        found["trace_id"] = trace_id
        found["correlation_id"] = str(correlation.get() or trace_id)
    if who := actor.get():
        found["actor"], found["caller"] = who, who.partition("/")[0]
    if stream := subject.get():
        found["subject"] = stream
    return found


def begin(parent: str, own: UUID | None = None) -> None:
    """A request begins: nothing is known of it but its trace and, where the caller gave one, the caller's own id of it."""
    trace.set(parent)
    correlation.set(own)
    actor.set("")
    subject.set("")


def flush() -> None:
    """Writes what was gathered; called by the timer, and at the end of the process."""
    global _flush_due
    _flush_due = False
    if _gathered:
        lines = b"\n".join(_gathered) + b"\n"
        _gathered.clear()
        sys.stderr.buffer.write(lines)
        sys.stderr.buffer.flush()


def where(error: BaseException) -> list[str]:
    """The innermost frames of an exception as `file:line function`."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]
    return [
        f"{frame.filename.rpartition('/site-packages/')[2]}:{frame.lineno} {frame.name}" for frame in frames
    ]


def describe(error: BaseException) -> dict[str, Any]:
    """An exception without its message.

    Guarantee: an exception's message, which may quote personal data, is not logged. Test: test_an_exceptions_message_is_not_logged.
    """
    described: dict[str, Any] = {"error": type(error).__name__, "where": where(error)}
    for name in ("sqlstate", "constraint_name", "code"):
        value = getattr(error, name, None)
        if isinstance(value, str) and value:
            described[name] = value
    if error.__cause__ is not None:
        described["cause"] = type(error.__cause__).__name__
    return described


class JsonLines(logging.Formatter):
    """A record as one JSON object; `extra={"fields": {...}}` adds members."""

    def format(self, record: logging.LogRecord) -> str:
        members: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname,
            **_named,
            "logger": record.name,
            "what": record.getMessage(),
            **about(),
        }
        members |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            members |= describe(record.exc_info[1])
        return orjson.dumps(members, default=str).decode()


class Outage(logging.Filter):
    """Turns a client library's flood of lines about an absent broker into one when it goes and one when it comes back.

    `seen()` is told by whoever just spoke with the broker. The library's own lines are complaints, ten a second.
    Guarantee: a broker's absence is two lines. Test: test_an_outage_is_one_line_when_it_begins_and_one_when_it_ends.
    """

    def __init__(self, name: str, *, clock: Any = time.monotonic) -> None:
        super().__init__()
        self._library = name
        self._clock = clock
        self._since: float | None = None
        self.suppressed = 0

    @property
    def away(self) -> bool:
        return self._since is not None

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name != self._library and not record.name.startswith(self._library + "."):
            return True
        if record.levelno < logging.WARNING:
            return False
        if self._since is not None:
            self.suppressed += 1
            return False
        self._since = self._clock()
        return True

    def seen(self) -> None:
        if self._since is not None:
            seconds, self._since = self._clock() - self._since, None
            lines, self.suppressed = self.suppressed, 0
            if lines:  # a single complaint is no outage
                logging.getLogger(__name__).warning(
                    "broker-back",
                    extra={"fields": {"away_seconds": round(seconds, 1), "lines_suppressed": lines}},
                )


BROKER = Outage("aiokafka")


def set_level(name: str, level: str, seconds: float) -> None:
    """Logs of `name` and below from `level` on, for so long; then as before."""
    logger = logging.getLogger(name)
    if name in _back:
        _back[name].cancel()
    logger.setLevel(level)
    _back[name] = asyncio.get_running_loop().call_later(seconds, _as_before, name)


def levels_as_before() -> None:
    """Ends what set_level() began, now."""
    for name, timer in list(_back.items()):
        timer.cancel()
        _as_before(name)


def _as_before(name: str) -> None:
    del _back[name]
    quiet = logging.WARNING if name in LIBRARIES else logging.NOTSET
    logging.getLogger(name).setLevel(quiet if name else _level)


def set_up(level: str, *, service: str = "", release: str = "", access_lines: bool = True) -> None:
    """Logging of this process: everything through one stream in one format, and who it is on every line."""
    global _access_on, _level
    _access_on, _level = access_lines, level
    _named.update({name: told for name, told in (("service", service), ("release", release)) if told})
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(JsonLines())
    stream.addFilter(BROKER)
    root = logging.getLogger()
    root.handlers[:] = [stream]
    root.setLevel(level)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
