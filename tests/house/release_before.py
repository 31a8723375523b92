"""What the release before calls in each service's database, as it wrote the calls: a release may run beside the one that follows.

With each release: its newest migration stands here as `REVISIONS`, its calls as `calls`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from uuid_utils.compat import uuid7

REVISIONS = {"intake": "0005", "processing": "0011", "notify": "0004", "reporting": "0004"}
TYPES = ("new_item", "new_event", "new_filing", "new_act", "new_standing", "mail_outcome")
FUNCTIONS = ("append", "submit", "record_acts", "record", "record_notices", "record_unsaid", "move_due_dates")
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PERSON = ("Nguyễn Văn Thử", "cccd", "097090123456", "thu@example.vn", "0912345678")


class Call(NamedTuple):
    """A statement and its arguments; the first row's second column must be 'appended'."""

    statement: str
    arguments: list[Any]


def _id() -> UUID:
    return UUID(int=uuid7().int)


def _call(function: str, row_type: str, row: tuple[Any, ...]) -> Call:
    stream, command = row[0] if isinstance(row[0], UUID) else _id(), _id()
    item = (stream, 0, command, 1, "portal/before", str(command), b"h")
    event = (
        1,
        0,
        stream,
        _id(),
        command,
        "Happened",
        1,
        AT,
        "portal/before",
        None,
        None,
        "",
        None,
        '{"a":1}',
    )
    return Call(
        f"SELECT * FROM {function}($1::new_item[], $2::new_event[], $3::{row_type}[])",
        [[item], [event], [(1, *row)]],
    )


def calls(service: str) -> list[Call]:
    """One of each, on streams of their own."""
    if service == "intake":
        act = (0, b"{}", b"salt", str(_id()), b"h")
        filing = (_id(), _id(), *PERSON, b"{}", b"salt", *PERSON)
        return [_call("submit", "new_filing", filing), _call("record_acts", "new_act", act)]
    if service == "processing":
        on = date(2026, 3, 2)
        standing = ("accepted", "u", "o", AT, on, AT, on, 0, on, False, 1, 0, "c", on)
        return [_call("record", "new_standing", standing)]
    return [_call("record_notices", "mail_outcome", (_id(), 1))]


READS = {
    "intake": (
        "SELECT c.position, c.applicant_id, a.name, a.email, a.phone FROM contact_changes c "
        "LEFT JOIN applicants a ON a.applicant_id = c.applicant_id WHERE c.position > $1 ORDER BY c.position LIMIT $2"
    ),
    "processing": "SELECT dossier_id, version, clock FROM dossiers WHERE version > $1 LIMIT $2",
    "notify": "SELECT notice_id, not_before FROM mails WHERE claims > $1 LIMIT $2",
}
