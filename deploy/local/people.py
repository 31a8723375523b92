"""The demonstration's people, one of each kind that has something to do: none of them lives, and their numbers belong to nobody."""

from __future__ import annotations

from typing import NamedTuple

from deploy.local.issuer import OFFICE, UNIT


class Person(NamedTuple):
    """Somebody to log in as: `does` is said where one chooses, `service` is whose pages they use."""

    subject: str
    name: str
    does: str
    role: str
    service: str
    office: str = ""
    unit: str = ""
    identifier: tuple[str, str] | None = None

    @property
    def claims(self) -> dict[str, str]:
        """What the provider says of them beside the subject and the role."""
        said = {"name": self.name, "office": self.office, "unit": self.unit}
        if self.identifier is not None:
            said["identifier_kind"], said["identifier_number"] = self.identifier
        return {name: told for name, told in said.items() if told}


PEOPLE = (
    Person(
        "nguoi-nop-1", "Người nộp hồ sơ", "nộp hồ sơ, theo dõi, bổ sung, nộp phí",
        "portal", "intake", identifier=("cccd", "097190000001"),
    ),
    Person(
        "nguoi-nop-2", "Người nộp hồ sơ thứ hai", "không thấy hồ sơ của người thứ nhất",
        "portal", "intake", identifier=("cccd", "098085000002"),
    ),
    Person(
        "mot-cua", "Cán bộ bộ phận một cửa", "tiếp nhận, từ chối, yêu cầu bổ sung, trả kết quả",
        "officer", "processing", OFFICE,
    ),
    Person(
        "chuyen-vien-1", "Chuyên viên phòng QLXD", "thụ lý hồ sơ của phòng",
        "officer", "processing", OFFICE, UNIT,
    ),
    Person(
        "chuyen-vien-2", "Chuyên viên thứ hai phòng QLXD", "nhận bàn giao, thay người vắng mặt",
        "officer", "processing", OFFICE, UNIT,
    ),
    Person(
        "lanh-dao", "Lãnh đạo phòng QLXD", "phân công, điều chuyển, miễn phí, hủy bước đã làm",
        "supervisor", "processing", OFFICE, UNIT,
    ),
    Person(
        "giu-lich-1", "Người giữ lịch làm việc", "đề nghị ngày nghỉ, ngày làm bù",
        "calendar", "processing",
    ),
    Person(
        "giu-lich-2", "Người giữ lịch thứ hai", "xác nhận điều người thứ nhất đề nghị",
        "calendar", "processing",
    ),
)  # fmt: skip
BY_SUBJECT = {person.subject: person for person in PEOPLE}
