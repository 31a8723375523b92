"""The national status codes of dossiers, at the edge: inside, statuses are names; other systems know integers.

Withdrawn has no number of its own: outwards it is 8 with reason `withdrawn`, and 8 that comes in without it is stopped. A
correction is no status. Numbers and names are those that the national public service portal shows.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

Status = Literal[
    "submitted",
    "accepted",
    "rejected",
    "in_processing",
    "supplement_requested",
    "payment_requested",
    "withdrawal_requested",
    "withdrawn",
    "stopped",
    "resolved",
    "returned",
]
STATUSES: tuple[Status, ...] = get_args(Status)
ENDED: frozenset[Status] = frozenset({"rejected", "withdrawn", "stopped", "resolved", "returned"})
"""After these an applicant's act changes nothing; a resolved dossier waits for its result to be returned, and for nothing else."""
WITHDRAWN = "withdrawn"

DONE = frozenset({9, 10})
"""The numbers that say that a dossier is done; 5, 6, 7 and 8 never do."""


class NationalStatus(NamedTuple):
    """A status as other systems know it; `reason` only where the number alone would say less than we know."""

    number: int
    name: str
    reason: str | None = None


NATIONAL: dict[Status, NationalStatus] = {
    "submitted": NationalStatus(1, "Mới đăng ký"),
    "accepted": NationalStatus(2, "Được tiếp nhận"),
    "rejected": NationalStatus(3, "Không được tiếp nhận"),
    "in_processing": NationalStatus(4, "Đang xử lý"),
    "supplement_requested": NationalStatus(5, "Yêu cầu bổ sung giấy tờ"),
    "payment_requested": NationalStatus(6, "Yêu cầu thực hiện nghĩa vụ tài chính"),
    "withdrawal_requested": NationalStatus(7, "Công dân yêu cầu rút hồ sơ"),
    "withdrawn": NationalStatus(8, "Dừng xử lý", WITHDRAWN),
    "stopped": NationalStatus(8, "Dừng xử lý"),
    "resolved": NationalStatus(9, "Đã xử lý xong"),
    "returned": NationalStatus(10, "Đã trả kết quả"),
}
_STATUS = {(found.number, found.reason): status for status, found in NATIONAL.items()}


def national(status: Status) -> NationalStatus:
    """What a status is called outwards.

    Guarantee: what is not resolved is never said to be done. Test: test_only_what_is_resolved_is_done.
    """
    return NATIONAL[status]


def status_of(number: int, reason: str | None = None) -> Status | None:
    """What a national number means here, or None where it means nothing. A reason that we do not know says nothing.

    Guarantee: every status comes back from its number and reason. Test: test_every_state_has_its_number_and_comes_back_from_it.
    """
    return _STATUS.get((number, reason)) or _STATUS.get((number, None))
