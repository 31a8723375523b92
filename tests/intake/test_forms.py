import sys
import unicodedata
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from services.intake.people import forms
from services.intake.people.store import Applicant

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


@pytest.mark.parametrize(
    ("kind", "country", "number", "kept"),
    [
        ("passport", "KR", "M12345678", "KR M12345678"),
        ("passport", "GB", "925665416", "GB 925665416"),
        ("foreign_registration", "DE", "HRB 6684", "DE HRB 6684"),
        ("foreign_registration", "KR", "110111-0006246", "KR 110111-0006246"),
        ("tax_code", None, "0123456789", "0123456789"),
    ],
)
def test_numbers_of_other_countries_are_taken(kind: str, country: str | None, number: str, kept: str) -> None:
    told = {"kind": kind, "number": number} | ({} if country is None else {"country": country})
    assert APPLICANT.validate_python(GOOD | {"identifier": told}).identifier.kept == kept


@pytest.mark.parametrize(
    ("identifier", "field", "code"),
    [
        ({"kind": "passport", "number": "M12345678"}, "country", "country-missing"),
        ({"kind": "foreign_registration", "number": "HRB 6684"}, "country", "country-missing"),
        ({"kind": "passport", "country": "VN", "number": "C1234567"}, "country", "country-unknown"),
        ({"kind": "passport", "country": "XX", "number": "C1234567"}, "country", "country-unknown"),
        ({"kind": "passport", "country": "kr", "number": "C1234567"}, "country", "country-unknown"),
        ({"kind": "cccd", "country": "KR", "number": "097090123456"}, "country", "country-not-taken"),
        ({"kind": "passport", "country": "KR", "number": "M 123"}, "number", "passport-implausible"),
        ({"kind": "passport", "country": "KR", "number": "m1234567"}, "number", "passport-implausible"),
        (
            {"kind": "foreign_registration", "country": "KR", "number": "-1"},
            "number",
            "registration-implausible",
        ),
    ],
)
def test_a_number_of_another_country_names_it(identifier: dict[str, str], field: str, code: str) -> None:
    assert fault(identifier=identifier) == (f"identifier.{field}", code)


@pytest.mark.parametrize("identifier", [{"kind": "visa", "number": "1"}, {"number": "1"}, {}, "1", None])
def test_other_identifiers_are_refused(identifier: Any) -> None:
    assert fault(identifier=identifier)[0].startswith("identifier")


@pytest.mark.parametrize(
    ("phone", "kept"),
    [
        ("0312345678", "+84312345678"),
        ("0912345678", "+84912345678"),
        ("+84912345678", "+84912345678"),
        ("+84 912 345 678", "+84912345678"),
        ("091 234 56 78", "+84912345678"),
        ("(024) 3825 3456", "+842438253456"),
        ("02438253456", "+842438253456"),
        ("1900 1234", "+8419001234"),
        ("+44 20 7946 0958", "+442079460958"),
    ],
)
def test_telephones_are_kept_in_one_form(phone: str, kept: str) -> None:
    assert APPLICANT.validate_python(GOOD | {"phone": phone}).phone == kept


@pytest.mark.parametrize(
    "phone",
    [
        "0112345678",
        "091234567",
        "09123456789",
        "0912345678 ext. 5",
        "113",
        "+999 1",
        "0٩12345678x",
        "",
        "x" * 999,
        912345678,
    ],
)
def test_other_phone_numbers_are_refused(phone: Any) -> None:
    assert fault(phone=phone) == ("phone", "phone-implausible")


@pytest.mark.parametrize("email", ["a@b.vn", "nguyen.van+1@mail.example.com"])
def test_e_mail_addresses_are_taken(email: str) -> None:
    assert APPLICANT.validate_python(GOOD | {"email": email}).email == email


def test_a_domain_in_letters_of_vietnam_is_kept_as_mail_servers_know_it() -> None:
    assert APPLICANT.validate_python(GOOD | {"email": "mai@thử.vn"}).email == "mai@xn--th-yct.vn"


@pytest.mark.parametrize(
    "email",
    [
        ".mai@example.org",
        "mai.@example.org",
        "ma..i@example.org",
        "mai@-example.org",
        "mai@localhost",
        "mai@[127.0.0.1]",
        '"mai"@example.org',
        "=?utf-8?q?mai=40evil.org=2C?=@b5.vn",
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


@pytest.mark.parametrize(
    "name",
    [
        "",
        " An",
        "An ",
        "1 An",
        "An\nBình",
        "An\u2028",
        "An\x85",
        "A" * 201,
        "An\x00",
        "An/Bình",
        "An & Bình",
        "Nộp tại evil.tk",
        "evil.example",
        '"An"',
    ],
)
def test_implausible_names_are_refused(name: str) -> None:
    assert fault(name=name) == ("name", "name-implausible")


@pytest.mark.parametrize(
    "name", ["Ă", "Đặng Thị Ấy", "O'Neil-Trần", "J.R.R. Tolkien", "Nguyễn Văn A, B", "Ka’u", "सीता"]
)
def test_names_as_people_have_them_are_taken(name: str) -> None:
    assert APPLICANT.validate_python(GOOD | {"name": name}).name == name


TAX_CODE = {"kind": "tax_code", "number": "0123456789"}


@pytest.mark.parametrize(
    "name",
    [
        "Công ty TNHH Xây dựng 36 (chi nhánh)",
        "319 Bộ Quốc phòng",
        '"Hòa Bình" Group',
        "CTCP ĐT & XD SỐ 1 - C.T.C.P",
        "CÔNG TY TNHH TM.DV TP.HCM",
        "VINA A/B Co., Ltd.",
        "3F+",
    ],
)
def test_names_as_organisations_have_them_are_taken(name: str) -> None:
    assert APPLICANT.validate_python(GOOD | {"name": name, "identifier": TAX_CODE}).name == name


@pytest.mark.parametrize(
    "name",
    [
        "TÀI KHOẢN BỊ KHÓA! Nộp phạt ngay tại https://evil.example",
        "Nộp phạt tại evil.com",
        "Xem www.evil",
        "an@evil.org",
        "Gọi ngay: 0912345678",
        "evil.vn/nop-phat",
        "123",
        "( )",
        "<b>An</b>",
    ],
)
@pytest.mark.parametrize("identifier", [TAX_CODE, GOOD["identifier"]], ids=["organisation", "person"])
def test_a_name_that_says_more_is_refused(name: str, identifier: Any) -> None:
    assert fault(name=name, identifier=identifier) == ("name", "name-implausible")


def test_every_python_has_the_same_letters_for_names() -> None:
    """Letters and marks of later versions of Unicode than Python 3.11 knows are in no name."""
    known = (chr(each) for each in range(sys.maxunicode + 1) if unicodedata.category(chr(each))[0] in "LM")
    told = "".join(each for each in known if not forms._LATER.match(each))
    assert sha256(told.encode()).hexdigest()[:16] == "4b751944a3d83e9b"
    for later in "\U00031350\U0002ebf0":
        assert fault(name=later + later) == ("name", "name-implausible")


def test_unknown_fields_are_refused() -> None:
    assert fault(nickname="x") == ("nickname", "extra_forbidden")


@given(st.text(max_size=15))
def test_no_form_takes_a_text_with_line_breaks_or_nul(text: str) -> None:
    for form in (
        forms.Email,
        forms.Phone,
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
