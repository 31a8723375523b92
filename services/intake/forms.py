"""The forms that texts of a filing must have, each with a code and a sentence that help who mistyped. Never repeats what was typed."""

from __future__ import annotations

import re
import unicodedata
from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, GetCoreSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from contracts.intake import CASE_CHARACTERS_MAX, CASE_PATTERN


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
Mobile = Annotated[
    str,
    Form(
        r"0[35789][0-9]{8}",
        "phone-implausible",
        "a mobile number has 10 digits and begins with 03, 05, 07, 08 or 09",
    ),
]
Email = Annotated[
    str,
    Form(
        r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+",
        "email-implausible",
        "an e-mail address looks like name@example.vn",
        characters_max=254,
    ),
]
PersonName = Annotated[
    str,
    Form(
        r"[^\W\d_][^\x00-\x1f\x7f-\x9f\u2028\u2029]*",
        "name-implausible",
        "a name has 1 to 200 characters and begins with a letter",
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
    AfterValidator(partial(unicodedata.normalize, "NFC")),
]
ImportName = Annotated[
    str,
    Form(
        r"[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,99}",
        "import-name-implausible",
        "1 to 100 letters, digits or . _ : / - and space, a letter or digit first",
    ),
]
