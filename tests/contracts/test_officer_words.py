"""How an officer's words must be to go into official mail."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.officer_words import WORDS_CHARACTERS_MAX, Words, kept

READ: TypeAdapter[str] = TypeAdapter(Words)


@pytest.mark.parametrize(
    "text",
    [
        "Vào https://nop-phi.example để nộp",
        "xem dichvu.vn",
        "www.lua-dao",
        "gửi về a@b",
        "ftp://x",
        "Hồ sơ thiếu.Com",
    ],
)
def test_words_hold_no_address_and_no_drawn_line(text: str) -> None:
    with pytest.raises(ValidationError, match="words hold no address"):
        READ.validate_python(text)
    assert "-----" not in kept("Thiếu:\n" + "-" * 40 + "\nbản vẽ")


def test_words_of_an_office_are_words() -> None:
    said = "1. Bản vẽ tầng 2 thiếu chữ ký (Điều 95 Luật Xây dựng).\n2. TP.HCM, NĐ 15/2021/NĐ-CP: 50% < 3,5 m\n\n“Bổ sung”"
    assert READ.validate_python(said) == said


def test_words_are_kept_the_same_however_their_lines_end() -> None:
    assert kept("  a \t\r\nb  \n\n\n\nc\n ") == "a\nb\n\nc"
    assert kept(kept("a\r\n\r\n\r\nb")) == kept("a\r\n\r\n\r\nb")


@pytest.mark.parametrize("text", ["", " \n ", "a" * (WORDS_CHARACTERS_MAX + 1), 5])
def test_words_have_a_length(text: object) -> None:
    with pytest.raises(ValidationError):
        READ.validate_python(text, strict=True)
