from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from services.intake import forms
from services.intake.people import Applicant

APPLICANT: TypeAdapter[Applicant] = TypeAdapter(Applicant)
GOOD = {"name": "Nguyễn Văn Thử", "identifier": {"kind": "cccd", "number": "097090123456"}}


def fault(**changes: Any) -> tuple[str, str]:
    with pytest.raises(ValidationError) as raised:
        APPLICANT.validate_python(GOOD | changes)
    first = raised.value.errors()[0]
    assert "Thử" not in str(raised.value)
    return ".".join(str(part) for part in first["loc"]), first["type"]


@pytest.mark.parametrize(
    "number", ["001090123456", "079190123456", "096290123456", "097399999999", "099000000000"]
)
def test_plausible_citizen_numbers_are_taken(number: str) -> None:
    APPLICANT.validate_python(GOOD | {"identifier": {"kind": "cccd", "number": number}})


@pytest.mark.parametrize(
    "number",
    [
        "000090123456",  # no such place
        "100090123456",
        "097490123456",  # nobody is born after 2099
        "09709012345",
        "0970901234567",
        "09709012345a",
        "٠٩٧٠٩٠١٢٣٤٥٦",  # digits, and not ours
        "097090123456\n",
        "",
        7,
        None,
    ],
)
def test_implausible_citizen_numbers_are_refused(number: Any) -> None:
    where, _ = fault(identifier={"kind": "cccd", "number": number})
    assert where == "identifier.number"


@pytest.mark.parametrize("number", ["0123456789", "0123456789-001"])
def test_tax_codes_are_taken(number: str) -> None:
    APPLICANT.validate_python(GOOD | {"identifier": {"kind": "tax_code", "number": number}})


@pytest.mark.parametrize("number", ["012345678", "0123456789-1", "0123456789001", "097090123456", "x"])
def test_implausible_tax_codes_are_refused(number: str) -> None:
    assert fault(identifier={"kind": "tax_code", "number": number}) == (
        "identifier.number",
        "tax-code-implausible",
    )


@pytest.mark.parametrize("identifier", [{"kind": "passport", "number": "1"}, {"number": "1"}, {}, "1", None])
def test_other_identifiers_are_refused(identifier: Any) -> None:
    assert fault(identifier=identifier)[0].startswith("identifier")


@pytest.mark.parametrize("phone", ["0312345678", "0512345678", "0712345678", "0812345678", "0912345678"])
def test_mobile_numbers_are_taken(phone: str) -> None:
    APPLICANT.validate_python(GOOD | {"phone": phone})


@pytest.mark.parametrize("phone", ["0112345678", "091234567", "09123456789", "+84912345678", "", 912345678])
def test_other_phone_numbers_are_refused(phone: Any) -> None:
    assert fault(phone=phone) == ("phone", "phone-implausible")


@pytest.mark.parametrize("email", ["a@b.vn", "nguyen.van+1@mail.example.com"])
def test_e_mail_addresses_are_taken(email: str) -> None:
    APPLICANT.validate_python(GOOD | {"email": email})


@pytest.mark.parametrize(
    "email",
    [
        "a",
        "a@b",
        "@b.vn",
        "a@b..vn",
        "a b@c.vn",
        "a@b.vn\nBcc: x@y.vn",
        "a@b.vn,c@d.vn",
        "ô@b.vn",
        "a" * 65 + "@b.vn",
        "a@" + "b." * 130 + "vn",
        "",
    ],
)
def test_other_e_mail_addresses_are_refused(email: str) -> None:
    assert fault(email=email) == ("email", "email-implausible")


@pytest.mark.parametrize("name", ["", " An", "1 An", "An\nBình", "An\u2028", "An\x85", "A" * 201, "An\x00"])
def test_implausible_names_are_refused(name: str) -> None:
    assert fault(name=name) == ("name", "name-implausible")


@pytest.mark.parametrize("name", ["Ă", "Đặng Thị Ấy", "Công ty TNHH Xây dựng 36 (chi nhánh)", "O'Neil-Trần"])
def test_names_as_people_have_them_are_taken(name: str) -> None:
    assert APPLICANT.validate_python(GOOD | {"name": name}).name == name


def test_unknown_fields_are_refused() -> None:
    assert fault(nickname="x") == ("nickname", "extra_forbidden")


@given(st.text(max_size=15))
def test_no_form_takes_a_text_with_line_breaks_or_nul(text: str) -> None:
    for form in (
        forms.Email,
        forms.Mobile,
        forms.PersonName,
        forms.Office,
        forms.Procedure,
        forms.ImportName,
    ):
        try:
            taken = TypeAdapter(form).validate_python(text)
        except ValidationError:
            continue
        assert not {"\n", "\r", "\x00"} & set(taken)
