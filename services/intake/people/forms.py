"""The forms that texts of a filing must have, each with a code and a sentence that help who mistyped. Never repeats what was typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Annotated, Any

import phonenumbers
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema

from contracts.intake import CASE_CHARACTERS_MAX, CASE_PATTERN
from contracts.officer_words import SITE
from services.chassis.http.mail_address import CHARACTERS_MAX, mail_address


class Form:
    """`Annotated[str, Form(pattern, code, sentence)]`: a text that matches the pattern whole, which also stands in OpenAPI.

    The match runs in pydantic's own engine, and the sentence replaces its message: no Python runs for a text that is right.
    """

    def __init__(self, pattern: str, code: str, sentence: str, *, characters_max: int = 200) -> None:
        self.pattern = pattern
        self._matches = re.compile(pattern).fullmatch
        self._fault = PydanticCustomError(code, sentence)
        self._schema = core_schema.custom_error_schema(
            core_schema.str_schema(pattern=f"^(?:{pattern})$", max_length=characters_max, strict=True),
            custom_error_type=code,
            custom_error_message=sentence,
        )

    def check(self, text: str) -> str:
        """For a field whose form depends on another's value."""
        if self._matches(text) is None:
            raise self._fault
        return text

    def __get_pydantic_core_schema__(self, source: Any, _: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return self._schema


class Read:
    """`Annotated[str, Read(reads, pattern, …)]`: a text that `reads` brings into the one form in which it is kept, or None for it.

    `pattern` is what OpenAPI says of it: it takes more than is right, and nothing that is right is outside of it.
    """

    def __init__(
        self, reads: Callable[[str], str | None], pattern: str, code: str, sentence: str, characters_max: int
    ) -> None:
        self._reads = reads
        self._shown = {"pattern": pattern, "maxLength": characters_max}
        self._characters_max = characters_max
        self._fault = PydanticCustomError(code, sentence)

    def _kept(self, value: Any) -> str:
        if not isinstance(value, str) or len(value) > self._characters_max:
            raise self._fault
        kept = self._reads(value)
        if kept is None:
            raise self._fault
        return kept

    def __get_pydantic_core_schema__(self, source: Any, _: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self._kept)

    def __get_pydantic_json_schema__(
        self, _schema: core_schema.CoreSchema, _: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", **self._shown}


def _address(text: str) -> str | None:
    parts = mail_address(text)
    return None if parts is None else f"{parts[0]}@{parts[1]}"


_MOBILE = re.compile(r"(?:0|\+84)([35789][0-9]{8})")
_DIALLED = r"[+0-9(][0-9 ().-]{2,31}"


def phone_number(text: str) -> str | None:
    """A telephone number in the form of E.164, `+84912345678`; a number without a country is Vietnam's. None for what is none.

    Mobiles are read by their rule (DOMAIN: ten digits, 03, 05, 07, 08 or 09), and all others by the plans that the library knows.
    """
    mobile = _MOBILE.fullmatch(text)
    if mobile is not None:
        return f"+84{mobile[1]}"
    if re.fullmatch(_DIALLED, text) is None:  # the library takes letters, too: of slogans, and of extensions
        return None
    try:
        read = phonenumbers.parse(text, "VN")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(read):
        return None
    return phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164)


# Place 001 to 096, and 097 to 099, which do not exist and are for synthetic people; then century and sex, year of birth, and
# the rest at random. There is no check digit.
CITIZEN = Form(
    r"0(?:0[1-9]|[1-9][0-9])[0-3][0-9]{8}",
    "cccd-implausible",
    "a citizen number has 12 digits: place 001 to 099, then 0 to 3, then 8 more",
)
ORGANISATION = Form(
    r"[0-9]{10}(?:-[0-9]{3})?",
    "tax-code-implausible",
    "a tax code has 10 digits, a branch's then - and 3 more",
)
PASSPORT = Form(
    r"[A-Z0-9]{5,15}",
    "passport-implausible",
    "a passport's number has 5 to 15 capital letters and digits, without spaces",
)
REGISTRATION = Form(
    r"[A-Za-z0-9][A-Za-z0-9 ./-]{1,38}[A-Za-z0-9]",
    "registration-implausible",
    "a foreign registration has 3 to 40 letters and digits, with space . / - between them",
)
# Two letters of ISO 3166-1, as the library of telephones knows them, without VN: who is registered here has a number of ours.
COUNTRIES = frozenset(phonenumbers.SUPPORTED_REGIONS) - {"VN"}
NAME_CHARACTERS_MAX = 200
_NO_NAME = "a person's name has letters, spaces and ' - . , only, and begins with a letter"
_NO_TITLE = "an organisation's name has letters, digits, spaces and ' - . , & ( ) / \" + only, and a letter among them"
_PERSONS = frozenset(" '’ʼ-.,")
_ORGANISATIONS = _PERSONS | frozenset('0123456789&()/"“”–+')
# Of people nothing but an initial's dot stands before a letter. Organisations write TP.HCM and TM.DV: of them only endings that sites have.
_OF_PERSONS = re.compile(r"www\.|\.[^\W\d_]{2,}", re.IGNORECASE)
# Letters and marks that came with Unicode 15 and 15.1: Python 3.11 takes them for none, and so does here every one that knows them.
_KNOWS_LATER = "\U00031350".isalpha()
_LATER = re.compile(
    "[\u0cf3\u0ece\U00010efd-\U00010eff\U0001123f-\U00011241\U00011f00-\U00011f42\U0001342f\U00013440-\U00013455\U0001b132\U0001b155"
    "\U0001df25-\U0001df2a\U0001e030-\U0001e08f\U0001e4d0-\U0001e4ef\U0002b739\U0002ebf0-\U0002ee5d\U00031350-\U000323af]"
)


def plausible_name(name: str, *, of_organisation: bool) -> str:
    """The name, or a fault: what people are called holds nothing that could be taken for an address or an order.

    Guarantee: a name is no message. Test: test_a_name_that_says_more_is_refused.
    Guarantee: what is a name is one by every Python. Test: test_every_python_has_the_same_letters_for_names.
    """
    letters = name.replace(" ", "")
    if not letters.isalpha() or name[0] == " " or name[-1] == " " or (_KNOWS_LATER and _LATER.search(name)):
        others = _ORGANISATIONS if of_organisation else _PERSONS
        sound = all(each.isalpha() or each in others or unicodedata.category(each)[0] == "M" for each in name)
        begins = any(map(str.isalpha, name)) if of_organisation else name[:1].isalpha()
        if not sound or not begins or name != name.strip() or _LATER.search(name):
            raise PydanticCustomError("name-implausible", _NO_TITLE if of_organisation else _NO_NAME)
        if (SITE if of_organisation else _OF_PERSONS).search(name):
            said = "a name holds no address of a site; a space follows a full stop"
            raise PydanticCustomError("name-implausible", said)
    return name


Phone = Annotated[
    str,
    Read(
        phone_number,
        f"^{_DIALLED}$",
        "phone-implausible",
        "a telephone number of Vietnam, or one that begins with + and its country's code",
        32,
    ),
]
Email = Annotated[
    str,
    Read(
        _address,
        r"^[^@\s]{1,64}@[^@\s]{3,250}$",
        "email-implausible",
        "an e-mail address looks like name@example.vn",
        CHARACTERS_MAX,
    ),
]
PersonName = Annotated[
    str,
    Form(
        r"[^\x00-\x20\x7f-\xa0<>=*#$%!?:;@{}\[\]|\\^`~_][^\x00-\x1f\x7f-\x9f<>=*#$%!?:;@{}\[\]|\\^`~_]*",
        "name-implausible",
        "a name has 1 to 200 characters: letters, spaces and ' - . , and an organisation's digits and & ( ) / too",
        characters_max=NAME_CHARACTERS_MAX,
    ),
]
Office = Annotated[
    str,
    Form(r"[A-Z][0-9]{2}\.[0-9]{3}\.[0-9]{2}", "office-implausible", "an office code looks like H29.015.00"),
]
Procedure = Annotated[
    str, Form(r"[0-9]\.[0-9]{6}", "procedure-implausible", "a procedure's code looks like 1.009982")
]
CaseName = Annotated[
    str,
    Form(
        CASE_PATTERN,
        "import-name-implausible",
        "1 to 100 characters that can be seen, no space at either end",
        characters_max=CASE_CHARACTERS_MAX,
    ),
]
ImportName = Annotated[
    str,
    Form(
        r"[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,99}",
        "import-name-implausible",
        "1 to 100 letters, digits or . _ : / - and space, a letter or digit first",
    ),
]
