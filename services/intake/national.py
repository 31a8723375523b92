"""The national status codes of dossiers, at the edge: inside, statuses are names; other systems know integers.

Withdrawn has no number of its own: outwards it is 8 with reason `withdrawn`, and 8 that comes in without it is stopped. A
correction is no status. Numbers and names are those that the national public service portal shows.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

Status = Literal["submitted", "accepted", "rejected", "in_processing", "resolved", "returned", "stopped"]
STATUSES: tuple[Status, ...] = get_args(Status)

DONE = frozenset({9, 10})
"""The numbers that say that a dossier is done; 5, 6 and 8 never do."""


class NationalStatus(NamedTuple):
    """A status as other systems know it."""

    number: int
    name: str


NATIONAL: dict[Status, NationalStatus] = {
    "submitted": NationalStatus(1, "Mới đăng ký"),
    "accepted": NationalStatus(2, "Được tiếp nhận"),
    "rejected": NationalStatus(3, "Không được tiếp nhận"),
    "in_processing": NationalStatus(4, "Đang xử lý"),
    "stopped": NationalStatus(8, "Dừng xử lý"),
    "resolved": NationalStatus(9, "Đã xử lý xong"),
    "returned": NationalStatus(10, "Đã trả kết quả"),
}


def national(status: Status) -> NationalStatus:
    """What a status is called outwards.

    Guarantee: what is not resolved is never said to be done. Test: test_only_what_is_resolved_is_done.
    """
    return NATIONAL[status]
